/** A store by its URL: over HTTP and TLS to a server that is not ours, with everything that such a server answers. */

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { pino } from 'pino'
import { generate } from 'selfsigned'
import type { SearchResponse } from '../../src/api/contract.ts'
import { StartupError } from '../../src/startup-error.ts'
import { QueryLimitError, StoreFullError, StoreUnavailableError } from '../../src/store/engine.ts'
import { openStore, type Store, type StoreOptions } from '../../src/store/open-store.ts'
import { ClickHouseServer } from '../support/clickhouse-server.ts'
import { RunningLens } from '../support/running-lens.ts'
import { attributes, hex, request, span } from '../support/spans.ts'
import { TemporaryDirectory } from '../support/temporary-directory.ts'

const log = pino({ level: 'silent' })
const users = {
  default: { password: '' },
  lens: { password: 'a:b/c@d %' },
  reader: { password: '', denied: /^\s*(CREATE|INSERT)/ },
  indexless: { password: '', denied: /mergeTree\w+\(/ },
}
let server: ClickHouseServer
before(async () => {
  server = await ClickHouseServer.start({ users })
})
after(() => server[Symbol.asyncDispose]())
beforeEach(() => {
  server.relent()
  server.received.length = 0
})

const nowhere = '/nonexistent'
function open(clickhouseUrl: URL, more: Partial<StoreOptions> = {}): Promise<Store> {
  return openStore({ dataDirectory: nowhere, clickhouseUrl, ...more }, log)
}

async function databases(store: Store): Promise<readonly string[]> {
  const { rows } = await store.engine.query<{ database: string }>(
    "SELECT database FROM system.tables WHERE name = 'spans' ORDER BY database",
  )
  return rows.map(({ database }) => database)
}

test('keeps its tables in the database that the path names, lens without one', async () => {
  const names: string[] = []
  for (const path of ['/', '/traces of `ours`', '/%C3%BC%2F%25']) {
    const store = await open(server.url(path))
    names.push(...(await databases(store)))
    await store.close()
  }
  assert.deepEqual([...new Set(names)].sort(), ['lens', 'traces of `ours`', 'ü/%'])
})

test('logs in by the URL, or by variables of its own, which win', async () => {
  const password = 'a:b/c@d %'
  const url = server.url('/', `lens:${encodeURIComponent(password)}@`)
  await (await open(url)).close()
  await (
    await open(server.url('/', 'nobody:wrong@'), {
      clickhouseUser: 'lens',
      clickhousePassword: password,
    })
  ).close()
  assert.deepEqual(new Set(server.received.map(({ user }) => user)), new Set(['lens']))
})

async function refusal(opening: Promise<Store>): Promise<string> {
  const error = await opening.then(
    async (store) => {
      await store.close()
      throw new Error('it opened')
    },
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof StartupError, String(error))
  assert.ok(!error.message.includes('\n'))
  assert.ok(!error.message.includes('secret'), error.message)
  return error.message
}

test('names the setting to change when it cannot log in, or may not do what it must', async () => {
  const cannot = `LENS_CLICKHOUSE_URL ${server.url().origin} cannot be used: `
  assert.equal(
    await refusal(open(server.url('/', 'lens:secret@'))),
    `${cannot}it does not let the user lens in: check LENS_CLICKHOUSE_USER and LENS_CLICKHOUSE_PASSWORD`,
  )
  assert.match(
    await refusal(open(server.url('/', 'reader@'))),
    /: the user reader lacks a right, docs\/SCALING.md lists those that Lens needs: .*Not enough privileges/,
  )
  server.befall(/CREATE/, {
    type: 'error',
    code: 164,
    name: 'READONLY',
    message: 'Cannot execute query in readonly mode',
  })
  assert.match(await refusal(open(server.url())), /: the user default is bound to read only: Cannot execute/)
  assert.match(
    await refusal(open(server.url(), { clickhouseCluster: 'nowhere' })),
    /it knows no cluster nowhere: set LENS_CLICKHOUSE_CLUSTER to one of its remote_servers$/,
  )
})

test('refuses a ClickHouse that is too old, and what is none', async () => {
  for (const [version, fits] of [
    ['18.16.1', false],
    ['26.6.9.1', false],
    ['26.7.0.1', true],
    ['26.10.1.1', true],
    ['27.1.1.1', true],
  ] as const) {
    server.version = version
    const opening = open(server.url())
    if (fits) await (await opening).close()
    else
      assert.match(await refusal(opening), new RegExp(`is ClickHouse ${version}: Lens needs 26.7 or later$`))
  }
  server.version = undefined
  const other = createServer((_, response) => response.end('{"data":[{"hello":1}],"rows":1}')).listen(
    0,
    '127.0.0.1',
  )
  await new Promise((resolve) => other.once('listening', resolve))
  const { port } = other.address() as AddressInfo
  assert.match(
    await refusal(open(new URL(`http://127.0.0.1:${port}`))),
    /what answers there is no ClickHouse$/,
  )
  other.closeAllConnections()
  await other[Symbol.asyncDispose]()
  assert.match(
    await refusal(open(new URL(`http://127.0.0.1:${port}`))),
    /nothing listens there \(ECONNREFUSED\)$/,
  )
})

test('trusts a server by LENS_CLICKHOUSE_CA alone, and never without TLS', async () => {
  const identity = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  })
  await using files = await TemporaryDirectory.create()
  const clickhouseCa = join(files.path, 'ca.pem')
  writeFileSync(clickhouseCa, identity.cert)
  await using secure = await ClickHouseServer.start({ tls: { key: identity.private, cert: identity.cert } })
  const url = secure.url()
  url.hostname = 'localhost'
  await (await open(url, { clickhouseCa })).close()
  assert.match(await refusal(open(url)), /certificate is not trusted \(\w+\): set LENS_CLICKHOUSE_CA/)
  assert.match(await refusal(open(secure.url(), { clickhouseCa })), /its certificate is for another name$/)
  const plain = new URL(url.href.replace('https', 'http'))
  assert.match(await refusal(open(plain)), /is the port one for http\?$/)
  const wrong = new URL(server.url().href.replace('http', 'https'))
  assert.match(await refusal(open(wrong, { clickhouseCa })), /is the port one for https\?$/)
  assert.match(
    await refusal(open(url, { clickhouseCa: join(files.path, 'absent.pem') })),
    /^LENS_CLICKHOUSE_CA .*absent.pem cannot be read \(ENOENT\)$/,
  )
})

