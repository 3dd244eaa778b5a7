/**
 * Log records, by hour, tenant and time: what is asked of them is the newest of a time range. docs/adr/0004-log-records.md says why, with the
 * figures.
 */

import type { Migration } from './migration.ts'

/**
 * A record has no id of its own: it is what it says. Sent again, it is the same record; said twice in one request, `repeat` tells the two apart.
 * The time is left out where it is ours.
 */
const identity = `cityHash64(tenant, if(time_source = 2, 0, time), observed, severity, severity_text, body_type, body, event_name, trace_id, span_id,
  flags, attributes, dropped_attributes, resource, scope, repeat)`

export const logs: Migration = {
  version: 4,
  name: 'logs',
  statements: (schema) =>
    schema.table({
      name: 'logs',
      columns: `
        tenant LowCardinality(String) CODEC(ZSTD(1)),
        time UInt64 CODEC(Delta, ZSTD(1)),
        time_source UInt8 CODEC(ZSTD(1)),
        observed UInt64 CODEC(Delta, ZSTD(1)),
        trace_id FixedString(16) CODEC(ZSTD(1)),
        span_id FixedString(8) CODEC(ZSTD(1)),
        severity Int32 CODEC(ZSTD(1)),
        severity_text LowCardinality(String) CODEC(ZSTD(1)),
        body String CODEC(ZSTD(1)),
        body_type LowCardinality(String) CODEC(ZSTD(1)),
        event_name LowCardinality(String) CODEC(ZSTD(1)),
        attributes Array(LowCardinality(String)) CODEC(ZSTD(1)),
        dropped_attributes UInt32 CODEC(ZSTD(1)),
        resource LowCardinality(String) CODEC(ZSTD(1)),
        scope LowCardinality(String) CODEC(ZSTD(1)),
        flags UInt32 CODEC(ZSTD(1)),
        service LowCardinality(String) CODEC(ZSTD(1)),
        user LowCardinality(String) CODEC(ZSTD(1)),
        repeat UInt32 CODEC(ZSTD(1)),
        received DateTime('UTC') CODEC(ZSTD(1)),
        id UInt64 MATERIALIZED ${identity} CODEC(NONE),
        INDEX time_range time TYPE minmax GRANULARITY 1,
        INDEX trace_ids trace_id TYPE bloom_filter(0.001) GRANULARITY 1,
        INDEX body_words lower(body) TYPE tokenbf_v1(32768, 3, 0) GRANULARITY 1`,
      engine: 'MergeTree',
      clauses: `
        PARTITION BY toDate(received)
        PRIMARY KEY (intDiv(time, 3600000000000), tenant, intDiv(time, 60000000000))
        ORDER BY (intDiv(time, 3600000000000), tenant, intDiv(time, 60000000000), time)
        SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, max_bytes_to_merge_at_max_space_in_pool = 1073741824`,
      // A record that is sent again lies beside itself.
      shardBy: 'cityHash64(trace_id, observed, body)',
    }),
}
