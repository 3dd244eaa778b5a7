/**
 * A cluster: Distributed tables over two shards that are one engine, so that every row is read twice. Whatever counts a span twice, or asks what shards
 * cannot answer together, answers otherwise than one engine does.
 */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pino } from 'pino'
import { ClickHouseEngine } from '../../src/store/clickhouse-engine.ts'
import { openStore, type Store } from '../../src/store/open-store.ts'
import { ClickHouseServer } from '../support/clickhouse-server.ts'
import { RunningLens } from '../support/running-lens.ts'
import { ago, attributes, event, hex, resourceSpans, span } from '../support/spans.ts'

const cluster = 'two'
let server: ClickHouseServer
let distributed: RunningLens
let embedded: RunningLens
let store: Store
const traceIds: string[] = []

const opened = new AsyncDisposableStack()

before(async () => {
  server = opened.use(await ClickHouseServer.start({ cluster }))
  const clickhouseUrl = server.url()
  const options = { dataDirectory: '/nonexistent', clickhouseUrl, clickhouseCluster: cluster }
  store = await openStore(options, pino({ level: 'silent' }))
  opened.defer(() => store.close())
  distributed = opened.use(
    await RunningLens.start({ LENS_CLICKHOUSE_URL: clickhouseUrl.href, LENS_CLICKHOUSE_CLUSTER: cluster }),
  )
  embedded = opened.use(await RunningLens.start())
  const traces = Array.from({ length: 20 }, (_, index) => {
    const tenant = { tenant_id: index % 2 === 0 ? 'acme' : 'umbrella' }
    const root = span({
      startTimeUnixNano: ago(60_000 + index * 1000),
      durationMs: 10 + index * index,
      name: index % 3 === 0 ? 'GET /orders' : 'GET /',
      status: { message: '', code: index % 5 === 0 ? 2 : 0 },
      attributes: attributes({ ...tenant, user_id: `u${index % 4}` }),
      events: [event()],
    })
    const child = span({
      traceId: root.traceId,
      parentSpanId: root.spanId,
      startTimeUnixNano: root.startTimeUnixNano,
      name: 'SELECT',
      attributes: attributes({ ...tenant, 'db.rows': BigInt(index) }),
    })
    return { root, child }
  })
  traceIds.push(...traces.map(({ root }) => hex(root.traceId)))
  for (const lens of [distributed, embedded]) {
    await lens.send({
      resourceSpans: [
        resourceSpans(
          'shop',
          traces.map(({ root }) => root),
        ),
        resourceSpans(
          'database',
          traces.map(({ child }) => child),
        ),
      ],
    })
  }
})
after(() => opened.disposeAsync())

// Not dependencies, nor rates of services: they count rows of which each lies on one shard, and here each lies on both.
const questions: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['/api/services', {}],
  ['/api/services/shop/operations', {}],
  ['/api/traces', { service: 'shop', limit: '7' }],
  ['/api/traces', { service: 'shop', tags: '{"user_id":"u1"}', minDuration: '20ms' }],
  ['/api/lens/search', {}],
  ['/api/lens/search', { tenant: 'acme', status: 'error' }],
  ['/api/lens/search', { text: 'u3', limit: '3' }],
  ['/api/lens/facets', {}],
  ['/api/lens/facets', { tenant: 'umbrella' }],
  ['/api/lens/histogram', {}],
  ['/api/lens/latency', {}],
  ['/api/lens/tenants', {}],
  ['/api/lens/users', {}],
  ['/api/lens/search', { query: 'trace.spans > 1 and status = error' }],
]

/** What is of a moment: each Lens counts time from its own now. */
function lasting(answer: unknown): unknown {
  return JSON.parse(
    JSON.stringify(answer, (key, value: unknown) =>
      /^(from|to|bucket|bucketNs|received|tookMs|nextCursor|startMs|endMs)/.test(key) ? undefined : value,
    ),
  )
}

test('a cluster answers as one engine does', async () => {
  for (const [path, parameters] of questions) {
    const [ofCluster, ofOne] = await Promise.all([
      distributed.get(path, parameters),
      embedded.get(path, parameters),
    ])
    assert.deepEqual(lasting(ofCluster), lasting(ofOne), `${path} ${JSON.stringify(parameters)}`)
  }
  for (const id of traceIds.slice(0, 3)) {
    const path = `/api/lens/traces/${id}`
    const [ofCluster, ofOne] = await Promise.all([distributed.get(path), embedded.get(path)])
    assert.deepEqual(lasting(ofCluster), lasting(ofOne))
  }
})

test('shows the traces of a token’s tenants alone on a cluster', async () => {
  const { rows } = await store
    .restrictedTo(['acme'])
    .query<{ tenant: string; spans: string }>(
      'SELECT tenant, uniqExact(span_id) AS spans FROM spans GROUP BY tenant',
    )
  assert.deepEqual(rows, [{ tenant: 'acme', spans: '20' }])
})

test('inserts wait for the shards, and nothing is asked of one shard alone', () => {
  const inserts = server.received.filter(({ statement }) => statement.startsWith('INSERT INTO spans'))
  assert.ok(inserts.length > 0)
  for (const { settings } of inserts) assert.equal(settings.get('distributed_foreground_insert'), '1')
  const selects = server.received.filter(({ statement }) => /^SELECT[\s\S]* FROM spans/.test(statement))
  assert.ok(selects.length > 0)
  for (const { settings } of selects) {
    assert.equal(settings.get('distributed_product_mode'), 'global')
    assert.equal(settings.get('skip_unavailable_shards'), '0')
  }
})

test('every table and view is made on every server, its rows replicated, as an engine with a Keeper makes them', async () => {
  const statements = server.received.map(({ statement }) => statement)
  const made = statements.filter((statement) => /^\s*(CREATE|ALTER|DROP|RENAME|EXCHANGE)/.test(statement))
  const on = ` ON CLUSTER \`${cluster}\``
  assert.ok(made.length >= 8)
  assert.deepEqual(
    made.filter((statement) => !statement.includes(on)),
    [],
  )
  const database = 'replicated'
  const bootstrap = new ClickHouseEngine(server.engine, 'default')
  await bootstrap.command(`CREATE DATABASE ${database}`)
  await bootstrap.close()
  const engine = new ClickHouseEngine(server.engine, database)
  for (const statement of made) {
    if (statement.includes('{database:Identifier}')) continue
    await engine.command(`EXPLAIN AST ${statement}`)
    // An engine takes {uuid} from ON CLUSTER alone.
    const making = engine.command(statement.replace(on, '').replace('{uuid}', '{table}'))
    // Replicas in the engine's own Keeper are made and never come to life, so that they cannot be altered; the tests above alter others.
    if (/^\s*ALTER TABLE \w+_local /.test(statement))
      await assert.rejects(making, /Table is in readonly mode/)
    else await making
  }
  const { rows } = await engine.query<{ name: string; engine: string }>(
    'SELECT name, engine FROM system.tables WHERE database = {database:String} ORDER BY name',
    { database },
  )
  const engines = new Map(rows.map(({ name, engine }) => [name, engine]))
  for (const [name, kind] of engines) {
    const isShared = name === 'schema_versions' || name === 'migration_turns'
    const isRows = isShared || name.endsWith('_local')
    assert.match(kind, isRows ? /^Replicated\w*MergeTree$/ : /^(Distributed|MaterializedView)$/, name)
    if (kind === 'Distributed') assert.ok(engines.has(`${name}_local`), name)
  }
  assert.ok(engines.has('spans') && engines.has('traces'))
  await engine.close()
})
