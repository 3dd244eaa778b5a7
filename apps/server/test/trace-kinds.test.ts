/** One trace of each kind of request, span by span: the tree of their names, and what the conventions want on each of them. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { initTracing, OtelConfig, type Tracing } from '@rustok/telemetry'
import { commerceOf } from './support/commerce-client.ts'
import { sendGraphQL } from './support/graphql-client.ts'
import { drawTree, type ReceivedSpan, type SpanReceiver, startSpanReceiver } from './support/span-receiver.ts'
import { startTestServer, type TestServer } from './support/test-server.ts'

type Send = (headers: Record<string, string>) => Promise<unknown>

let receiver: SpanReceiver
let tracing: Tracing
let server: TestServer

before(async () => {
  receiver = await startSpanReceiver()
  tracing = await initTracing(new OtelConfig({ endpoint: receiver.endpoint }), {
    handleSignals: false,
    without: ['undici', 'http-client'],
  })
  server = await startTestServer()
})
after(async () => {
  await server.stop(() => tracing.shutdown())
  receiver.close()
})

async function traceOf(send: Send): Promise<ReceivedSpan[]> {
  const traceId = randomUUID().replaceAll('-', '')
  await send({ traceparent: `00-${traceId}-00f067aa0ba902b7-01` })
  await server.events.settled()
  await tracing.forceFlush()
  const spans = receiver.ofTrace(traceId)
  for (const span of spans) checkConventions(span)
  return spans
}

const graphql =
  (user: string, query: string, variables: Record<string, unknown> = {}): Send =>
  (headers) =>
    sendGraphQL(server.url, query, { token: server.user(user).token, variables, headers })

const rest =
  (method: string, path: string, body?: unknown): Send =>
  async (headers) => {
    const type = body === undefined ? {} : { 'content-type': 'application/json' }
    const init = { method, headers: { ...headers, ...type, 'x-tenant-id': 'acme' } }
    const response = await fetch(`${server.url}${path}`, {
      ...init,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    await response.arrayBuffer()
  }

/** By the stable semantic conventions: what each kind of span must have, and that a name says nothing of one request alone. */
function checkConventions({ name, kind, attributes }: ReceivedSpan): void {
  assert.doesNotMatch(name, /\d{2}|[0-9a-f]{8}-|\?|\/\//, name)
  const has = (...keys: readonly string[]) => {
    for (const key of keys) assert.notEqual(attributes[key], undefined, `${name} has no ${key}`)
  }
  if (kind === 'server') {
    has('http.request.method', 'url.path', 'url.scheme', 'server.address', 'http.response.status_code')
    has('network.protocol.version', 'client.address', 'user_agent.original')
    const route = attributes['http.route']
    if (route !== undefined) assert.equal(name, `${attributes['http.request.method']} ${route}`)
  }
  if (attributes['db.operation.name'] !== undefined) {
    has('db.system.name', 'db.namespace', 'db.collection.name', 'db.query.text')
    assert.equal(kind, 'client', name)
    assert.equal(name, `${attributes['db.operation.name']} ${attributes['db.collection.name']}`)
    assert.doesNotMatch(String(attributes['db.query.text']), /'[^']+'/, 'a query text holds a value')
  }
  if (kind === 'producer' || kind === 'consumer') {
    has('messaging.destination.name', 'messaging.operation.name', 'messaging.operation.type')
    has('messaging.message.id')
  }
  if (attributes['graphql.operation.type'] !== undefined) has('graphql.document')
}

/** Siblings by name: statements that were sent at once end in any order. */
function tree(spans: readonly ReceivedSpan[]): string {
  return drawTree(spans.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)))
}

function checkActor(spans: readonly ReceivedSpan[], tenant: string, user: string): void {
  for (const { name, attributes } of spans) {
    assert.deepEqual([attributes.tenant_id, attributes.user_id], [tenant, user], name)
  }
}

/** The errors on a trace, by span name. */
const errorsOf = (spans: readonly ReceivedSpan[]) =>
  spans
    .filter(({ status }) => status === 2)
    .map(({ name, attributes }) => `${name}: ${attributes['error.type']}`)
    .toSorted()

