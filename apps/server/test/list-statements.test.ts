/** Every list of the schema, asked for everything that hangs on it: the database is asked as often for many as for one. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { initTracing, OtelConfig, type Tracing } from '@rustok/telemetry'
import { schema } from '../src/graphql/schema.ts'
import { dataOf, sendGraphQL } from './support/graphql-client.ts'
import { drawTree, type SpanReceiver, startSpanReceiver } from './support/span-receiver.ts'
import { startTestServer, type TestServer } from './support/test-server.ts'
import { ENTITIES, OPERATIONS } from './tenant-matrix/fixtures.ts'
import { operationsOf } from './tenant-matrix/operations.ts'

const MANY = 6

const LISTS = operationsOf(schema).filter(
  ({ kind, document }) => kind === 'query' && document.includes('$first:'),
)

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
  const { token } = server.user('ada')
  const send = (document: string, variables: Record<string, unknown> = {}) =>
    dataOf(sendGraphQL(server.url, document, { token, variables }))
  for (let i = 0; i < MANY; i++) {
    for (const make of Object.values(ENTITIES)) await make(send, `list ${i}`)
  }
  await server.events.settled()
})
after(async () => {
  await server.stop(() => tracing.shutdown())
  receiver.close()
})

test('knows the lists of the schema', () => {
  assert.ok(LISTS.length >= 4, LISTS.map(({ name }) => name).join())
})

for (const { name, document } of LISTS) {
  test(`asks the database as often for ${MANY} of ${name} as for one`, async () => {
    const statements = async (first: number) => {
      const traceId = randomUUID().replaceAll('-', '')
      const variables = { ...OPERATIONS[name]?.variables?.('list'), first }
      const { data, errors } = await sendGraphQL(server.url, document, {
        token: server.user('ada').token,
        variables,
        headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
      })
      assert.deepEqual(errors, [])
      assert.equal((data![name] as { edges: unknown[] }).edges.length, first)
      await tracing.forceFlush()
      const spans = receiver.ofTrace(traceId)
      const names = spans.filter(({ kind }) => kind === 'client').map((span) => span.name)
      return { names: names.toSorted(), tree: drawTree(spans) }
    }
    const one = await statements(1)
    const many = await statements(MANY)
    assert.ok(one.names.length > 1)
    assert.deepEqual(many.names, one.names, many.tree)
  })
}
