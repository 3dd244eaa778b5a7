/** The commands as an operator uses them: `migrate` looks first, applies, looks again; `seed`, and those that open nothing. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { commands } from '../src/commands/list.ts'
import { unpackEmptyCluster } from './support/empty-cluster.ts'
import { ServerProcess } from './support/server-process.ts'

const directory = mkdtempSync(path.join(tmpdir(), 'rustok-migrate-'))
before(() => unpackEmptyCluster(directory))
after(() => rmSync(directory, { recursive: true, force: true }))

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = new ServerProcess({ RUSTOK_DATA_DIR: directory, ...env }, args)
  const { code } = await child.exited
  return { code, stdout: child.stdout, stderr: child.stderr }
}

const migrate = (...args: readonly string[]) => run(['migrate', ...args])

test('says what is missing and changes nothing, applies it, and is done', async () => {
  const missing = await migrate('--status')
  assert.equal(missing.code, 1, missing.stderr)
  assert.match(missing.stdout, /^missing 0001-identity\nmissing 0002-content\n/)
  assert.deepEqual(await migrate('--dry-run'), { ...missing, code: 0 })
  const applied = missing.stdout.replaceAll('missing', 'applied')
  assert.deepEqual(await migrate(), { code: 0, stdout: applied, stderr: '' })
  const done = { code: 0, stdout: 'the database is up to date\n', stderr: '' }
  assert.deepEqual(await migrate('--status'), done)
  assert.deepEqual(await migrate(), done)
})

test('seeds the demo, says who can sign in, and adds nothing twice', async () => {
  const first = await run(['seed'])
  assert.equal(first.code, 0, first.stderr)
  assert.match(
    first.stdout,
    /^Added 2 tenants, 4 users, 22 nodes, \d+ products\.\n\ntenant +role +e-mail +password\n/,
  )
  assert.match(first.stdout, /^acme +admin +ada@acme\.example +ada tries rustok$/m)
  assert.match((await run(['seed'])).stdout, /^Nothing to add: all of it is there\.\n/)
  const production = await run(['seed'], { NODE_ENV: 'production' })
  assert.equal(production.code, 2)
  assert.match(
    production.stderr,
    /^rustok-server: everybody knows the passwords.* --production seeds it all the same\n$/,
  )
})

test('prints every setting with its source and without secrets, and what is wrong of them', async () => {
  const env = {
    DATABASE_URL: 'postgres://app:hunter2@db/rustok?password=hunter2',
    NATS_URL: 'nats://hunter2@one,tls://app:hunter2@two',
    RUSTOK_WEBHOOK_URL: 'https://hooks.example/orders?key=hunter2',
    RUSTOK_WEBHOOK_SECRET: 'hunter2'.repeat(8),
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=hunter2',
    RUSTOK_LOG_LEVL: 'debug',
    PORT: '99999',
  }
  const { code, stdout, stderr } = await run(['config'], env)
  assert.equal(code, 1)
  assert.equal(
    stderr,
    'rustok-server: RUSTOK_LOG_LEVL is no setting, did you mean RUSTOK_LOG_LEVEL?\nrustok-server: PORT: "99999" is not a port (0 to 65535)\n',
  )
  assert.match(stdout, /^DATABASE_POOL_SIZE +10 +default$/m)
  assert.match(stdout, /^PORT +99999 +environment$/m)
  assert.match(stdout, /^DATABASE_URL +postgres:\/\/app:\*\*\*@db\/rustok\?password=\*\*\* +environment$/m)
  assert.doesNotMatch(stdout + stderr, /hunter2/)
  const json = JSON.parse((await run(['config', '--json'])).stdout) as { variable: string; value: unknown }[]
  assert.deepEqual(
    json.find(({ variable }) => variable === 'DATABASE_POOL_SIZE'),
    { variable: 'DATABASE_POOL_SIZE', value: '10', source: 'default' },
  )
})

test('says in one line what it does not understand, with what was meant', async () => {
  const says = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await run(args)
    assert.deepEqual([code, stdout], [2, ''])
    return stderr
  }
  assert.equal(await says('migrate', '--down'), 'rustok-server: migrate has no option --down\n')
  assert.equal(
    await says('migrate', '--statu'),
    'rustok-server: migrate has no option --statu, did you mean --status?\n',
  )
  assert.match(
    await says('wroker'),
    /^rustok-server: there is no command "wroker", did you mean worker\? \(there are: serve, /,
  )
  assert.match(await says('constructor'), /^rustok-server: there is no command "constructor" \(/)
})

test('helps, with all commands and with each', async () => {
  const { code, stdout } = await run(['--help'])
  assert.equal(code, 0)
  for (const name of Object.keys(commands)) assert.match(stdout, new RegExp(`^  ${name} `, 'm'))
  assert.match(
    (await run(['events', '--help'])).stdout,
    /^List dead letters .*\n\nUsage: rustok-server events dead-letters /,
  )
})