test('sign-in: the user from the moment on that they are known, the tenant from the first statement', async () => {
  const password = 'ada tries rustok'
  const spans = await traceOf(rest('POST', '/auth/sign-in', { email: 'ada@acme.example', password }))
  assert.equal(
    tree(spans),
    `POST /auth/sign-in [server]
  identity.signIn [internal]
    SELECT users [client]
    transaction [internal]
      DELETE sessions [client]
      INSERT sessions [client]`,
  )
  checkActor(
    spans.filter(({ name }) => name !== 'SELECT users'),
    'acme',
    'ada',
  )
  assert.ok(spans.every(({ attributes }) => attributes.tenant_id === 'acme'))
  assert.doesNotMatch(inspect(spans), /tries rustok|ada@acme/)
})

test('a wrong password: the tenant and no user, no error of the server', async () => {
  const spans = await traceOf(rest('POST', '/auth/sign-in', { email: 'ada@acme.example', password: 'no' }))
  assert.equal(
    tree(spans),
    `POST /auth/sign-in [server]
  identity.signIn [internal]
    SELECT users [client]`,
  )
  for (const { name, attributes, status } of spans) {
    assert.deepEqual([attributes.tenant_id, attributes.user_id, status], ['acme', undefined, 0], name)
  }
})

async function refreshTokenOfBen(): Promise<string> {
  const response = await fetch(`${server.url}/auth/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-tenant-id': 'acme' },
    body: JSON.stringify({ email: 'ben@acme.example', password: 'ben tries rustok' }),
  })
  const { refreshToken } = (await response.json()) as { refreshToken: string }
  return refreshToken
}

test('a refresh: the tenant and user of the session', async () => {
  const refreshToken = await refreshTokenOfBen()
  const spans = await traceOf(rest('POST', '/auth/refresh', { refreshToken }))
  assert.equal(
    tree(spans),
    `POST /auth/refresh [server]
  identity.refresh [internal]
    transaction [internal]
      SELECT sessions [client]
      UPDATE sessions [client]`,
  )
  checkActor(
    spans.filter(({ name }) => name !== 'SELECT sessions'),
    'acme',
    'ben',
  )
  assert.doesNotMatch(inspect(spans), /rt_/)
})

test('a sign-out: the tenant and user of the session', async () => {
  const refreshToken = await refreshTokenOfBen()
  const spans = await traceOf(rest('POST', '/auth/sign-out', { refreshToken }))
  assert.equal(
    tree(spans),
    `POST /auth/sign-out [server]
  identity.signOut [internal]
    transaction [internal]
      SELECT sessions [client]
      UPDATE sessions [client]`,
  )
  checkActor(
    spans.filter(({ name }) => name !== 'SELECT sessions'),
    'acme',
    'ben',
  )
  assert.doesNotMatch(inspect(spans), /rt_/)
  // Nobody's word is taken for whose session it would have been.
  const again = await traceOf(rest('POST', '/auth/sign-out', { refreshToken }))
  assert.ok(again.every(({ attributes }) => attributes.tenant_id === undefined))
})

test('a forgotten password: the tenant, and the user from when it is found out who that is', async () => {
  const spans = await traceOf(rest('POST', '/auth/request-password-reset', { email: 'ben@acme.example' }))
  assert.equal(
    tree(spans),
    `POST /auth/request-password-reset [server]
  identity.requestPasswordReset [internal]
    transaction [internal]
      INSERT outbox [client]
      INSERT password_resets [client]
      create identity.password_reset.requested [producer]
        process identity.password_reset.requested [consumer]
          SELECT handled_events [client]
          SELECT password_resets [client]
          transaction [internal]
            INSERT handled_events [client]
            UPDATE password_resets [client]
        publish identity.password_reset.requested [client]`,
  )
  assert.ok(spans.every(({ attributes }) => attributes.tenant_id === 'acme'))
  const update = spans.find(({ name }) => name === 'UPDATE password_resets')
  assert.equal(update?.attributes.user_id, 'ben')
  assert.doesNotMatch(inspect(spans), /pr_|ben@acme/)
})

test('a list with authors: one span for a field however often it is resolved', async () => {
  const query = 'query Latest { nodes(first: 10) { totalCount edges { node { title author { name } } } } }'
  const spans = await traceOf(graphql('ada', query))
  assert.equal(
    tree(spans),
    `POST /graphql [server]
  identity.principal [internal]
    SELECT users [client]
  query Latest [internal]
    ContentNode.author [internal]
      identity.usersById [internal]
        SELECT users [client]
    NodeConnection.totalCount [internal]
      content.countNodes [internal]
        SELECT nodes [client]
    Query.nodes [internal]
      content.nodes [internal]
        SELECT nodes [client]`,
  )
  checkActor(spans, 'acme', 'ada')
})

test('publishing and the read model: both requests and the handler between them', async () => {
  const create = 'mutation { createNode(input: { title: "First" }) { node { id } } }'
  const { data } = await sendGraphQL<{ createNode: { node: { id: string } } }>(server.url, create, {
    token: server.user('dev').token,
  })
  const publish = 'mutation Publish($id: ID!) { publishNode(id: $id) { node { status } } }'
  const spans = await traceOf(graphql('dev', publish, { id: data?.createNode.node.id }))
  checkActor(spans, 'globex', 'dev')
  const names = spans.map(({ name }) => name)
  for (const name of ['UPDATE nodes', 'process content.node.published', 'INSERT content_stats']) {
    assert.ok(names.includes(name), `${name} is not in\n${tree(spans)}`)
  }
  const stats = await traceOf(graphql('dev', 'query Stats { contentStats { published } }'))
  assert.equal(
    tree(stats),
    `POST /graphql [server]
  identity.principal [internal]
    SELECT users [client]
  query Stats [internal]
    Query.contentStats [internal]
      content.stats [internal]
        SELECT content_stats [client]`,
  )
})

test('an order: statements below its transaction, the event below that, its handler below the event', async () => {
  const shop = commerceOf(server)
  const [a] = (await shop.stocked('ada', 5)) as [string]
  const cartId = await shop.cartWith('ben', [a, 2])
  const query =
    'mutation Order($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } errors { message } } }'
  const spans = await traceOf(graphql('ben', query, { input: { cartId, idempotencyKey: randomUUID() } }))
  assert.ok(spans.length < 40, tree(spans))
  checkActor(spans, 'acme', 'ben')
  const parents = (name: string): string[] => {
    const path: string[] = []
    let span = spans.find((candidate) => candidate.name === name)
    assert.ok(span, `${name} is not in\n${tree(spans)}`)
    while (span !== undefined) {
      path.unshift(span.name)
      const parentSpanId: string = span.parentSpanId
      span = spans.find(({ spanId }) => spanId === parentSpanId)
    }
    return path
  }
  const transaction = [
    'POST /graphql',
    'mutation Order',
    'Mutation.placeOrder',
    'commerce.placeOrder',
    'transaction',
  ]
  assert.deepEqual(parents('UPDATE variant_stock'), [...transaction, 'UPDATE variant_stock'])
  const created = [...transaction, 'create commerce.order.placed']
  assert.deepEqual(parents('process commerce.order.placed'), [...created, 'process commerce.order.placed'])
})

test('a REST request that cannot be understood: its route, its status, no error', async () => {
  const [root, ...others] = await traceOf(rest('POST', '/auth/sign-in', { email: 1 }))
  assert.equal(others.length, 0)
  assert.equal(root?.name, 'POST /auth/sign-in')
  assert.equal(Number(root?.attributes['http.response.status_code']), 400)
  assert.equal(root?.status, 0)
})

test('a GraphQL document that cannot be executed has no span of an operation', async () => {
  for (const document of ['{ nope', '{ nope }']) {
    const spans = await traceOf(graphql('ada', document))
    assert.equal(
      tree(spans),
      `POST /graphql [server]
  identity.principal [internal]
    SELECT users [client]`,
    )
  }
})

test('a path that nobody serves: named by its method alone', async () => {
  const spans = await traceOf(rest('GET', `/nope/${randomUUID()}`))
  assert.equal(tree(spans), 'GET [server]')
  assert.equal(Number(spans[0]?.attributes['http.response.status_code']), 404)
  assert.equal(spans[0]?.attributes['http.route'], undefined)
})

// Last: it breaks a table.
test('an error of the database: on its statement, and on all that failed because of it', async () => {
  await server.owner.schema.alterTable('content_stats').renameTo('content_stats_gone').execute()
  const spans = await traceOf(graphql('ada', 'query Stats { contentStats { published } }'))
  await server.owner.schema.alterTable('content_stats_gone').renameTo('content_stats').execute()
  const statement = spans.find(({ name }) => name === 'SELECT content_stats')
  assert.equal(statement?.attributes['db.response.status_code'], '42P01')
  assert.deepEqual(
    errorsOf(spans).map((error) => error.split(':')[0]),
    ['Query.contentStats', 'SELECT content_stats', 'content.stats', 'query Stats'],
  )
})

function inspect(spans: readonly ReceivedSpan[]): string {
  return JSON.stringify(spans, (_key, value) => (typeof value === 'bigint' ? String(value) : value))
}
