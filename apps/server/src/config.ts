/**
 * The server's settings. This module alone reads the environment (except `OTEL_*`, which belong to `OtelConfig`), so that
 * everything below `main.ts` takes values and can be built twice in one process with different ones.
 */
import { isIP } from 'node:net'
import path from 'node:path'
import { MAX_DEMO_TENANTS } from './demo/demo-data.ts'
import { StartupError } from './errors.ts'
import { DEFAULT_STREAM, type NatsSettings } from './events/nats/nats-settings.ts'
import type { WebhookSettings } from './events/webhook.ts'

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export const LOG_FORMATS = ['json', 'pretty'] as const

export const WORKERS = ['internal', 'external'] as const

export type LogLevel = (typeof LOG_LEVELS)[number]
export type LogFormat = (typeof LOG_FORMATS)[number]

export interface Config {
  readonly production: boolean
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  /** Absolute; the server's own part of RUSTOK_DATA_DIR. Undefined, which no variable gives, keeps everything in memory. */
  readonly dataDir: string | undefined
  /** What a database in memory starts from; no variable gives it, either. */
  readonly emptyCluster?: Blob
  /** A Postgres server; without it, PGlite in `dataDir`. */
  readonly databaseUrl: string | undefined
  /** The login that owns the tables, for migrations; without it, that of `databaseUrl`. */
  readonly databaseOwnerUrl: string | undefined
  /** Connections to the Postgres server at most. */
  readonly databasePoolSize: number
  /** After which a Postgres server cancels a statement. */
  readonly databaseTimeoutMs: number
  /** Addresses or networks of proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[]
  readonly logLevel: LogLevel
  readonly logFormat: LogFormat
  /** Seed the demo tenants and hand out tokens for their users. */
  readonly demo: boolean
  /** How many of them. */
  readonly demoTenants: number
  /** Signs tokens with HS256, in place of keys from a directory. */
  readonly jwtSecret: string | undefined
  /** Absolute: where the token keys are, and the first start makes one. Undefined when there is a secret, or nothing on disk. */
  readonly jwtKeys: string | undefined
  /** Who moves and handles events: the process that serves, or workers beside it. */
  readonly workers: (typeof WORKERS)[number]
  /** Of a worker, for its health and metrics. */
  readonly workerPort: number
  /** The bus between outbox and handlers; without it, the database. */
  readonly nats: NatsSettings | undefined
  /** Told of orders; without it, nobody is. */
  readonly webhook: WebhookSettings | undefined
}

/** RFC 7518 section 3.2: a key of at least the hash's size for HS256. */
const MIN_SECRET_BYTES = 32

/** Empty equals unset, as in the OpenTelemetry variables beside these. Throws StartupError on the first bad value. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const read = (name: string): string | undefined => env[name]?.trim() || undefined
  const production = read('NODE_ENV') === 'production'
  const dataDir = path.resolve(read('RUSTOK_DATA_DIR') ?? '.rustok', 'server')
  const jwtSecret = secret('RUSTOK_JWT_SECRET', read('RUSTOK_JWT_SECRET'))
  return {
    production,
    host: read('HOST') ?? '127.0.0.1',
    port: port('PORT', read('PORT') ?? '5150'),
    dataDir,
    databaseUrl: databaseUrl('DATABASE_URL', read('DATABASE_URL')),
    databaseOwnerUrl: databaseUrl('DATABASE_OWNER_URL', read('DATABASE_OWNER_URL')),
    databasePoolSize: integer('DATABASE_POOL_SIZE', read('DATABASE_POOL_SIZE') ?? '10', 1, 1_000),
    databaseTimeoutMs: integer('DATABASE_TIMEOUT_MS', read('DATABASE_TIMEOUT_MS') ?? '10000', 10, 600_000),
    trustedProxies: networks('RUSTOK_TRUSTED_PROXIES', read('RUSTOK_TRUSTED_PROXIES')),
    logLevel: oneOf('RUSTOK_LOG_LEVEL', read('RUSTOK_LOG_LEVEL') ?? 'info', LOG_LEVELS),
    logFormat: oneOf('RUSTOK_LOG_FORMAT', read('RUSTOK_LOG_FORMAT') ?? 'json', LOG_FORMATS),
    demo: boolean('RUSTOK_DEMO', read('RUSTOK_DEMO') ?? String(!production)),
    demoTenants: integer('RUSTOK_DEMO_TENANTS', read('RUSTOK_DEMO_TENANTS') ?? '2', 1, MAX_DEMO_TENANTS),
    jwtSecret,
    jwtKeys: keyDirectory('RUSTOK_JWT_KEYS', read('RUSTOK_JWT_KEYS'), dataDir, jwtSecret),
    workers: oneOf('RUSTOK_WORKERS', read('RUSTOK_WORKERS') ?? 'internal', WORKERS),
    workerPort: port('RUSTOK_WORKER_PORT', read('RUSTOK_WORKER_PORT') ?? '5151'),
    nats: nats(read),
    webhook: webhook(read),
  }
}

function port(name: string, value: string): number {
  if (!/^\d{1,5}$/.test(value) || Number(value) > 65_535) {
    throw new StartupError(name, `"${value}" is not a port (0 to 65535)`)
  }
  return Number(value)
}

function integer(name: string, value: string, min: number, max: number): number {
  if (!/^\d{1,9}$/.test(value) || Number(value) < min || Number(value) > max) {
    throw new StartupError(name, `"${value}" is not a number from ${min} to ${max}`)
  }
  return Number(value)
}

function networks(name: string, value = ''): readonly string[] {
  const entries = value.split(',').map((entry) => entry.trim())
  const wrong = entries.find((entry) => entry !== '' && !isNetwork(entry))
  if (wrong !== undefined)
    throw new StartupError(name, `"${wrong}" is no IP address and no network (10.0.0.0/8)`)
  return entries.filter((entry) => entry !== '')
}

function isNetwork(text: string): boolean {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const version = isIP(address)
  return version !== 0 && (bits === undefined || Number(bits) <= (version === 4 ? 32 : 128))
}

function boolean(name: string, value: string): boolean {
  const lower = value.toLowerCase()
  if (lower !== 'true' && lower !== 'false')
    throw new StartupError(name, `"${value}" is neither true nor false`)
  return lower === 'true'
}

function oneOf<const T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value.toLowerCase())
  if (found === undefined) throw new StartupError(name, `"${value}" is not one of ${allowed.join(', ')}`)
  return found
}

/** The value may hold a password, so the message shows no more of it than its scheme. */
function databaseUrl(name: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (url?.protocol === 'postgres:' || url?.protocol === 'postgresql:') return value
  const shown = url === undefined ? 'its value is not a URL' : `"${url.protocol}//" is not a Postgres URL`
  throw new StartupError(name, `${shown} (postgres://user:password@host:port/database)`)
}

