/**
 * Every setting of Lens, once: `config.ts` reads variables and flags by this table, `--help` prints it, and a test holds README.md's table
 * to it. A new setting is a row here and the row in README.md that the test asks for.
 */

import type { Setting } from './setting.ts'
import {
  byteSize,
  days,
  host,
  httpUrl,
  listOf,
  oneOf,
  originPattern,
  path,
  port,
  quorum,
  text,
  tracesTo,
  yesOrNo,
} from './values.ts'

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

export const settings = {
  host: {
    variable: 'LENS_HOST',
    flag: 'host',
    hint: 'address',
    otherwise: '127.0.0.1',
    meaning: 'address that all three ports listen on; beyond loopback it takes tokens or `LENS_NO_LOGIN`',
    parse: host,
  },
  port: {
    variable: 'LENS_PORT',
    flag: 'port',
    hint: 'port',
    otherwise: '16686',
    meaning: 'web UI and query API',
    parse: port,
  },
  otlpGrpcPort: {
    variable: 'LENS_OTLP_GRPC_PORT',
    flag: 'otlp-grpc-port',
    hint: 'port',
    otherwise: '4317',
    meaning: 'OTLP over gRPC',
    parse: port,
  },
  otlpHttpPort: {
    variable: 'LENS_OTLP_HTTP_PORT',
    flag: 'otlp-http-port',
    hint: 'port',
    otherwise: '4318',
    meaning: 'OTLP over HTTP',
    parse: port,
  },
  dataDirectory: {
    variable: 'RUSTOK_DATA_DIR',
    flag: 'data-dir',
    hint: 'directory',
    otherwise: '.rustok',
    meaning: 'data, of which Lens uses the folder `lens`; a relative path starts at the working directory',
    parse: path,
  },
  clickhouseUrl: {
    variable: 'LENS_CLICKHOUSE_URL',
    flag: 'clickhouse-url',
    hint: 'url',
    otherwise: undefined,
    meaning:
      'a ClickHouse (26.7, the version that is tested, or later) instead of the embedded one; its path is the database, `lens` if it has none',
    parse: httpUrl,
  },
  clickhouseUser: {
    variable: 'LENS_CLICKHOUSE_USER',
    flag: 'clickhouse-user',
    hint: 'name',
    otherwise: undefined,
    otherwiseWords: "the URL's, or `default`",
    meaning: 'user of that ClickHouse',
    parse: text,
  },
  clickhousePassword: {
    variable: 'LENS_CLICKHOUSE_PASSWORD',
    flag: 'clickhouse-password',
    hint: 'password',
    otherwise: undefined,
    otherwiseWords: "the URL's, or none",
    meaning: 'its password; a flag can be read by everybody who lists processes',
    isSecret: true,
    parse: text,
  },
  clickhouseCa: {
    variable: 'LENS_CLICKHOUSE_CA',
    flag: 'clickhouse-ca',
    hint: 'file',
    otherwise: undefined,
    otherwiseWords: "the system's",
    meaning: 'certificates in PEM that its own must be signed by one of, for an `https` URL',
    parse: path,
  },
  clickhouseCluster: {
    variable: 'LENS_CLICKHOUSE_CLUSTER',
    flag: 'clickhouse-cluster',
    hint: 'name',
    otherwise: undefined,
    meaning: 'keeps spans on all shards of this cluster of `remote_servers`, replicated: see docs/SCALING.md',
    parse: text,
  },
  clickhouseQuorum: {
    variable: 'LENS_CLICKHOUSE_QUORUM',
    flag: 'clickhouse-quorum',
    hint: 'replicas',
    otherwise: '1',
    meaning:
      'replicas of a shard that must have a span before it is acknowledged, or `auto` for more than half',
    parse: quorum,
  },
  tokensFile: {
    variable: 'LENS_TOKENS_FILE',
    flag: 'tokens-file',
    hint: 'file',
    otherwise: undefined,
    meaning: 'access tokens; with it, nobody sends or reads without one',
    parse: path,
  },
  noLogin: {
    variable: 'LENS_NO_LOGIN',
    flag: 'no-login',
    hint: undefined,
    otherwise: 'false',
    meaning: 'lets everybody who reaches the ports send and read all, beyond loopback too',
    parse: yesOrNo,
  },
  allowedHosts: {
    variable: 'LENS_ALLOWED_HOSTS',
    flag: 'allowed-hosts',
    hint: 'names',
    otherwise: '',
    otherwiseWords: 'none',
    meaning: 'further names that browsers may reach it by, separated by commas',
    parse: listOf(host),
  },
  corsOrigins: {
    variable: 'LENS_CORS_ORIGINS',
    flag: 'cors-origins',
    hint: 'origins',
    otherwise: '',
    otherwiseWords: 'none',
    meaning:
      'web pages that may send over HTTP, by their origins, separated by commas: `https://app.example.com`, `https://*.example.com`',
    parse: listOf(originPattern),
  },
  retentionDays: {
    variable: 'LENS_RETENTION_DAYS',
    flag: 'retention-days',
    hint: 'days',
    otherwise: undefined,
    otherwiseWords: 'for ever',
    meaning: 'drops what arrived longer ago, whatever time its sender gave it',
    parse: days,
  },
  retentionBytes: {
    variable: 'LENS_RETENTION_SIZE',
    flag: 'retention-size',
    hint: 'size',
    otherwise: undefined,
    otherwiseWords: 'unlimited',
    meaning: 'bytes on disk, as `20GB`, beyond which the oldest is dropped',
    parse: byteSize,
  },
  traceItself: {
    variable: 'LENS_TRACE_ITSELF',
    flag: 'trace-itself',
    hint: 'endpoint',
    otherwise: 'false',
    meaning:
      '`true`: the requests and statements of Lens are traces in Lens itself; or an OTLP endpoint that they are sent to',
    parse: tracesTo,
  },
  logLevel: {
    variable: 'LENS_LOG_LEVEL',
    flag: 'log-level',
    hint: 'level',
    otherwise: 'info',
    meaning: '`trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`',
    parse: oneOf(logLevels),
  },
} as const satisfies Readonly<Record<string, Setting<unknown>>>

type Settings = typeof settings

/** By the table: a setting without a default may be undefined. */
export type LensConfig = {
  readonly [Name in keyof Settings]:
    | ReturnType<Settings[Name]['parse']>
    | (Settings[Name]['otherwise'] extends string ? never : undefined)
}
