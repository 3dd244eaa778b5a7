/** One request is one trace: its spans as they arrive at a collector, with parents, kinds, tenant and user. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { after, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { initTracing, OtelConfig, type Tracing } from '@rustok/telemetry'
import { dataOf, sendGraphQL } from './support/graphql-client.ts'
import { drawTree, type ReceivedSpan, type SpanReceiver, startSpanReceiver } from './support/span-receiver.ts'
import { startTestServer, type TestServer } from './support/test-server.ts'

let receiver: SpanReceiver
let tracing: Tracing
let server: TestServer

before(async () => {
  receiver = await startSpanReceiver()
  tracing = await initTracing(new OtelConfig({ endpoint: receiver.endpoint }), {
    handleSignals: false,
    // The requests of this test come from the same process.
    without: ['undici', 'http-client'],
  })
  server = await startTestServer()
})
after(async () => {
  await server.stop(() => tracing.shutdown())
  receiver.close()
})

/** Sends a request as the caller of a trace, and waits until all of that trace has arrived. */
async function traceOf(user: string, query: string, variables: Record<string, unknown> = {}) {
  const traceId = crypto.randomUUID().replaceAll('-', '')
  const answer = await sendGraphQL(server.url, query, {
    token: server.user(user).token,
    variables,
    headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01`, tracestate: 'caller=1' },
  })
  await server.events.settled()
  await tracing.forceFlush()
  return { traceId, answer, spans: receiver.ofTrace(traceId) }
}

function only(spans: readonly ReceivedSpan[], name: string): ReceivedSpan {
  const found = spans.filter((span) => span.name === name)
  assert.equal(found.length, 1, `${name}: found ${found.length} in\n${drawTree(spans)}`)
  return found[0]!
}

const CREATE = `mutation Create($title: String!) {
  createNode(input: { title: $title }) { node { id author { name } } errors { message } }
}`

test('traces a mutation from the server down to the database and on through the event handler', async () => {
  const { traceId, answer, spans } = await traceOf('ben', CREATE, { title: 'Traced' })
  assert.equal(answer.headers.get('x-trace-id'), traceId)
  assert.equal(
    drawTree(spans.toSorted((a, b) => order(a) - order(b))),
    `POST /graphql [server]
  identity.principal [internal]
    SELECT users [client]
  mutation Create [internal]
    Mutation.createNode [internal]
      content.createNode [internal]
        transaction [internal]
          INSERT nodes [client]
          INSERT outbox [client]
          create content.node.created [producer]
            publish content.node.created [client]
            process content.node.created [consumer]
              transaction [internal]
                INSERT handled_events [client]
                INSERT content_stats [client]
    ContentNode.author [internal]
      identity.usersById [internal]
        SELECT users [client]`,
  )
  const root = only(spans, 'POST /graphql')
  assert.equal(root.parentSpanId, '00f067aa0ba902b7')
  assert.ok(spans.every((span) => span.status === 0))
})

/** Spans arrive as they end; shown in the order in which the tree above reads. */
function order(span: ReceivedSpan): number {
  const names = [
    'identity.principal',
    'mutation',
    'Mutation',
    'content',
    'transaction',
    'INSERT handled',
    'INSERT',
    'publish',
  ]
  const found = names.findIndex((name) => span.name.startsWith(name))
  return found === -1 ? names.length : found
}

test('puts tenant and user on every span of a request', async () => {
  const { spans } = await traceOf('dev', CREATE, { title: 'For Globex' })
  assert.ok(spans.length >= 15)
  for (const span of spans) {
    assert.equal(span.attributes.tenant_id, 'globex', span.name)
    assert.equal(span.attributes.user_id, 'dev', span.name)
  }
})

test('describes create, publish and process by the messaging conventions, linked and under one parent', async () => {
  const { traceId, spans } = await traceOf('ada', CREATE, { title: 'Messaging' })
  const create = only(spans, 'create content.node.created')
  const publish = only(spans, 'publish content.node.created')
  const process = only(spans, 'process content.node.created')
  const messageId = create.attributes['messaging.message.id']
  const common = {
    'messaging.destination.name': 'content.node.created',
    'messaging.message.id': messageId,
    'messaging.message.conversation_id': messageId,
    tenant_id: 'acme',
    user_id: 'ada',
  }
  assert.match(String(messageId), /^[0-9a-f-]{36}$/)
  assert.deepEqual(create.attributes, {
    ...common,
    'messaging.operation.name': 'create',
    'messaging.operation.type': 'create',
  })
  assert.deepEqual(publish.attributes, {
    ...common,
    'messaging.system': 'in_process',
    'messaging.operation.name': 'publish',
    'messaging.operation.type': 'send',
  })
  assert.deepEqual(process.attributes, {
    ...common,
    'messaging.system': 'in_process',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.consumer.group.name': 'content-stats',
  })
  assert.equal(publish.parentSpanId, create.spanId)
  assert.equal(process.parentSpanId, create.spanId)
  assert.deepEqual(process.links, [{ traceId, spanId: create.spanId }])
  assert.deepEqual([create.kind, publish.kind, process.kind], ['producer', 'client', 'consumer'])
})

test('publishes no event for what was rolled back or refused', async () => {
  const { spans, answer } = await traceOf('ada', CREATE, { title: '   ' })
  assert.equal(answer.status, 200)
  assert.equal(
    spans.find((span) => span.kind === 'producer' || span.name === 'transaction'),
    undefined,
  )
  assert.ok(
    spans.every((span) => span.status !== 2),
    'what a user gets wrong is no error of the server',
  )
})

test('asks the database as often for ten nodes with authors as for two', async () => {
  const query =
    'query ($first: Int!) { nodes(first: $first) { edges { node { title author { name role } } } } }'
  const queries = async (first: number) => {
    const { spans, answer } = await traceOf('ada', query, { first })
    const { nodes } = answer.data as { nodes: { edges: unknown[] } }
    assert.equal(nodes.edges.length, first)
    return spans.filter((span) => span.kind === 'client').map((span) => span.name)
  }
  const two = await queries(2)
  assert.deepEqual(two, ['SELECT users', 'SELECT nodes', 'SELECT users'])
  assert.deepEqual(await queries(10), two)
})

test('names the span of a refused request by its route, and marks no error', async () => {
  const traceId = crypto.randomUUID().replaceAll('-', '')
  await sendGraphQL(server.url, '{ me { id } }', {
    headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
  })
  await tracing.forceFlush()
  const spans = receiver.ofTrace(traceId)
  assert.equal(drawTree(spans), 'POST /graphql [server]')
  assert.equal(spans[0]?.attributes['http.route'], '/graphql')
  assert.equal(Number(spans[0]?.attributes['http.response.status_code']), 401)
  assert.equal(spans[0]?.status, 0)
})

test('keeps requests apart that share a connection, with bodies that come later than their headers', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ids: string[] = []
  for (const user of ['ada', 'dev', 'ada']) {
    const traceId = crypto.randomUUID().replaceAll('-', '')
    ids.push(traceId)
    const body = JSON.stringify({
      query: 'mutation { createNode(input: { title: "Slow" }) { node { id } } }',
    })
    const sent = request(`${server.url}/graphql`, {
      agent,
      method: 'POST',
      headers: {
        authorization: `Bearer ${server.user(user).token}`,
        'content-type': 'application/json',
        'content-length': body.length,
        traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
      },
    })
    sent.flushHeaders()
    await setTimeout(30)
    sent.write(body.slice(0, 20))
    await setTimeout(30)
    sent.end(body.slice(20))
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    assert.equal(response.statusCode, 200)
    await response.resume().toArray()
  }
  agent.destroy()
  await server.events.settled()
  await tracing.forceFlush()
  for (const [index, tenant] of ['acme', 'globex', 'acme'].entries()) {
    const spans = receiver.ofTrace(ids[index]!)
    only(spans, 'INSERT nodes')
    only(spans, 'INSERT content_stats')
    assert.deepEqual(new Set(spans.map((span) => span.attributes.tenant_id)), new Set([tenant]))
  }
})

test('writes the ids of trace, span, tenant and user on each log line of a request', async () => {
  const before = server.lines.length
  const { traceId, spans } = await traceOf('ada', '{ me { id } }')
  const lines = server.lines.slice(before)
  const completed = lines.find((line) => line.msg === 'request completed')
  assert.equal(completed?.span_id, only(spans, 'POST /graphql').spanId)
  for (const line of lines) {
    assert.equal(line.trace_id, traceId, line.msg)
    assert.equal(line.tenant_id, 'acme', line.msg)
    assert.equal(line.user_id, 'ada', line.msg)
  }
})

test('starts the server in a trace of its own, migrations and seeding included', async () => {
  await tracing.forceFlush()
  const start = only(receiver.spans, 'server.start')
  assert.equal(start.parentSpanId, '')
  const statements = receiver.ofTrace(start.traceId).filter((span) => span.kind === 'client')
  assert.ok(statements.some((span) => span.name === 'CREATE nodes'))
  assert.ok(statements.some((span) => span.name === 'INSERT tenants'))
})

test('leaves health checks of the database without spans below them', async () => {
  const traceId = crypto.randomUUID().replaceAll('-', '')
  const response = await fetch(`${server.url}/health/ready`, {
    headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
  })
  assert.equal(response.status, 200)
  await tracing.forceFlush()
  assert.equal(drawTree(receiver.ofTrace(traceId)), 'GET /health/ready [server]')
})

test('keeps the data of a request out of its spans', async () => {
  const { spans } = await traceOf(
    'ada',
    'mutation { createNode(input: { title: "Confidential" }) { node { id } } }',
  )
  assert.doesNotMatch(
    JSON.stringify(spans, (_key, value) => (typeof value === 'bigint' ? String(value) : value)),
    /Confidential/,
  )
  assert.ok(await dataOf(sendGraphQL(server.url, '{ me { id } }', { token: server.user('ada').token })))
})

test('tells the id of its trace with every error, on REST and in GraphQL', async () => {
  for (const sent of ['{ nodes(first: 0) { totalCount } }', '{ nothing }', '{ unclosed']) {
    const { answer, traceId } = await traceOf('ada', sent)
    assert.deepEqual(
      answer.errors.map(({ extensions }) => extensions?.traceId),
      [traceId],
      sent,
    )
  }
  for (const path of ['/nope', '/graphql', '/%zz']) {
    const response = await fetch(server.url + path)
    const { traceId } = (await response.json()) as { traceId?: string }
    assert.match(traceId ?? '', /^[0-9a-f]{32}$/, path)
    assert.equal(response.headers.get('x-trace-id'), traceId, path)
  }
})