function secret(name: string, value: string | undefined): string | undefined {
  const bytes = Buffer.byteLength(value ?? '')
  if (value !== undefined && bytes < MIN_SECRET_BYTES) {
    throw new StartupError(name, `${bytes} bytes are too few, HS256 needs at least ${MIN_SECRET_BYTES}`)
  }
  return value
}

function keyDirectory(
  name: string,
  value: string | undefined,
  dataDir: string,
  jwtSecret: string | undefined,
): string | undefined {
  if (jwtSecret === undefined) return value === undefined ? path.join(dataDir, 'keys') : path.resolve(value)
  if (value !== undefined)
    throw new StartupError(name, 'RUSTOK_JWT_SECRET is set as well: unset one of the two')
  return undefined
}

type Read = (name: string) => string | undefined

function nats(read: Read): NatsSettings | undefined {
  const url = read('NATS_URL')
  if (url === undefined) return undefined
  for (const part of url.split(',')) {
    const parsed = URL.canParse(part.trim()) ? new URL(part.trim()) : undefined
    if (parsed?.hostname && (parsed.protocol === 'nats:' || parsed.protocol === 'tls:')) continue
    throw new StartupError('NATS_URL', 'its value is not a NATS URL (nats://user:password@host:port)')
  }
  const stream = read('NATS_STREAM') ?? DEFAULT_STREAM
  // It is a word of subjects, and a directory's name at the server.
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(stream)) {
    throw new StartupError('NATS_STREAM', `"${stream}" is not a name of letters, digits, _ and -`)
  }
  const certificate = read('NATS_CERT')
  const key = read('NATS_KEY')
  if ((certificate === undefined) !== (key === undefined)) {
    throw new StartupError(key === undefined ? 'NATS_KEY' : 'NATS_CERT', 'NATS_CERT and NATS_KEY go together')
  }
  return { url, credentials: read('NATS_CREDS'), ca: read('NATS_CA'), certificate, key, stream }
}

function webhook(read: Read): WebhookSettings | undefined {
  const url = read('RUSTOK_WEBHOOK_URL')
  if (url === undefined) return undefined
  const example = url.replaceAll('{tenant}', 'tenant')
  const parsed = URL.canParse(example) ? new URL(example) : undefined
  if (parsed?.protocol !== 'http:' && parsed?.protocol !== 'https:') {
    throw new StartupError('RUSTOK_WEBHOOK_URL', 'its value is not an http or https URL')
  }
  const secretName = 'RUSTOK_WEBHOOK_SECRET'
  const secret = read(secretName)
  const bytes = Buffer.byteLength(secret ?? '')
  if (secret === undefined || bytes < MIN_SECRET_BYTES) {
    throw new StartupError(secretName, `signing needs at least ${MIN_SECRET_BYTES} bytes, it has ${bytes}`)
  }
  return { url, secret }
}
