/**
 * Two small tables beside `spans`, filled as rows arrive: what services were asked to do, for their rates, errors and durations; and which operations there
 * are. docs/adr/0008-entries-and-operations.md says why, with the figures.
 */

import type { SchemaDialect } from './dialect.ts'
import type { Migration } from './migration.ts'

/** Each server of a cluster copies its own rows, to where its view puts those that arrive. */
const copying = `SETTINGS max_insert_threads = 1, max_threads = 1, min_insert_block_size_rows = 250000, min_insert_block_size_bytes = 67108864,
  max_partitions_per_insert_block = 0, parallel_distributed_insert_select = 2`

const durable = 'SETTINGS fsync_after_insert = 1, fsync_part_directory = 1'

/**
 * Spans of servers and consumers, and those without a parent. A row's identity ends with a hash of its ids, of 32 bits, as besides it the service, the start to the
 * nanosecond and the tenant must be the same; that one tenant's span cannot replace another's.
 */
function entriesOf(spans: string): string {
  return `SELECT tenant, service, name, kind, start, duration, status = 2 AS failed, toUInt32(cityHash64(trace_id, span_id)) AS span, received
    FROM ${spans} WHERE kind IN (2, 5) OR parent_span_id = toFixedString('', 8)`
}

/** Without tenants, of which each has hundreds: with them, it took six times as long and every third span was a row. */
function operationsOf(spans: string): string {
  return `SELECT service, name, kind, max(received) AS received FROM ${spans} GROUP BY service, name, kind`
}

export const entries: Migration = {
  version: 5,
  name: 'entries and operations',
  statements: (schema: SchemaDialect) => [
    // With the start in the primary key, the engine would look for a range of time there alone, in every hour.
    ...schema.table({
      name: 'entries',
      columns: `
        tenant LowCardinality(String) CODEC(ZSTD(1)),
        service LowCardinality(String) CODEC(ZSTD(1)),
        name LowCardinality(String) CODEC(ZSTD(1)),
        kind Int32 CODEC(ZSTD(1)),
        start UInt64 CODEC(Delta, ZSTD(1)),
        duration Int64 CODEC(T64, ZSTD(1)),
        failed UInt8 CODEC(ZSTD(1)),
        span UInt32 CODEC(NONE),
        received DateTime('UTC') CODEC(ZSTD(1))`,
      engine: 'ReplacingMergeTree',
      clauses: `
        PARTITION BY toDate(received)
        PRIMARY KEY (intDiv(start, 3600000000000), service)
        ORDER BY (intDiv(start, 3600000000000), service, start, span, tenant)
        ${durable}, index_granularity = 2048`,
      shardBy: 'span',
    }),
    ...schema.table({
      name: 'operations',
      columns: `
        service LowCardinality(String) CODEC(ZSTD(1)),
        name LowCardinality(String) CODEC(ZSTD(1)),
        kind Int32 CODEC(ZSTD(1)),
        received SimpleAggregateFunction(max, DateTime('UTC')) CODEC(ZSTD(1))`,
      engine: 'AggregatingMergeTree',
      clauses: `
        PARTITION BY toDate(received)
        ORDER BY (service, name, kind)
        ${durable}`,
      shardBy: 'cityHash64(service)',
    }),
    // Before the copies, so that no span that arrives meanwhile is missed: what is written twice is the same row.
    ...schema.view({ name: 'entries_of_spans', from: 'spans', to: 'entries', select: entriesOf }),
    ...schema.view({ name: 'operations_of_spans', from: 'spans', to: 'operations', select: operationsOf }),
    `INSERT INTO entries (tenant, service, name, kind, start, duration, failed, span, received)
     ${entriesOf('spans')} ${copying}`,
    // By day, as a row's time is that of its partition.
    `INSERT INTO operations (service, name, kind, received)
     SELECT service, name, kind, max(received) AS latest FROM spans GROUP BY service, name, kind, toDate(received) ${copying}`,
  ],
}
