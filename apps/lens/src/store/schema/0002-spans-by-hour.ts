/**
 * Spans at two thirds of their size and in an order that ranges of time are cut out of: by hour, then tenant and status; and traces by tenant.
 * docs/adr/0005-spans-by-hour.md says why. A store of the first schema is copied before Lens opens its ports.
 */

import { byTrace, type SchemaDialect } from './dialect.ts'
import type { Migration } from './migration.ts'

/** The defaults gather a million rows before they write any. Parts of as many days as there are come at once. */
const copying = `SETTINGS max_insert_threads = 1, max_threads = 1, min_insert_block_size_rows = 100000,
  min_insert_block_size_bytes = 67108864, max_partitions_per_insert_block = 0`

/** Some 18 million spans: merging them once more would gain little, and retention by size drops whole parts. */
const largestPart = 1024 ** 3

const names = `tenant, trace_id, span_id, parent_span_id, start, duration, user, service, name, kind, status, status_message,
  trace_state, flags, resource, scope, attributes, dropped_attributes, events, dropped_events, links, dropped_links, received`

function spansTable(schema: SchemaDialect, name: string): readonly string[] {
  return schema.table({
    name,
    columns: `
      tenant LowCardinality(String) CODEC(ZSTD(1)),
      trace_id FixedString(16) CODEC(ZSTD(1)),
      span_id FixedString(8) CODEC(NONE),
      parent_span_id FixedString(8) CODEC(ZSTD(1)),
      start UInt64 CODEC(Delta, ZSTD(1)),
      duration Int64 CODEC(T64, ZSTD(1)),
      user LowCardinality(String) CODEC(ZSTD(1)),
      service LowCardinality(String) CODEC(ZSTD(1)),
      name LowCardinality(String) CODEC(ZSTD(1)),
      kind Int32 CODEC(ZSTD(1)),
      status Int32 CODEC(ZSTD(1)),
      status_message String CODEC(ZSTD(1)),
      trace_state String CODEC(ZSTD(1)),
      flags UInt32 CODEC(ZSTD(1)),
      resource LowCardinality(String) CODEC(ZSTD(1)),
      scope LowCardinality(String) CODEC(ZSTD(1)),
      attributes Array(LowCardinality(String)) CODEC(ZSTD(1)),
      dropped_attributes UInt32 CODEC(ZSTD(1)),
      events Array(Array(String)) CODEC(ZSTD(1)),
      dropped_events UInt32 CODEC(ZSTD(1)),
      links Array(Array(String)) CODEC(ZSTD(1)),
      dropped_links UInt32 CODEC(ZSTD(1)),
      received DateTime('UTC') CODEC(ZSTD(1)),
      INDEX start_range start TYPE minmax GRANULARITY 1,
      INDEX attribute_tokens attributes TYPE text(tokenizer = 'array', posting_list_codec = 'bitpacking'),
      INDEX event_tokens arrayFlatten(events) TYPE text(tokenizer = 'array', posting_list_codec = 'bitpacking')`,
    engine: 'MergeTree',
    clauses: `
      PARTITION BY toDate(received)
      PRIMARY KEY (intDiv(start, 3600000000000), tenant, status, intDiv(start, 60000000000), trace_id)
      ORDER BY (intDiv(start, 3600000000000), tenant, status, intDiv(start, 60000000000), trace_id, start, span_id)
      SETTINGS index_granularity = 2048, fsync_after_insert = 1, fsync_part_directory = 1, max_bytes_to_merge_at_max_space_in_pool = ${largestPart}`,
    shardBy: byTrace,
  })
}

export const spansByHour: Migration = {
  version: 2,
  name: 'spans by hour',
  statements: (schema) => [
    ...schema.dropView('traces_of_spans'),
    // What an attempt that was cut short left: a part of the copy, or the table that it had replaced already.
    ...schema.dropTable('spans_2'),
    ...spansTable(schema, 'spans_2'),
    `INSERT INTO spans_2 (${names}) SELECT ${names} FROM spans ${copying}`,
    ...schema.exchange('spans', 'spans_2', byTrace),
    ...schema.dropTable('spans_2'),

    ...schema.dropTable('traces'),
    ...schema.table({
      name: 'traces',
      columns: `
        trace_id FixedString(16) CODEC(ZSTD(1)),
        tenant LowCardinality(String) CODEC(ZSTD(1)),
        received SimpleAggregateFunction(max, DateTime('UTC')) CODEC(ZSTD(1)),
        first_start SimpleAggregateFunction(min, UInt64) CODEC(ZSTD(1)),
        last_start SimpleAggregateFunction(max, UInt64) CODEC(ZSTD(1))`,
      engine: 'AggregatingMergeTree',
      clauses: `
        PARTITION BY toDate(received)
        ORDER BY (trace_id, tenant)
        SETTINGS index_granularity = 512, fsync_after_insert = 1, fsync_part_directory = 1, max_bytes_to_merge_at_max_space_in_pool = ${largestPart}`,
      shardBy: byTrace,
    }),
    `INSERT INTO traces (trace_id, tenant, received, first_start, last_start)
     SELECT trace_id, tenant, received, start, start FROM spans ${copying}`,
    ...schema.view({
      name: 'traces_of_spans',
      from: 'spans',
      to: 'traces',
      select: (from) =>
        `SELECT trace_id, tenant, max(received) AS received, min(start) AS first_start, max(start) AS last_start
         FROM ${from} GROUP BY trace_id, tenant`,
    }),
  ],
}
