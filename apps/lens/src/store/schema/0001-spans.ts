/** The first schema: spans, and where in time each trace lies. docs/adr/0001-span-schema.md says why it looks as it does. */

import { byTrace } from './dialect.ts'
import type { Migration } from './migration.ts'

export const spans: Migration = {
  version: 1,
  name: 'spans',
  statements: (schema) => [
    ...schema.table({
      name: 'spans',
      columns: `
        tenant LowCardinality(String),
        trace_id FixedString(16),
        span_id FixedString(8),
        parent_span_id FixedString(8),
        start UInt64,
        duration Int64,
        user LowCardinality(String),
        service LowCardinality(String),
        name LowCardinality(String),
        kind Int32,
        status Int32,
        status_message String,
        trace_state String,
        flags UInt32,
        resource LowCardinality(String),
        scope LowCardinality(String),
        attributes Array(String) CODEC(ZSTD(1)),
        dropped_attributes UInt32,
        events Array(Array(String)) CODEC(ZSTD(1)),
        dropped_events UInt32,
        links Array(Array(String)) CODEC(ZSTD(1)),
        dropped_links UInt32,
        received DateTime('UTC'),
        INDEX start_range start TYPE minmax GRANULARITY 1,
        INDEX attribute_tokens attributes TYPE text(tokenizer = 'array'),
        INDEX event_tokens arrayFlatten(events) TYPE text(tokenizer = 'array')`,
      engine: 'ReplacingMergeTree',
      clauses: `
        PARTITION BY toDate(received)
        ORDER BY (tenant, intDiv(start, 60000000000), trace_id, span_id)
        SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`,
      shardBy: byTrace,
    }),

    ...schema.table({
      name: 'traces',
      columns: `
        trace_id FixedString(16),
        received DateTime('UTC'),
        first_start SimpleAggregateFunction(min, UInt64),
        last_start SimpleAggregateFunction(max, UInt64)`,
      engine: 'AggregatingMergeTree',
      clauses: `
        PARTITION BY toDate(received)
        ORDER BY trace_id
        SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`,
      shardBy: byTrace,
    }),

    ...schema.view({
      name: 'traces_of_spans',
      from: 'spans',
      to: 'traces',
      select: (from) =>
        `SELECT trace_id, max(received) AS received, min(start) AS first_start, max(start) AS last_start
         FROM ${from} GROUP BY trace_id`,
    }),
  ],
}
