/**
 * Every setting of the server, once: `config.ts` reads variables by this table, `rustok-server config` prints it, and a test holds README.md's
 * table to it. A new setting is a row here, its field of `Config` and the row in README.md that the test asks for.
 */
import { join } from 'node:path'
import { MAX_DEMO_TENANTS } from '../demo/demo-data.ts'
import { DEFAULT_STREAM } from '../events/nats/nats-settings.ts'
import type { Setting } from './setting.ts'
import {
  boolean,
  integer,
  natsStream,
  natsUrl,
  networks,
  oneOf,
  path,
  port,
  postgresUrl,
  secret,
  text,
  webhookUrl,
} from './values.ts'

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export const LOG_FORMATS = ['json', 'pretty'] as const
export const WORKERS = ['internal', 'external'] as const

export const settings = {
  environment: {
    variable: 'NODE_ENV',
    otherwise: undefined,
    meaning: '`production` turns off GraphiQL, introspection and suggestions',
    parse: text,
  },
  host: { variable: 'HOST', otherwise: '127.0.0.1', meaning: 'address to listen on', parse: text },
  port: { variable: 'PORT', otherwise: '5150', meaning: 'port; 0 lets the system choose', parse: port },
  dataDirectory: {
    variable: 'RUSTOK_DATA_DIR',
    otherwise: '.rustok',
    meaning: 'the server keeps its database, lock and token keys in `server/` below it',
    parse: path,
  },
  databaseUrl: {
    variable: 'DATABASE_URL',
    otherwise: undefined,
    meaning: 'a PostgreSQL server instead of the embedded one',
    secret: 'url',
    parse: postgresUrl,
  },
  databaseOwnerUrl: {
    variable: 'DATABASE_OWNER_URL',
    otherwise: undefined,
    otherwiseWords: '`DATABASE_URL`',
    meaning: 'the login that owns the tables, for migrations',
    secret: 'url',
    parse: postgresUrl,
  },
  databasePoolSize: {
    variable: 'DATABASE_POOL_SIZE',
    otherwise: '10',
    meaning: 'connections to the PostgreSQL server at most',
    parse: integer(1, 1_000),
  },
  databaseTimeoutMs: {
    variable: 'DATABASE_TIMEOUT_MS',
    otherwise: '10000',
    meaning: 'a statement that takes longer is cancelled',
    parse: integer(10, 600_000),
  },
  trustedProxies: {
    variable: 'RUSTOK_TRUSTED_PROXIES',
    otherwise: '',
    otherwiseWords: 'none',
    meaning:
      "addresses and networks, comma-separated, whose `X-Forwarded-For` says where a request came from; all others' is ignored",
    parse: networks,
  },
  logLevel: {
    variable: 'RUSTOK_LOG_LEVEL',
    otherwise: 'info',
    meaning: '`fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`',
    parse: oneOf(LOG_LEVELS),
  },
  logFormat: {
    variable: 'RUSTOK_LOG_FORMAT',
    otherwise: 'json',
    meaning: '`json` or `pretty`',
    parse: oneOf(LOG_FORMATS),
  },
  demo: {
    variable: 'RUSTOK_DEMO',
    otherwise: (given) => String(given('NODE_ENV') !== 'production'),
    otherwiseWords: '`true`, in production `false`',
    meaning: 'seed the demo tenants and hand out tokens for their users',
    parse: boolean,
  },
  demoTenants: {
    variable: 'RUSTOK_DEMO_TENANTS',
    otherwise: '2',
    meaning: `how many demo tenants, 1 to ${MAX_DEMO_TENANTS}`,
    parse: integer(1, MAX_DEMO_TENANTS),
  },
  jwtKeys: {
    variable: 'RUSTOK_JWT_KEYS',
    otherwise: (given) =>
      given('RUSTOK_JWT_SECRET') === undefined
        ? join(given('RUSTOK_DATA_DIR') ?? '.rustok', 'server', 'keys')
        : undefined,
    otherwiseWords: '`keys` in the data directory',
    meaning: 'directory of the Ed25519 keys that sign tokens; the first start makes one',
    parse: path,
  },
  jwtSecret: {
    variable: 'RUSTOK_JWT_SECRET',
    otherwise: undefined,
    meaning: 'signs tokens with HS256 instead (at least 32 bytes)',
    secret: 'all',
    parse: secret('signing tokens'),
  },
  workers: {
    variable: 'RUSTOK_WORKERS',
    otherwise: 'internal',
    meaning: '`external`: this server leaves events to workers',
    parse: oneOf(WORKERS),
  },
  workerPort: {
    variable: 'RUSTOK_WORKER_PORT',
    otherwise: '5151',
    meaning: "a worker's port, for its health and metrics",
    parse: port,
  },
  natsUrl: {
    variable: 'NATS_URL',
    otherwise: undefined,
    meaning:
      'NATS servers with JetStream as the bus of events: `nats://` or `tls://`, with credentials (`user:password@` or `token@`), comma-separated',
    secret: 'url',
    parse: natsUrl,
  },
  natsCredentials: {
    variable: 'NATS_CREDS',
    otherwise: undefined,
    meaning: 'a `.creds` file: credentials of an account',
    parse: text,
  },
  natsAuthority: {
    variable: 'NATS_CA',
    otherwise: undefined,
    meaning: "a file in PEM: the authority that signed the NATS server's certificate",
    parse: text,
  },
  natsCertificate: {
    variable: 'NATS_CERT',
    otherwise: undefined,
    meaning: 'a file in PEM: a certificate of our own',
    parse: text,
  },
  natsKey: { variable: 'NATS_KEY', otherwise: undefined, meaning: 'a file in PEM: its key', parse: text },
  natsStream: {
    variable: 'NATS_STREAM',
    otherwise: DEFAULT_STREAM,
    meaning: 'the stream, and the first word of its subjects',
    parse: natsStream,
  },
  webhookUrl: {
    variable: 'RUSTOK_WEBHOOK_URL',
    otherwise: undefined,
    meaning: "told of each order; `{tenant}` stands for the tenant's id",
    secret: 'url',
    parse: webhookUrl,
  },
  resetWebhookUrl: {
    variable: 'RUSTOK_RESET_WEBHOOK_URL',
    otherwise: undefined,
    meaning:
      "sends the mail to who has forgotten a password, with the token for a new one; `{tenant}` stands for the tenant's id",
    secret: 'url',
    parse: webhookUrl,
  },
  webhookSecret: {
    variable: 'RUSTOK_WEBHOOK_SECRET',
    otherwise: undefined,
    meaning: 'signs webhooks (at least 32 bytes), with a key for each tenant',
    secret: 'all',
    parse: secret('signing'),
  },
  paymentUrl: {
    variable: 'RUSTOK_PAYMENT_URL',
    otherwise: undefined,
    otherwiseWords: '–, in the demo its own',
    meaning: "the payment provider's API, asked about each order; `{tenant}` stands for the tenant's id",
    secret: 'url',
    parse: webhookUrl,
  },
  paymentSecret: {
    variable: 'RUSTOK_PAYMENT_SECRET',
    otherwise: undefined,
    meaning: 'sent to the payment provider as a bearer token',
    secret: 'all',
    parse: text,
  },
} as const satisfies Readonly<Record<string, Setting<unknown>>>

export type Settings = typeof settings

/** By the table: a setting without a default may be undefined, and so may one whose text was wrong. */
export type SettingValues = {
  readonly [Name in keyof Settings]: ReturnType<Settings[Name]['parse']> | undefined
}