test('asks for a query to be stopped with its connection, and for the quorum that is set', async () => {
  await using lens = await RunningLens.start({
    LENS_CLICKHOUSE_URL: server.url().href,
    LENS_CLICKHOUSE_QUORUM: 'auto',
  })
  await lens.send(request('shop', [span()]))
  await lens.get('/api/services')
  const query = server.received.find(({ statement }) =>
    /^SELECT[\s\S]*FROM operations/.test(statement),
  )?.settings
  assert.equal(query?.get('cancel_http_readonly_queries_on_client_close'), '1')
  assert.equal(query.get('readonly'), '2')
  const insert = server.received.find(({ statement }) => statement.startsWith('INSERT INTO spans'))?.settings
  assert.equal(insert?.get('insert_quorum'), 'auto')
})

test('stores a span once when the answer to its insert is lost, whatever way', async () => {
  await using lens = await RunningLens.start({ LENS_CLICKHOUSE_URL: server.url('/lost').href })
  for (const fault of [
    { type: 'reset' },
    { type: 'lost', afterBytes: 0 },
    {
      type: 'error',
      code: 999,
      name: 'KEEPER_EXCEPTION',
      message: 'Coordination::Exception: Session expired',
    },
    { type: 'error', code: 319, name: 'UNKNOWN_STATUS_OF_INSERT', message: 'Unknown status' },
  ] as const) {
    const sent = span()
    server.befall(/^INSERT INTO spans/, fault)
    await lens.send(request('shop', [sent]))
    const trace = await lens.get<{ data: { spans: unknown[] }[] }>(`/api/traces/${hex(sent.traceId)}`)
    assert.equal(trace.data[0]?.spans.length, 1)
  }
})

test('tells senders to come again when a server does not take spans, and takes them when it does', async () => {
  await using lens = await RunningLens.start({ LENS_CLICKHOUSE_URL: server.url('/full').href })
  const sent = span()
  server.befall(
    /^INSERT INTO spans/,
    { type: 'error', code: 243, name: 'NOT_ENOUGH_SPACE', message: 'Cannot reserve 1.00 MiB' },
    1e6,
  )
  await assert.rejects(
    lens.send(request('shop', [sent])),
    /not acknowledged: 429 .*disk of the store is full/,
  )
  server.relent()
  await lens.send(request('shop', [sent]))
})

