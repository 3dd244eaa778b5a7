/** What must hold of a ClickHouse before anything is written to it. Asked once at start. */

import { StartupError } from '../../startup-error.ts'
import type { StoreEngine } from '../engine.ts'
import type { ServerOptions } from './server-options.ts'

/** The first whose `text` index is as the schema needs it, and the one that the embedded engine is. */
const oldest = { major: 26, minor: 7 }

/** Throws StartupError. */
export async function checkServer(engine: StoreEngine, options: ServerOptions): Promise<void> {
  const refuse = (reason: string) =>
    new StartupError(`LENS_CLICKHOUSE_URL ${options.origin} cannot be used: ${reason}`)
  const version = await versionOf(engine, 'SELECT version() AS version, hostName() AS host', {})
  if (version === undefined) throw refuse('what answers there is no ClickHouse')
  if (isOlder(version)) throw refuse(tooOld(version))

  if (options.cluster === undefined) return
  const { rows: replicas } = await engine.query<Replica>(
    `SELECT shard_num AS shard, count() AS replicas, min(internal_replication) AS replicating
     FROM system.clusters WHERE cluster = {cluster:String} GROUP BY shard_num ORDER BY shard_num`,
    { cluster: options.cluster },
  )
  if (replicas.length === 0) {
    throw refuse(
      `it knows no cluster ${options.cluster}: set LENS_CLICKHOUSE_CLUSTER to one of its remote_servers`,
    )
  }
  const doubled = replicas.find((shard) => Number(shard.replicas) > 1 && shard.replicating === 0)
  if (doubled !== undefined) {
    throw refuse(
      `shard ${doubled.shard} of the cluster ${options.cluster} lacks internal_replication, and would store every span once more for each replica`,
    )
  }
  // The name is the same that the statement before took as a parameter; a table function takes no Identifier.
  const old = await versionOf(
    engine,
    `SELECT version() AS version, hostName() AS host FROM clusterAllReplicas({cluster:String}, system.one)
     ORDER BY arrayMap(part -> toUInt32OrZero(part), splitByChar('.', version())) LIMIT 1`,
    { cluster: options.cluster },
  )
  if (old !== undefined && isOlder(old)) throw refuse(tooOld(old))
}

interface Replica {
  readonly shard: number
  readonly replicas: string
  readonly replicating: number
}

interface Version {
  readonly version: string
  readonly host: string
}

async function versionOf(
  engine: StoreEngine,
  statement: string,
  parameters: Readonly<Record<string, string>>,
): Promise<Version | undefined> {
  const { rows } = await engine.query<Version>(statement, parameters)
  return rows.find(({ version }) => typeof version === 'string')
}

function isOlder({ version }: Version): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major < oldest.major || (major === oldest.major && minor < oldest.minor)
}

function tooOld({ version, host }: Version): string {
  return `the server ${host} is ClickHouse ${version}: Lens needs ${oldest.major}.${oldest.minor} or later`
}
