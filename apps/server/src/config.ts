/**
 * The server's settings. This module and config/ alone read the environment (except `OTEL_*`, which belong to `OtelConfig`), so that
 * everything below `main.ts` takes values and can be built twice in one process with different ones.
 */
import path from 'node:path'
import type { PaymentSettings } from './commerce/payment-provider.ts'
import { readSettings } from './config/read-settings.ts'
import type { LOG_FORMATS, LOG_LEVELS, SettingValues, WORKERS } from './config/settings.ts'
import { StartupError } from './errors.ts'
import type { NatsSettings } from './events/nats/nats-settings.ts'
import type { WebhookSettings } from './events/webhook.ts'

export type LogLevel = (typeof LOG_LEVELS)[number]
export type LogFormat = (typeof LOG_FORMATS)[number]
export type Workers = (typeof WORKERS)[number]

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
  readonly workers: Workers
  /** Of a worker, for its health and metrics. */
  readonly workerPort: number
  /** The bus between outbox and handlers; without it, the database. */
  readonly nats: NatsSettings | undefined
  /** Told of orders; without it, nobody is. */
  readonly webhook: WebhookSettings | undefined
  /** Sends the mail in which there is a token for a new password; without it, the log tells it, in a demo. */
  readonly passwordReset: WebhookSettings | undefined
  /** Who is asked for the payment of orders: somebody, the demo's own provider, or nobody. */
  readonly payments: PaymentSettings | 'demo' | undefined
}

/** Empty equals unset, as in the OpenTelemetry variables beside these. Throws one StartupError for all bad values. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const { values, problems } = readSettings(env)
  const [first, ...others] = problems
  if (first !== undefined) throw StartupError.ofAll(first, others)
  const { jwtSecret, jwtKeys, databaseUrl, databaseOwnerUrl } = values
  return {
    production: values.environment === 'production',
    host: known(values.host),
    port: known(values.port),
    dataDir: path.join(known(values.dataDirectory), 'server'),
    databaseUrl,
    databaseOwnerUrl,
    databasePoolSize: known(values.databasePoolSize),
    databaseTimeoutMs: known(values.databaseTimeoutMs),
    trustedProxies: values.trustedProxies ?? [],
    logLevel: known(values.logLevel),
    logFormat: known(values.logFormat),
    demo: known(values.demo),
    demoTenants: known(values.demoTenants),
    jwtSecret,
    jwtKeys,
    workers: known(values.workers),
    workerPort: known(values.workerPort),
    nats: nats(values),
    webhook: webhook(values.webhookUrl, values),
    passwordReset: webhook(values.resetWebhookUrl, values),
    payments: payments(values),
  }
}

/** A setting with a default has a value once there are no problems. */
function known<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('a setting without a default')
  return value
}

function nats(values: SettingValues): NatsSettings | undefined {
  const { natsUrl: url, natsCredentials: credentials, natsAuthority: ca } = values
  if (url === undefined) return undefined
  const { natsCertificate: certificate, natsKey: key } = values
  return { url, credentials, ca, certificate, key, stream: known(values.natsStream) }
}

function webhook(
  url: string | undefined,
  { webhookSecret: secret }: SettingValues,
): WebhookSettings | undefined {
  return url === undefined ? undefined : { url, secret: known(secret) }
}

function payments({
  paymentUrl: url,
  paymentSecret: secret,
  demo,
}: SettingValues): PaymentSettings | 'demo' | undefined {
  if (url !== undefined) return { url, secret }
  return known(demo) ? 'demo' : undefined
}