test('gives each failure its meaning', async () => {
  const store = await open(server.url())
  const ask = () => store.engine.query('SELECT number FROM numbers(5)')
  for (const [code, name, kind, message = 'It went wrong'] of [
    [159, 'TIMEOUT_EXCEEDED', QueryLimitError],
    [241, 'MEMORY_LIMIT_EXCEEDED', QueryLimitError, 'Query memory limit exceeded: would use 96 MiB'],
    [241, 'MEMORY_LIMIT_EXCEEDED', StoreUnavailableError, '(total) memory limit exceeded: would use 1 GiB'],
    [202, 'TOO_MANY_SIMULTANEOUS_QUERIES', StoreUnavailableError],
    [279, 'ALL_CONNECTION_TRIES_FAILED', StoreUnavailableError],
    [243, 'NOT_ENOUGH_SPACE', StoreFullError],
  ] as const) {
    server.befall(/numbers/, { type: 'error', code, name, message })
    await assert.rejects(ask(), kind)
  }
  server.befall(/numbers/, { type: 'lost', afterBytes: 40 })
  await assert.rejects(ask(), StoreUnavailableError)
  assert.equal((await ask()).rows.length, 5)
  await store.close()
})

test('takes spans while every query is slow', async () => {
  await using lens = await RunningLens.start({ LENS_CLICKHOUSE_URL: server.url('/slow').href })
  const { promise, resolve } = Promise.withResolvers<void>()
  server.befall(/^SELECT/, { type: 'slow', until: promise }, 1e6)
  const questions = Array.from({ length: 40 }, () => lens.get('/api/services'))
  const sent = span()
  await lens.send(request('shop', [sent]))
  server.relent()
  resolve()
  await Promise.all(questions)
})

function schemaSteps(): readonly string[] {
  return server.received
    .map(({ statement }) => statement)
    .filter((statement) =>
      /^\s*(CREATE|ALTER|DROP|RENAME|EXCHANGE|INSERT INTO (?!migration_turns))/.test(statement),
    )
    .filter((statement) => !/DATABASE|EXISTS (schema_versions|migration_turns)/.test(statement))
}

test('answers comparisons by the indexes of a server, and by the spans of one that does not show them', async () => {
  const found: number[] = []
  for (const user of ['default', 'indexless']) {
    await using lens = await RunningLens.start({
      LENS_CLICKHOUSE_URL: server.url('/compared', `${user}@`).href,
    })
    await lens.send(request('shop', [span({ attributes: attributes({ code: 503n, user }) })]))
    server.received.length = 0
    const { total } = await lens.get<SearchResponse>('/api/lens/search', { query: 'span.code >= 500' })
    found.push(total)
    const statements = server.received.map(({ statement }) => statement)
    assert.ok(statements.some((text) => text.includes('mergeTreeAnalyzeIndexes')))
    const byIndex = statements.some(
      (text) => text.includes('hasAny(attributes') && !text.includes('arrayExists'),
    )
    assert.equal(byIndex, user === 'default')
  }
  assert.deepEqual(found, [1, 2])
})

test('applies each step of the schema once when several Lens start at the same time', async () => {
  const stores = await Promise.all(Array.from({ length: 4 }, () => open(server.url('/raced'))))
  const steps = schemaSteps()
  assert.ok(steps.some((statement) => /EXISTS spans/.test(statement)))
  server.received.length = 0
  await (await open(server.url('/alone'))).close()
  assert.deepEqual(steps, schemaSteps())
  const { rows } = await stores[0]!.engine.query<{ version: number; times: string }>(
    'SELECT version, count() AS times FROM schema_versions GROUP BY version ORDER BY version',
  )
  assert.ok(rows.length > 0 && rows.every(({ times }) => times === '1'), JSON.stringify(rows))
  await Promise.all(stores.map((store) => store.close()))
})

test('two Lens on one store know of each other’s spans, and count calls between services once', async () => {
  const environment = { LENS_CLICKHOUSE_URL: server.url('/shared').href }
  await using first = await RunningLens.start(environment)
  await using second = await RunningLens.start(environment)
  const parent = span()
  const child = span({ traceId: parent.traceId, parentSpanId: parent.spanId, kind: 2 })
  await first.send(request('shop', [parent]))
  await second.send(request('database', [child]))
  const asked = { endTs: String(Date.now() + 60_000), lookback: '3600000' }
  for (const lens of [first, second, first]) {
    const { data } = await lens.get<{ data: { parent: string; child: string; callCount: number }[] }>(
      '/api/dependencies',
      asked,
    )
    assert.deepEqual(
      data.map(({ parent, child, callCount }) => [parent, child, callCount]),
      [['shop', 'database', 1]],
    )
    const trace = await lens.get<{ data: { spans: unknown[] }[] }>(`/api/traces/${hex(parent.traceId)}`)
    assert.equal(trace.data[0]?.spans.length, 2)
  }
})
