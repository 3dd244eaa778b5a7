/** Which ClickHouse to use, and as whom: what the configuration says of it, taken apart. `openStore` reads it once. */

import { readFileSync } from 'node:fs'
import { StartupError } from '../../startup-error.ts'

/** As the settings of the same names say. */
export interface ServerSettings {
  readonly clickhouseUrl: URL
  readonly clickhouseUser?: string | undefined
  readonly clickhousePassword?: string | undefined
  readonly clickhouseCa?: string | undefined
  readonly clickhouseCluster?: string | undefined
  readonly clickhouseQuorum?: Quorum | undefined
}

/** Replicas of a shard that have an insert before it counts as stored. */
export type Quorum = number | 'auto'

export interface ServerOptions {
  /** Scheme, host and port, and nothing secret. */
  readonly origin: string
  readonly database: string
  readonly user: string
  readonly password: string
  /** Certificates that servers' certificates may be signed by, in PEM, instead of the system's. */
  readonly ca: Buffer | undefined
  /** As the servers' `remote_servers` call it. */
  readonly cluster: string | undefined
  readonly quorum: Quorum
}

const defaultDatabase = 'lens'

/** A user and password of their own variables win over those in the URL. Throws StartupError for what cannot be read. */
export function serverOptions(settings: ServerSettings): ServerOptions {
  const { clickhouseUrl: url, clickhouseCa, clickhouseCluster, clickhouseQuorum } = settings
  return {
    origin: url.origin,
    database: decoded(url.pathname.slice(1)) || defaultDatabase,
    user: settings.clickhouseUser || decoded(url.username) || 'default',
    password: settings.clickhousePassword || decoded(url.password),
    ca: clickhouseCa === undefined ? undefined : certificates(clickhouseCa),
    cluster: clickhouseCluster,
    quorum: clickhouseQuorum ?? 1,
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new StartupError(`LENS_CLICKHOUSE_URL has a % that is followed by no two hexadecimal digits`)
  }
}

function certificates(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new StartupError(`LENS_CLICKHOUSE_CA ${file} cannot be read (${reason})`)
  }
}
