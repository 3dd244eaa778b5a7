/** The process: starts or says in one line why not, shuts down in order, and leaves nothing behind. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { dataOf, sendGraphQL } from './support/graphql-client.ts'
import { type ReadyMessage, ServerProcess } from './support/server-process.ts'
import { type SpanReceiver, startSpanReceiver } from './support/span-receiver.ts'

let dataDir: string
let receiver: SpanReceiver
const running: ServerProcess[] = []

before(async () => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'rustok-server-'))
  receiver = await startSpanReceiver()
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.kill()))
})
after(() => {
  receiver.close()
  rmSync(dataDir, { recursive: true, force: true })
})

function launch(env: Record<string, string> = {}): ServerProcess {
  const server = new ServerProcess({ RUSTOK_DATA_DIR: dataDir, ...env })
  running.push(server)
  return server
}

function tokenOf({ demo }: ReadyMessage, user: string): string {
  const found = demo?.tenants.flatMap((tenant) => tenant.users).find((known) => known.id === user)
  assert.ok(found, `the ready message has no token for ${user}`)
  return found.token
}

const CREATE = 'mutation { createNode(input: { title: "Survives" }) { node { id } } }'

/** A request whose headers have arrived and whose body has not. */
async function openRequest(ready: ReadyMessage, body: string): Promise<ClientRequest> {
  const sent = request(`${ready.url}/graphql`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${tokenOf(ready, 'ada')}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      expect: '100-continue',
    },
  })
  sent.flushHeaders()
  await once(sent, 'continue')
  return sent
}

test('starts, tells its parent how to use it, and keeps what was written over a kill', async () => {
  // What a first start leaves that is killed while it makes the database.
  mkdirSync(path.join(dataDir, 'server', 'pg'), { recursive: true, mode: 0o700 })
  writeFileSync(path.join(dataDir, 'server', 'pg', 'PG_VERSION'), '18\n')
  writeFileSync(path.join(dataDir, 'server', 'pg.unfinished'), '')
  const first = launch()
  const ready = await first.ready()
  assert.deepEqual(
    ready.demo?.tenants.map(({ id, name, users }) => ({ id, name, users: users.map((user) => user.id) })),
    [
      { id: 'acme', name: 'Acme Corp', users: ['ada', 'ben'] },
      { id: 'globex', name: 'Globex', users: ['chloe', 'dev'] },
    ],
  )
  const token = tokenOf(ready, 'ada')
  const { createNode } = await dataOf(
    sendGraphQL<{ createNode: { node: { id: string } } }>(ready.url, CREATE, { token }),
  )
  const key = path.join(dataDir, 'server', 'keys', '19700101T000000Z.pem')
  assert.equal(statSync(key).mode & 0o777, 0o600)
  for (const part of ['keys', '']) {
    assert.equal(statSync(path.join(dataDir, 'server', part)).mode & 0o777, 0o700)
  }
  await first.kill('SIGKILL')

  const second = launch()
  const again = await second.ready()
  const query = `{ node(id: "${createNode.node.id}") { title } }`
  assert.deepEqual(await dataOf(sendGraphQL(again.url, query, { token })), { node: { title: 'Survives' } })

  const third = launch()
  assert.deepEqual(await third.exited, { code: 1, signal: null })
  assert.equal(
    third.stderr,
    `rustok-server: RUSTOK_DATA_DIR: ${dataDir}/server is in use by another process (pid ${second.child.pid})\n`,
  )
  assert.equal((await fetch(`${again.url}/health/ready`)).status, 200)
})

test('names the variable and the value of what it cannot use, in one line', async () => {
  const file = path.join(dataDir, 'a-file')
  writeFileSync(file, '')
  const closed = createServer().listen(0, '127.0.0.1')
  await once(closed, 'listening')
  const { port } = closed.address() as AddressInfo
  const cases: readonly [env: Record<string, string>, line: RegExp][] = [
    [{ PORT: '70000' }, /^rustok-server: PORT: "70000" is not a port \(0 to 65535\)\n$/],
    [
      { RUSTOK_DATA_DIR: file },
      /^rustok-server: RUSTOK_DATA_DIR: cannot write to .*a-file\/server: ENOTDIR.*\n$/,
    ],
    [
      { PORT: String(port) },
      new RegExp(`^rustok-server: PORT: ${port} on 127\\.0\\.0\\.1 is already in use\n$`),
    ],
    [{ HOST: '192.0.2.1' }, /^rustok-server: HOST: cannot listen on "192\.0\.2\.1": .*EADDRNOTAVAIL.*\n$/],
    [
      { DATABASE_URL: 'postgres://user:hunter2@127.0.0.1:1/db' },
      /^rustok-server: DATABASE_URL: no connection to Postgres at 127\.0\.0\.1:1: .*ECONNREFUSED.*\n$/,
    ],
  ]
  for (const [env, line] of cases) {
    const server = launch(env)
    assert.deepEqual(await server.exited, { code: 1, signal: null }, JSON.stringify(env))
    assert.match(server.stderr, line)
    assert.doesNotMatch(server.stdout + server.stderr, /hunter2|"ready"/)
  }
  closed.close()
  // What failed has let go of the directory.
  await launch().ready()
})

