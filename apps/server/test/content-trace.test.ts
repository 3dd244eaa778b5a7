/** Content's requests as traces: as many statements for many nodes as for one, and what publishing sets going. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { initTracing, OtelConfig, type Tracing } from '@rustok/telemetry'
import { indexPublished } from '../src/content/search-index.ts'
import { contentOf } from './support/content-client.ts'
import { sendGraphQL } from './support/graphql-client.ts'
import { drawTree, type SpanReceiver, startSpanReceiver } from './support/span-receiver.ts'
import { startTestServer, type TestServer } from './support/test-server.ts'

const COUNT = 100

let receiver: SpanReceiver
let tracing: Tracing
let server: TestServer
let content: ReturnType<typeof contentOf>

before(async () => {
  receiver = await startSpanReceiver()
  tracing = await initTracing(new OtelConfig({ endpoint: receiver.endpoint }), {
    handleSignals: false,
    without: ['undici', 'http-client'],
  })
  server = await startTestServer()
  content = contentOf(server)
  await fill()
})
after(async () => {
  await server.stop(() => tracing.shutdown())
  receiver.close()
})

/** Published nodes with a tag, a slug, a translation and a draft each; written directly, as none of it is what is measured. */
async function fill(): Promise<void> {
  const { owner } = server
  const tenant_id = 'acme'
  const ids = Array.from({ length: COUNT }, () => randomUUID())
  const product_id = '01990000-0000-7000-8000-a00000000001'
  const published_at = new Date()
  await owner
    .insertInto('nodes')
    .values(
      ids.map((id, n) => ({
        tenant_id,
        id,
        author_id: n % 2 === 0 ? 'ada' : 'ben',
        title: `Number ${n}`,
        body: 'Countable',
        kind: 'story' as const,
        product_id,
        status: 'published' as const,
        published_at,
      })),
    )
    .execute()
  await owner
    .insertInto('node_tags')
    .values(ids.map((node_id) => ({ tenant_id, node_id, tag: 'many' })))
    .execute()
  await owner
    .insertInto('node_slugs')
    .values(ids.map((node_id) => ({ tenant_id, node_id, locale: 'en', slug: `n-${node_id}` })))
    .execute()
  const text = { tenant_id, locale: 'de', title: 'Nummer', body: 'Zählbar' }
  await owner
    .insertInto('node_translations')
    .values(ids.map((node_id) => ({ ...text, node_id, translator_id: 'ada' })))
    .execute()
  await owner
    .insertInto('node_drafts')
    .values(ids.map((node_id, n) => ({ ...text, node_id, editor_id: n % 2 === 0 ? 'ada' : 'ben' })))
    .execute()
  await indexPublished(owner, tenant_id)
}

async function traceOf(user: string, query: string, variables: Record<string, unknown> = {}) {
  const traceId = randomUUID().replaceAll('-', '')
  const { data, errors } = await sendGraphQL(server.url, query, {
    token: server.user(user).token,
    variables,
    headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
  })
  assert.deepEqual(errors, [])
  await server.events.settled()
  await tracing.forceFlush()
  return { data: data!, spans: receiver.ofTrace(traceId) }
}

const NODE = `title slug tags author { name } text(locale: "de-CH") { title slug } draft(locale: "de") { title editor { name } }
  translations(first: 2) { edges { node { locale } } } product { title }`

const LISTS = {
  nodes: `query ($first: Int!) { nodes(first: $first, tag: "many") { totalCount edges { node { ${NODE} } } } }`,
  search: `query ($first: Int!) { search(query: "countable", first: $first) {
    totalCount edges { node { snippet { text } node { ${NODE} } } } } }`,
} as const

for (const [list, query] of Object.entries(LISTS)) {
  test(`asks the database as often for a hundred nodes of ${list}, with all that hangs on them, as for one`, async () => {
    const statements = async (first: number) => {
      const { data, spans } = await traceOf('ada', query, { first })
      const { edges } = data[list] as { edges: { node: object }[] }
      assert.equal(edges.length, first)
      assert.match(
        JSON.stringify(edges.at(-1)),
        /"tags":\["many"\].*"text":\{"title":"Nummer".*"draft":\{"title"/,
      )
      const names = spans.filter(({ kind }) => kind === 'client').map(({ name }) => name)
      return { statements: names.toSorted() }
    }
    const one = await statements(1)
    assert.ok(one.statements.length >= 8)
    assert.deepEqual(await statements(10), one)
    assert.deepEqual(await statements(100), one)
  })
}

test('says how many a loader asked for at once', async () => {
  const { spans } = await traceOf('ada', LISTS.nodes, { first: 40 })
  const sizes = Object.fromEntries(
    spans
      .filter(({ attributes }) => attributes['rustok.batch.size'] !== undefined)
      .map(({ name, attributes }) => [name, Number(attributes['rustok.batch.size'])]),
  )
  for (const loader of ['slugsOf', 'tagsOf', 'textsOf', 'draftsOf', 'translationsOf']) {
    assert.equal(sizes[`content.${loader}`], 40, loader)
  }
  assert.equal(sizes['commerce.productsById'], 1)
})

test('tells what publishing set going, down to the search index, with tenant and user on each span', async () => {
  const { id } = await content.created('ben', { title: 'Traced', body: 'x' })
  const query = 'mutation Publish($id: ID!) { publishNode(id: $id) { node { status } errors { message } } }'
  const { spans } = await traceOf('ben', query, { id })
  const tree = drawTree(spans)
  assert.ok(spans.length < 40, tree)
  const names = new Set(spans.map(({ name }) => name))
  for (const name of [
    'content.publishNode',
    'transaction',
    'SELECT nodes',
    'UPDATE nodes',
    'create content.node.published',
    'process content.node.published',
    'INSERT content_stats',
    'DELETE content_search',
    'INSERT content_search',
  ]) {
    assert.ok(names.has(name), `${name} is not in\n${tree}`)
  }
  for (const { name, attributes } of spans) {
    assert.deepEqual([attributes.tenant_id, attributes.user_id], ['acme', 'ben'], name)
  }
})

test('marks what is refused as an outcome, and not as an error', async () => {
  const { id } = await content.created('ben', { title: 'Refused', kind: 'PAGE' })
  const query = 'mutation Publish($id: ID!) { publishNode(id: $id) { errors { __typename } } }'
  const { spans } = await traceOf('ben', query, { id })
  const span = spans.find(({ name }) => name === 'content.publishNode')
  assert.equal(span?.attributes['rustok.outcome'], 'wrong_state')
  assert.ok(spans.every(({ status }) => status !== 2))
})
