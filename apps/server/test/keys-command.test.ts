/** `rustok-server keys`, and what a server with more than one key, or a login that may do too little, does at its start. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { asSuperuser, type Postgres, startPostgres } from './support/postgres.ts'
import { ServerProcess } from './support/server-process.ts'

let directory: string
let postgres: Postgres
before(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'rustok-keys-'))
  postgres = await startPostgres()
})
after(async () => {
  rmSync(directory, { recursive: true, force: true })
  await postgres.stop()
})

async function run(args: readonly string[], env: Record<string, string>) {
  const child = new ServerProcess(env, args)
  const { code } = await child.exited
  return { code, stdout: child.stdout, stderr: child.stderr }
}

test('rotates keys, lists them, and says what it cannot do', async () => {
  const env = { RUSTOK_JWT_KEYS: directory }
  const first = await run(['keys', 'rotate'], env)
  assert.match(first.stdout, /^[\w-]{43} signs from 1970-01-01T00:00:00\.000Z\n$/)
  const second = await run(['keys', 'rotate'], env)
  assert.match(second.stdout, /^[\w-]{43} signs from 20\d\d-.*Z\n$/)
  assert.deepEqual(await run(['keys', 'list'], env), {
    code: 0,
    stdout: first.stdout + second.stdout,
    stderr: '',
  })
  assert.equal(readdirSync(directory).length, 2)

  assert.deepEqual(await run(['keys'], env), {
    code: 2,
    stdout: '',
    stderr: 'rustok-server: keys takes one of: rotate, list\n',
  })
  assert.match(
    (await run(['keys', 'rotate'], { RUSTOK_JWT_SECRET: 'x'.repeat(32) })).stderr,
    /^rustok-server: RUSTOK_JWT_SECRET: tokens are signed with this secret, there are no keys to rotate\n$/,
  )
})

test('publishes every key of the directory, and signs with the one whose time has come', async () => {
  const { url: databaseUrl, ownerUrl } = await postgres.database()
  const server = new ServerProcess({
    RUSTOK_JWT_KEYS: directory,
    DATABASE_URL: databaseUrl,
    DATABASE_OWNER_URL: ownerUrl,
  })
  const ready = await server.ready()
  const { keys } = (await (await fetch(`${ready.url}/.well-known/jwks.json`)).json()) as {
    keys: { kid: string }[]
  }
  const listed = (await run(['keys', 'list'], { RUSTOK_JWT_KEYS: directory })).stdout
  assert.deepEqual(
    keys.map(({ kid }) => kid),
    listed
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[0]),
  )
  assert.doesNotMatch(server.stdout, /could switch row-level security off/)
  await server.kill('SIGTERM')
})

test('warns of a login that owns the tables, and does not start with one that may not enter the roles', async () => {
  const { ownerUrl, superuserUrl } = await postgres.database()
  const owner = new URL(ownerUrl).username
  const env = { RUSTOK_DATA_DIR: directory, DATABASE_URL: ownerUrl }
  const refused = await run([], env)
  assert.equal(refused.code, 1)
  assert.equal(
    refused.stderr,
    'rustok-server: DATABASE_URL: its login may not work as rustok_app and rustok_system: grant both roles to it\n',
  )
  await asSuperuser(superuserUrl, `grant rustok_app, rustok_system to ${owner}`)
  const server = new ServerProcess(env)
  await server.ready()
  assert.match(server.stdout, new RegExp(`"login":"${owner}".*could switch row-level security off`))
  await server.kill('SIGTERM')
})
