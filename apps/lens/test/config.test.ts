import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { configFromEnvironment, givenSettings, unknownVariables } from '../src/config.ts'
import { StartupError } from '../src/startup-error.ts'

test('listens on loopback at the documented ports when nothing is set', () => {
  assert.deepEqual(configFromEnvironment({}), {
    host: '127.0.0.1',
    port: 16686,
    otlpGrpcPort: 4317,
    otlpHttpPort: 4318,
    dataDirectory: resolve('.rustok'),
    clickhouseUrl: undefined,
    clickhouseUser: undefined,
    clickhousePassword: undefined,
    clickhouseCa: undefined,
    clickhouseCluster: undefined,
    clickhouseQuorum: 1,
    tokensFile: undefined,
    noLogin: false,
    allowedHosts: [],
    corsOrigins: [],
    retentionDays: undefined,
    retentionBytes: undefined,
    traceItself: false,
    logLevel: 'info',
  })
})

test('takes every variable, and an empty one as not set', () => {
  const config = configFromEnvironment({
    LENS_HOST: '0.0.0.0',
    LENS_PORT: '0',
    LENS_OTLP_GRPC_PORT: '65535',
    LENS_OTLP_HTTP_PORT: '',
    RUSTOK_DATA_DIR: '/data',
    LENS_CLICKHOUSE_URL: 'https://user:word@clickhouse:8443/traces',
    LENS_TOKENS_FILE: '/run/secrets/lens-tokens',
    LENS_NO_LOGIN: 'true',
    LENS_ALLOWED_HOSTS: 'lens, lens.example.com,',
    LENS_RETENTION_DAYS: '30',
    LENS_RETENTION_SIZE: '20GB',
    LENS_TRACE_ITSELF: 'http://collector:4317',
    LENS_LOG_LEVEL: 'WARN',
  })
  assert.deepEqual(config, {
    host: '0.0.0.0',
    port: 0,
    otlpGrpcPort: 65535,
    otlpHttpPort: 4318,
    dataDirectory: '/data',
    clickhouseUrl: new URL('https://user:word@clickhouse:8443/traces'),
    clickhouseUser: undefined,
    clickhousePassword: undefined,
    clickhouseCa: undefined,
    clickhouseCluster: undefined,
    clickhouseQuorum: 1,
    tokensFile: '/run/secrets/lens-tokens',
    noLogin: true,
    allowedHosts: ['lens', 'lens.example.com'],
    corsOrigins: [],
    retentionDays: 30,
    retentionBytes: 20_000_000_000,
    traceItself: new URL('http://collector:4317'),
    logLevel: 'warn',
  })
})

test('prefers a flag to its variable, and names the one that is bad', () => {
  const environment = { LENS_PORT: '1', LENS_HOST: 'lens' }
  const config = configFromEnvironment(environment, new Map([['port', '2']]))
  assert.deepEqual([config.port, config.host], [2, 'lens'])
  assert.throws(() => configFromEnvironment(environment, new Map([['port', 'x']])), {
    message: '--port is "x": expected a port from 0 to 65535',
  })
})

test('reads sizes in decimal and binary units, in any case, with fractions', () => {
  for (const [text, bytes] of [
    ['50MB', 50_000_000],
    ['1.5 gb', 1_500_000_000],
    ['2TiB', 2 * 2 ** 40],
    ['60000000', 60_000_000],
  ] as const) {
    assert.equal(configFromEnvironment({ LENS_RETENTION_SIZE: text }).retentionBytes, bytes)
  }
})

for (const [name, value] of [
  ['LENS_HOST', 'a host'],
  ['LENS_PORT', '65536'],
  ['LENS_PORT', '-1'],
  ['LENS_PORT', '80a'],
  ['LENS_OTLP_GRPC_PORT', '4317.5'],
  ['LENS_OTLP_HTTP_PORT', ' '],
  ['LENS_CLICKHOUSE_URL', 'clickhouse:8123'],
  ['LENS_CLICKHOUSE_URL', 'tcp://clickhouse:9000'],
  ['LENS_NO_LOGIN', 'yes'],
  ['LENS_ALLOWED_HOSTS', 'lens/x'],
  ['LENS_RETENTION_DAYS', '0'],
  ['LENS_RETENTION_DAYS', '1.5'],
  ['LENS_RETENTION_SIZE', '49MB'],
  ['LENS_RETENTION_SIZE', '20G'],
  ['LENS_RETENTION_SIZE', '-1GB'],
  ['LENS_TRACE_ITSELF', 'yes'],
  ['LENS_TRACE_ITSELF', 'collector:4317'],
  ['LENS_LOG_LEVEL', 'loud'],
] as const) {
  test(`names ${name} and its value when it is ${JSON.stringify(value)}`, () => {
    assert.throws(
      () => configFromEnvironment({ [name]: value }),
      (error) =>
        error instanceof StartupError &&
        error.message.startsWith(`${name} is ${JSON.stringify(value)}: expected `) &&
        !error.message.includes('\n'),
    )
  })
}

test('shows what was set, and no secret of it', () => {
  const flags = new Map([
    ['port', '1'],
    ['clickhouse-password', 'swordfish'],
  ])
  const environment = {
    LENS_PORT: '2',
    LENS_HOST: '',
    LENS_CLICKHOUSE_URL: 'https://lens:swordfish@clickhouse:8443/lens',
    LENS_RETENTION_DAYS: '7',
    OTHER: 'x',
  }
  assert.deepEqual(givenSettings(environment, flags), {
    LENS_PORT: '1',
    LENS_CLICKHOUSE_URL: 'https://lens:***@clickhouse:8443/lens',
    LENS_CLICKHOUSE_PASSWORD: '***',
    LENS_RETENTION_DAYS: '7',
  })
})

test('finds variables that are no settings, but for those that Kubernetes makes', () => {
  const names = ['LENS_PORT', 'LENS_RETENTON_DAYS', 'LENS_SERVICE_HOST', 'LENS_PORT_16686_TCP', 'PATH']
  assert.deepEqual(unknownVariables(Object.fromEntries(names.map((name) => [name, 'x']))), [
    'LENS_RETENTON_DAYS',
  ])
})