test('answers the request in flight after SIGTERM, then its events and spans, and exits with 0', async () => {
  const server = launch({ OTEL_ENABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint })
  const ready = await server.ready()
  // As many events as one request can cause: they are still being handled when its answer is out.
  const creations = Array.from(
    { length: 20 },
    (_, i) => `n${i}: createNode(input: { title: "${i}" }) { node { id } }`,
  )
  const body = JSON.stringify({ query: `mutation { ${creations.join(' ')} }` })
  const open = await openRequest(ready, body)
  server.child.kill('SIGTERM')
  await server.logged('shutting down')
  open.end(body)
  const [response] = (await once(open, 'response')) as [IncomingMessage]
  const answer = JSON.parse(Buffer.concat(await response.toArray()).toString())
  assert.equal(response.statusCode, 200)
  assert.match(answer.data.n19.node.id, /^[0-9a-f-]{36}$/)
  assert.deepEqual(await server.exited, { code: 0, signal: null })
  assert.match(server.stdout, /"clean":true/)

  const names = receiver.ofTrace(String(response.headers['x-trace-id'])).map((span) => span.name)
  const expected = {
    'POST /graphql': 1,
    'INSERT nodes': 20,
    'process content.node.created': 20,
    'INSERT content_stats': 20,
  }
  for (const [name, count] of Object.entries(expected)) {
    assert.equal(names.filter((candidate) => candidate === name).length, count, name)
  }
  assert.equal(existsSync(path.join(dataDir, 'server', 'server.pid')), false)
})

test('exits at once on the second signal, whatever is open', async () => {
  const server = launch()
  const open = await openRequest(await server.ready(), '{}')
  open.on('error', () => {})
  server.child.kill('SIGINT')
  await server.logged('shutting down')
  server.child.kill('SIGINT')
  assert.deepEqual(await server.exited, { code: 130, signal: null })
  assert.doesNotMatch(server.stdout, /"msg":"stopped"/)
})

test('gives up on a request that does not end, and still closes everything else', async () => {
  const server = launch()
  const open = await openRequest(await server.ready(), '{}')
  const failed = once(open, 'error')
  server.child.kill('SIGTERM')
  await failed
  assert.deepEqual(await server.exited, { code: 1, signal: null })
  assert.match(server.stdout, /"step":"requests".*took too long/)
  assert.doesNotMatch(server.stdout, /"step":"database"/)
})

test('shuts down when the parent that forked it goes away', async () => {
  const server = launch()
  await server.ready()
  server.child.disconnect()
  assert.deepEqual(await server.exited, { code: 0, signal: null })
  assert.match(server.stdout, /"reason":"parent disconnected"/)
})

test('hands out no tokens in production', async () => {
  const server = launch({ NODE_ENV: 'production' })
  assert.equal((await server.ready()).demo, undefined)
  await server.kill('SIGTERM')
})

test('takes its key from RUSTOK_JWT_SECRET, and writes it nowhere', async () => {
  const secret = 'a secret for this test alone, 32 bytes'
  const server = launch({ RUSTOK_JWT_SECRET: secret })
  const ready = await server.ready()
  const { data } = await sendGraphQL(ready.url, '{ me { id } }', { token: tokenOf(ready, 'ben') })
  assert.deepEqual(data, { me: { id: 'ben' } })
  assert.doesNotMatch(server.stdout + server.stderr, new RegExp(secret))
  for (const name of readdirSync(path.join(dataDir, 'server', 'keys'))) {
    assert.doesNotMatch(readFileSync(path.join(dataDir, 'server', 'keys', name), 'utf8'), new RegExp(secret))
  }
})
