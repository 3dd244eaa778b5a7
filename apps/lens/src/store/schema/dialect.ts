/**
 * How the schema is said to one engine and to a cluster. Migrations describe tables and views once; a dialect turns them into statements, so that
 * what queries name (`spans`) is a table of the embedded engine, or of one server, and a Distributed table over all shards of a cluster.
 */

export interface TableDefinition {
  readonly name: string
  /** What stands between the parentheses of CREATE TABLE: columns, indexes, projections. */
  readonly columns: string
  /** One of the MergeTree family, with its arguments: `ReplacingMergeTree`, `ReplacingMergeTree(version)`. */
  readonly engine: string
  /** What follows the engine: PARTITION BY, ORDER BY, SETTINGS. */
  readonly clauses: string
  /**
   * Which shard a row lies on: an integer expression of its columns. What queries group by must lie on one shard, so that a shard's own `LIMIT 1 BY`
   * is the whole truth: `byTrace` for whatever has a trace id.
   */
  readonly shardBy: string
}

/** A small table of which every server of a store has all rows. */
export interface SharedTableDefinition {
  readonly name: string
  readonly columns: string
  readonly orderBy: string
}

export interface ViewDefinition {
  readonly name: string
  /** The table that it reads as rows arrive, and the one that it fills. On a cluster each shard does so with its own rows. */
  readonly from: string
  readonly to: string
  /** `from` is the name to read. */
  readonly select: (from: string) => string
}

export interface SchemaDialect {
  /** CREATE DATABASE IF NOT EXISTS, by the parameter `{database:Identifier}`. */
  readonly createDatabase: string
  /** CREATE TABLE IF NOT EXISTS. */
  table(definition: TableDefinition): readonly string[]
  /** CREATE TABLE IF NOT EXISTS. What is inserted with a token that was there already is not inserted: see migration-turn.ts. */
  sharedTable(definition: SharedTableDefinition): readonly string[]
  /** CREATE MATERIALIZED VIEW IF NOT EXISTS. */
  view(definition: ViewDefinition): readonly string[]
  /** ALTER TABLE by ADD, DROP, RENAME, MODIFY or COMMENT COLUMN: of what is stored and of what is asked. */
  alterColumns(table: string, action: string): readonly string[]
  /** ALTER TABLE by what concerns storage alone: indexes, settings, partitions, projections, columns' values. */
  alterStorage(table: string, action: string): readonly string[]
  /** DROP TABLE IF EXISTS, without the grace period, so that its name can be used at once. */
  dropTable(table: string): readonly string[]
  dropView(view: string): readonly string[]
  /** Two tables take each other's name, at once: for a new form of a table whose rows were copied. `shardBy` is that of both. */
  exchange(table: string, other: string, shardBy: string): readonly string[]
  /** The table that holds rows: what `system.parts` calls it. */
  stored(table: string): string
  /** A table of `system`, of every server that holds a part of the store: for FROM. */
  everywhere(systemTable: string): string
}

/** A trace's rows lie on one shard. */
export const byTrace = 'cityHash64(trace_id)'

/** Of the embedded engine, and of a single server. */
export const singleServer: SchemaDialect = {
  createDatabase: 'CREATE DATABASE IF NOT EXISTS {database:Identifier}',
  table: ({ name, columns, engine, clauses }) => [
    `CREATE TABLE IF NOT EXISTS ${name} (${columns}) ENGINE = ${engine} ${clauses}`,
  ],
  sharedTable: ({ name, columns, orderBy }) => [
    `CREATE TABLE IF NOT EXISTS ${name} (${columns}) ENGINE = MergeTree ORDER BY ${orderBy}
     SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000`,
  ],
  view: ({ name, from, to, select }) => [
    `CREATE MATERIALIZED VIEW IF NOT EXISTS ${name} TO ${to} AS ${select(from)}`,
  ],
  alterColumns: (table, action) => [`ALTER TABLE ${table} ${action}`],
  alterStorage: (table, action) => [`ALTER TABLE ${table} ${action}`],
  dropTable: (table) => [`DROP TABLE IF EXISTS ${table} SYNC`],
  dropView: (view) => [`DROP VIEW IF EXISTS ${view} SYNC`],
  exchange: (table, other) => [`EXCHANGE TABLES ${table} AND ${other}`],
  stored: (table) => table,
  everywhere: (systemTable) => `system.${systemTable}`,
}

/**
 * Of a cluster by its name in the servers' `remote_servers`. Rows lie in `NAME_local`, replicated within each shard, by the path and name that the
 * servers' `default_replica_path` and `default_replica_name` say; `NAME` is Distributed over them.
 */
export function clusterOf(cluster: string): SchemaDialect {
  const on = `ON CLUSTER ${quoteIdentifier(cluster)}`
  const local = (table: string) => `${table}_local`
  const distributed = (name: string, shardBy: string) =>
    `CREATE TABLE IF NOT EXISTS ${name} ${on} AS ${local(name)}
     ENGINE = Distributed(${quoteText(cluster)}, currentDatabase(), ${quoteText(local(name))}, ${shardBy})`
  return {
    createDatabase: `CREATE DATABASE IF NOT EXISTS {database:Identifier} ${on}`,
    table: ({ name, columns, engine, clauses, shardBy }) => [
      `CREATE TABLE IF NOT EXISTS ${local(name)} ${on} (${columns}) ENGINE = Replicated${engine} ${clauses}`,
      distributed(name, shardBy),
    ],
    // One table for all shards: its path does not name the shard, so each server is a replica of it.
    sharedTable: ({ name, columns, orderBy }) => [
      `CREATE TABLE IF NOT EXISTS ${name} ${on} (${columns})
       ENGINE = ReplicatedMergeTree('/clickhouse/tables/{uuid}/all', '{shard}-{replica}') ORDER BY ${orderBy}
       SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 31536000`,
    ],
    view: ({ name, from, to, select }) => [
      `CREATE MATERIALIZED VIEW IF NOT EXISTS ${name} ${on} TO ${local(to)} AS ${select(local(from))}`,
    ],
    alterColumns: (table, action) => [
      `ALTER TABLE ${local(table)} ${on} ${action}`,
      `ALTER TABLE ${table} ${on} ${action}`,
    ],
    alterStorage: (table, action) => [`ALTER TABLE ${local(table)} ${on} ${action}`],
    dropTable: (table) => [
      `DROP TABLE IF EXISTS ${table} ${on} SYNC`,
      `DROP TABLE IF EXISTS ${local(table)} ${on} SYNC`,
    ],
    dropView: (view) => [`DROP VIEW IF EXISTS ${view} ${on} SYNC`],
    // A Distributed table has the columns of its rows' table at the time when it was made.
    exchange: (table, other, shardBy) => [
      `EXCHANGE TABLES ${local(table)} AND ${local(other)} ${on}`,
      ...[table, other].flatMap((name) => [
        `DROP TABLE IF EXISTS ${name} ${on} SYNC`,
        distributed(name, shardBy),
      ]),
    ],
    stored: local,
    everywhere: (systemTable) => `clusterAllReplicas(${quoteText(cluster)}, system.${systemTable})`,
  }
}

/** Of a name that the configuration gives; names of tables are ours and need no quotes. */
function quoteIdentifier(name: string): string {
  return `\`${name.replace(/[\\`]/g, '\\$&')}\``
}

function quoteText(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}
