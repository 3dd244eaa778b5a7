/** Settings from the environment: defaults, and one line for each value that cannot be. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { misspelled } from '../src/config/misspelled.ts'
import type { Setting } from '../src/config/setting.ts'
import { settings } from '../src/config/settings.ts'
import { readConfig } from '../src/config.ts'
import { StartupError } from '../src/errors.ts'

test('has the documented defaults, also for variables that are set to nothing', () => {
  const expected = {
    production: false,
    host: '127.0.0.1',
    port: 5150,
    dataDir: path.resolve('.rustok/server'),
    databaseUrl: undefined,
    databaseOwnerUrl: undefined,
    databasePoolSize: 10,
    databaseTimeoutMs: 10_000,
    trustedProxies: [],
    logLevel: 'info',
    logFormat: 'json',
    demo: true,
    demoTenants: 2,
    jwtSecret: undefined,
    jwtKeys: path.resolve('.rustok/server/keys'),
    workers: 'internal',
    workerPort: 5151,
    nats: undefined,
    webhook: undefined,
    passwordReset: undefined,
    payments: 'demo',
  }
  assert.deepEqual(readConfig({}), expected)
  assert.deepEqual(
    readConfig({
      HOST: '',
      PORT: ' ',
      RUSTOK_DATA_DIR: '',
      DATABASE_URL: '',
      DATABASE_OWNER_URL: '',
      RUSTOK_WORKERS: '',
      RUSTOK_WORKER_PORT: '',
      NATS_URL: '',
      NATS_STREAM: '',
      RUSTOK_WEBHOOK_URL: '',
      RUSTOK_DEMO: '',
      RUSTOK_DEMO_TENANTS: '',
    }),
    expected,
  )
})

test('reads every variable', () => {
  assert.deepEqual(
    readConfig({
      NODE_ENV: 'production',
      HOST: '::1',
      PORT: '0',
      RUSTOK_DATA_DIR: '/var/lib/rustok',
      DATABASE_URL: 'postgresql://u:p@db:5432/rustok',
      DATABASE_OWNER_URL: 'postgres://owner@db/rustok',
      DATABASE_POOL_SIZE: '25',
      DATABASE_TIMEOUT_MS: '2000',
      RUSTOK_TRUSTED_PROXIES: '10.0.0.0/8, ::1',
      RUSTOK_LOG_LEVEL: 'DEBUG',
      RUSTOK_LOG_FORMAT: 'pretty',
      RUSTOK_DEMO: 'True',
      RUSTOK_DEMO_TENANTS: '8',
      RUSTOK_JWT_SECRET: 'x'.repeat(32),
      RUSTOK_WORKERS: 'external',
      RUSTOK_WORKER_PORT: '0',
      NATS_URL: 'nats://user:pass@one:4222, tls://two',
      NATS_CREDS: '/etc/nats/user.creds',
      NATS_CA: '/etc/nats/ca.pem',
      NATS_CERT: '/etc/nats/cert.pem',
      NATS_KEY: '/etc/nats/key.pem',
      NATS_STREAM: 'SHOP',
      RUSTOK_WEBHOOK_URL: 'https://hooks.example/{tenant}/orders',
      RUSTOK_RESET_WEBHOOK_URL: 'https://mail.example/{tenant}',
      RUSTOK_WEBHOOK_SECRET: 'y'.repeat(32),
      RUSTOK_PAYMENT_URL: 'https://pay.example/{tenant}',
      RUSTOK_PAYMENT_SECRET: 'z',
    }),
    {
      production: true,
      host: '::1',
      port: 0,
      dataDir: '/var/lib/rustok/server',
      databaseUrl: 'postgresql://u:p@db:5432/rustok',
      databaseOwnerUrl: 'postgres://owner@db/rustok',
      databasePoolSize: 25,
      databaseTimeoutMs: 2_000,
      trustedProxies: ['10.0.0.0/8', '::1'],
      logLevel: 'debug',
      logFormat: 'pretty',
      demo: true,
      demoTenants: 8,
      jwtSecret: 'x'.repeat(32),
      jwtKeys: undefined,
      workers: 'external',
      workerPort: 0,
      nats: {
        url: 'nats://user:pass@one:4222, tls://two',
        credentials: '/etc/nats/user.creds',
        ca: '/etc/nats/ca.pem',
        certificate: '/etc/nats/cert.pem',
        key: '/etc/nats/key.pem',
        stream: 'SHOP',
      },
      webhook: { url: 'https://hooks.example/{tenant}/orders', secret: 'y'.repeat(32) },
      passwordReset: { url: 'https://mail.example/{tenant}', secret: 'y'.repeat(32) },
      payments: { url: 'https://pay.example/{tenant}', secret: 'z' },
    },
  )
})

test('has no demo in production by default, and none anywhere when told so', () => {
  assert.equal(readConfig({ NODE_ENV: 'production' }).demo, false)
  assert.equal(readConfig({ RUSTOK_DEMO: 'false' }).demo, false)
  assert.equal(readConfig({ RUSTOK_DEMO: 'false' }).payments, undefined)
})

test('names the variable of a bad value, on one line', () => {
  const bad: Record<string, readonly string[]> = {
    PORT: ['abc', '-1', '65536', '1.5', '0x10', '1e3', '５１５０'],
    RUSTOK_LOG_LEVEL: ['loud', '10'],
    RUSTOK_LOG_FORMAT: ['xml'],
    RUSTOK_DEMO: ['yes', '1'],
    RUSTOK_DEMO_TENANTS: ['0', '9', 'many'],
    DATABASE_URL: ['localhost', 'mysql://u:p@h/d', 'postgres//u:p@h/d'],
    DATABASE_POOL_SIZE: ['0', '1001', 'ten', '1.5'],
    DATABASE_TIMEOUT_MS: ['9', '600001', '-1'],
    RUSTOK_TRUSTED_PROXIES: ['proxy.example', '10.0.0.0/33', '::1/129', '10.0.0.1,x'],
    DATABASE_OWNER_URL: ['localhost', 'mysql://u:p@h/d'],
    RUSTOK_JWT_SECRET: ['short', 'x'.repeat(31)],
    RUSTOK_WORKERS: ['none', 'true'],
    RUSTOK_WORKER_PORT: ['70000'],
    NATS_URL: ['localhost:4222', 'http://nats', 'nats://', 'nats://one,,'],
    RUSTOK_WEBHOOK_URL: ['hooks.example', 'ftp://hooks.example'],
    RUSTOK_RESET_WEBHOOK_URL: ['mail.example', 'ftp://mail.example'],
    RUSTOK_PAYMENT_URL: ['pay.example', 'ftp://pay.example'],
  }
  for (const [variable, values] of Object.entries(bad)) {
    for (const value of values) {
      assert.throws(
        () => readConfig({ RUSTOK_WEBHOOK_SECRET: 'y'.repeat(32), [variable]: value }),
        (error) =>
          error instanceof StartupError &&
          error.variable === variable &&
          error.message.startsWith(`${variable}: `) &&
          !error.message.includes('\n'),
        `${variable}=${value}`,
      )
    }
  }
  assert.equal(readConfig({ PORT: '65535' }).port, 65_535)
  const together: readonly [variable: string, env: Record<string, string>][] = [
    ['NATS_STREAM', { NATS_URL: 'nats://one', NATS_STREAM: 'a.b' }],
    ['RUSTOK_JWT_SECRET_FILE', { RUSTOK_JWT_SECRET_FILE: '/nowhere/secret' }],
    ['DATABASE_URL', { DATABASE_URL: 'postgres://one/a', DATABASE_URL_FILE: '/run/secrets/url' }],
    ['NATS_KEY', { NATS_URL: 'nats://one', NATS_CERT: 'cert.pem' }],
    ['NATS_CERT', { NATS_URL: 'nats://one', NATS_KEY: 'key.pem' }],
    ['RUSTOK_WEBHOOK_SECRET', { RUSTOK_WEBHOOK_URL: 'http://hooks.example' }],
    ['RUSTOK_WEBHOOK_SECRET', { RUSTOK_WEBHOOK_URL: 'http://hooks.example', RUSTOK_WEBHOOK_SECRET: 'short' }],
  ]
  for (const [variable, env] of together) {
    assert.throws(
      () => readConfig(env),
      (error) => error instanceof StartupError && error.variable === variable,
      JSON.stringify(env),
    )
  }
})

test('keeps passwords and secrets out of its messages', () => {
  for (const env of [
    { DATABASE_URL: 'mysql://user:hunter2@host/db' },
    { DATABASE_URL: 'hunter2' },
    { RUSTOK_JWT_SECRET: 'hunter2' },
    { NATS_URL: 'http://user:hunter2@host' },
    { RUSTOK_WEBHOOK_URL: 'http://hooks.example', RUSTOK_WEBHOOK_SECRET: 'hunter2' },
  ]) {
    assert.throws(
      () => readConfig(env),
      (error: Error) => !error.message.includes('hunter2'),
    )
  }
})

test('takes token keys from a directory or a secret, not from both', () => {
  assert.equal(readConfig({ RUSTOK_JWT_KEYS: '/run/keys' }).jwtKeys, '/run/keys')
  assert.equal(readConfig({ RUSTOK_DATA_DIR: '/srv' }).jwtKeys, '/srv/server/keys')
  assert.throws(() => readConfig({ RUSTOK_JWT_KEYS: '/run/keys', RUSTOK_JWT_SECRET: 'x'.repeat(32) }), {
    variable: 'RUSTOK_JWT_KEYS',
    message: 'RUSTOK_JWT_KEYS: RUSTOK_JWT_SECRET is set as well: unset one of the two',
  })
})

test('says all that is wrong at once, a line each', () => {
  assert.throws(
    () => readConfig({ PORT: 'x', RUSTOK_LOG_LEVEL: 'info', RUSTOK_DEMO: 'perhaps', NATS_CERT: 'cert.pem' }),
    {
      variable: 'PORT',
      message: [
        'PORT: "x" is not a port (0 to 65535)',
        'RUSTOK_DEMO: "perhaps" is neither true nor false',
        'NATS_KEY: NATS_CERT and NATS_KEY go together',
      ].join('\n'),
    },
  )
})

test('reads a secret from the file that a variable names, without the end of its line', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'rustok-config-'))
  try {
    const file = path.join(directory, 'secret')
    writeFileSync(file, `${'s'.repeat(40)}\n`)
    assert.equal(readConfig({ RUSTOK_JWT_SECRET_FILE: file }).jwtSecret, 's'.repeat(40))
    writeFileSync(file, '\n')
    assert.throws(() => readConfig({ RUSTOK_JWT_SECRET_FILE: file }), {
      message: /RUSTOK_JWT_SECRET_FILE: .* is empty/,
    })
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('recognises variables that are nearly a setting, and leaves those of others alone', () => {
  const slips = misspelled({
    RUSTOK_LOG_LEVL: 'info',
    RUSTOK_WEBHOOK_SECERT_FILE: '/x',
    RUSTOK_JWT_SECRET_FILE: '/y',
    RUSTOK_SPAN_METRICS: 'true',
    DATABASE_USER: 'root',
  })
  assert.deepEqual(slips, [
    { variable: 'RUSTOK_LOG_LEVL', meant: 'RUSTOK_LOG_LEVEL' },
    { variable: 'RUSTOK_WEBHOOK_SECERT_FILE', meant: 'RUSTOK_WEBHOOK_SECRET_FILE' },
  ])
})

test("README's table is the table of settings", () => {
  const readme = readFileSync(path.join(import.meta.dirname, '../README.md'), 'utf8')
  const rows = Object.values(settings).map((setting: Setting<unknown>) => {
    const { variable, otherwise, otherwiseWords, meaning } = setting
    const standing = otherwise === undefined ? '–' : `\`${otherwise}\``
    return `| \`${variable}\` | ${otherwiseWords ?? standing} | ${meaning} |`
  })
  const head = '| variable | default | meaning |\n|---|---|---|\n'
  const start = readme.indexOf(head) + head.length
  const table = readme.slice(start, readme.indexOf('\n\n', start)).split('\n')
  assert.deepEqual(
    table.filter((row) => !row.startsWith('| `OTEL_*`')),
    rows,
  )
})
