/**
 * Which resources there are: a small table, filled as spans arrive. A search for an attribute asks it first, and looks at the resources of spans only if one has
 * the attribute. docs/adr/0009-searches-that-stop.md says why.
 */

import type { SchemaDialect } from './dialect.ts'
import type { Migration } from './migration.ts'

/** Each server of a cluster copies its own rows, to where its view puts those that arrive. */
const copying = `SETTINGS max_insert_threads = 1, max_threads = 1, max_partitions_per_insert_block = 0, parallel_distributed_insert_select = 2`

/** Without tenants, as each has most resources: a tenant's reader goes by its own spans. */
export const resources: Migration = {
  version: 7,
  name: 'resources',
  statements: (schema: SchemaDialect) => [
    ...schema.table({
      name: 'resources',
      columns: `
        resource String CODEC(ZSTD(1)),
        received SimpleAggregateFunction(max, DateTime('UTC')) CODEC(ZSTD(1))`,
      engine: 'AggregatingMergeTree',
      clauses: `
        PARTITION BY toDate(received)
        ORDER BY resource
        SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`,
      shardBy: 'cityHash64(resource)',
    }),
    // Before the copy, so that no span that arrives meanwhile is missed: what is written twice is the same row.
    ...schema.view({
      name: 'resources_of_spans',
      from: 'spans',
      to: 'resources',
      select: (from) => `SELECT resource, max(received) AS received FROM ${from} GROUP BY resource`,
    }),
    // By day, as a row's time is that of its partition.
    `INSERT INTO resources (resource, received)
     SELECT resource, max(received) AS latest FROM spans GROUP BY resource, toDate(received) ${copying}`,
  ],
}
