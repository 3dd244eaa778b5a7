/** Calls between services, derived from spans by src/calls, and how far that has come. docs/adr/0007-calls-between-services.md says why. */

import type { Migration } from './migration.ts'

export const calls: Migration = {
  version: 3,
  name: 'calls between services',
  statements: (schema) => [
    // A row a call: a span whose parent is of another service. Counting the same one again makes the same row.
    ...schema.table({
      name: 'calls',
      columns: `
        tenant LowCardinality(String) CODEC(ZSTD(1)),
        edge LowCardinality(String) CODEC(ZSTD(1)),
        start UInt64 CODEC(Delta, ZSTD(1)),
        call UInt64 CODEC(NONE),
        failed UInt8 CODEC(ZSTD(1)),
        received DateTime('UTC') CODEC(ZSTD(1))`,
      engine: 'ReplacingMergeTree',
      clauses: `
        PARTITION BY toDate(received)
        ORDER BY (intDiv(start, 3600000000000), tenant, edge, call)`,
      shardBy: 'call',
    }),

    // Seconds of arrival whose spans were looked at, and how many there were: a second with more spans by now is looked at again.
    ...schema.table({
      name: 'counted_seconds',
      columns: `
        received DateTime('UTC') CODEC(Delta, ZSTD(1)),
        spans UInt64 CODEC(ZSTD(1))`,
      engine: 'ReplacingMergeTree(spans)',
      clauses: `
        PARTITION BY toDate(received)
        ORDER BY received`,
      shardBy: 'toUnixTimestamp(received)',
    }),
  ],
}
