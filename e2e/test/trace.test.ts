/** One request, its whole trace: from the caller's header through server, database and event handler, until Lens answers for it. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { SpanView } from 'rustok-lens/contract'
import { type App, type LensReady, type ServerReady, startLens, startServer } from '../harness/app-process.ts'
import { type Caller, createNode, createNodePaths, newCaller, sendGraphQL } from '../harness/graphql.ts'
import {
  awaitTrace,
  fetchJaegerTraces,
  fetchTrace,
  type JaegerSpan,
  type JaegerTrace,
  pathsOf,
  searchTraces,
} from '../harness/lens-api.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../harness/temporary-directory.ts'

let directory: TemporaryDirectory
let lens: App<LensReady>
let ui: string

before(async () => {
  directory = temporaryDirectory()
  lens = await startLens(directory.path)
  ui = lens.ready.urls.ui
})
after(async () => {
  await lens[Symbol.asyncDispose]()
  directory[Symbol.dispose]()
})

/** `user` of `tenant`, as the server introduced them. */
function tokenOf({ ready }: App<ServerReady>, tenantId: string, userId: string): string {
  const tenant = ready.demo.tenants.find(({ id }) => id === tenantId)
  const user = tenant?.users.find(({ id }) => id === userId)
  assert.ok(user, `${userId} of ${tenantId}`)
  return user.token
}

function bySpanName(spans: readonly SpanView[], name: string): SpanView {
  const [span, ...more] = spans.filter((each) => each.name === name)
  assert.ok(span, `no span ${name}`)
  assert.equal(more.length, 0, `${more.length + 1} spans ${name}`)
  return span
}

function assertSameSpan(trace: JaegerTrace, jaeger: JaegerSpan | undefined, span: SpanView): void {
  assert.ok(jaeger, span.name)
  assert.equal(trace.processes[jaeger.processID]?.serviceName, 'rustok-server')
  assert.equal(jaeger.operationName, span.name)
  const parents = jaeger.references.filter(({ refType }) => refType === 'CHILD_OF')
  assert.deepEqual(
    parents.map(({ traceID, spanID }) => [traceID, spanID]),
    [[jaeger.traceID, span.parentSpanId]],
  )
  const tags = new Map(jaeger.tags.map(({ key, value }) => [key, value]))
  assert.equal(tags.get('span.kind'), span.kind, span.name)
  assert.equal(tags.get('tenant_id'), span.tenant, span.name)
  assert.equal(tags.get('user_id'), span.user, span.name)
  assert.equal(tags.has('error'), false, span.name)
}

describe('a GraphQL mutation with a traceparent', () => {
  let caller: Caller
  let spans: readonly SpanView[]

  before(async () => {
    caller = newCaller()
    await using server = await startServer(directory.path, lens.ready.urls.otlpGrpc)
    const answer = await sendGraphQL(server.ready.url, {
      token: tokenOf(server, 'acme', 'ben'),
      query: createNode,
      variables: { title: 'First light' },
      caller,
    })
    assert.equal(answer.status, 200)
    assert.equal(answer.body.errors, undefined)
    assert.equal(answer.traceId, caller.traceId)
    // At once: what the event handler has not done yet and what waits for its batch must not get lost.
    assert.equal(await server.end('SIGTERM'), 0, server.output())
    spans = (await fetchTrace(ui, caller.traceId)).spans
  })

  it('is one trace with every span of the request, each below the one that caused it', () => {
    assert.deepEqual(pathsOf(spans), createNodePaths)
  })

  it("continues the caller's trace below the caller's span", () => {
    assert.equal(bySpanName(spans, 'POST /graphql').parentSpanId, caller.spanId)
  })

  it('carries tenant and user on every span, as attributes too', () => {
    for (const { name, tenant, user, attributes } of spans) {
      assert.deepEqual([tenant, user], ['acme', 'ben'], name)
      const values = new Map(attributes.map(({ key, value }) => [key, value]))
      assert.deepEqual([values.get('tenant_id'), values.get('user_id')], ['acme', 'ben'], name)
    }
  })

  it('ties the event handler to where the event was created, as its child and by a link', () => {
    const event = bySpanName(spans, 'create content.node.created')
    const process = bySpanName(spans, 'process content.node.created')
    assert.equal(process.parentSpanId, event.spanId)
    assert.deepEqual(
      process.links.map(({ traceId, spanId }) => [traceId, spanId]),
      [[caller.traceId, event.spanId]],
    )
  })

  it('has no error, and lies in time as it does in the tree', () => {
    const byId = new Map(spans.map((span) => [span.spanId, span]))
    for (const { name, status, parentSpanId, startUnixNano } of spans) {
      assert.notEqual(status, 'error', name)
      const parent = byId.get(parentSpanId)
      if (parent !== undefined) assert.ok(BigInt(startUnixNano) >= BigInt(parent.startUnixNano), name)
    }
  })

  it('is found under its tenant, and under no other', async () => {
    const found = await searchTraces(ui, { tenant: 'acme' })
    assert.deepEqual(
      found.traces.map(({ traceId }) => traceId),
      [caller.traceId],
    )
    const [summary] = found.traces
    assert.equal(found.total, 1)
    assert.equal(summary?.rootName, 'POST /graphql')
    assert.equal(summary?.spanCount, createNodePaths.length)
    assert.deepEqual(summary?.users, ['ben'])
    assert.equal((await searchTraces(ui, { tenant: 'globex' })).total, 0)
  })

  it("is the same trace in Jaeger's API", async () => {
    const [trace, ...others] = await fetchJaegerTraces(ui, caller.traceId)
    assert.ok(trace)
    assert.deepEqual(others, [])
    assert.equal(trace.traceID, caller.traceId)
    const byId = new Map(trace.spans.map((span) => [span.spanID, span]))
    assert.equal(byId.size, spans.length)
    for (const span of spans) assertSameSpan(trace, byId.get(span.spanId), span)
  })
})

describe('many mutations of both tenants at once', () => {
  const people = [
    ['acme', 'ada'],
    ['globex', 'dev'],
    ['acme', 'ben'],
    ['globex', 'chloe'],
  ] as const

  it('lose no span when the server is told to end right after the last answer', async () => {
    await using server = await startServer(directory.path, lens.ready.urls.otlpGrpc)
    const visits = Array.from({ length: 40 }, (_, index) => {
      const [tenant, user] = people[index % people.length]!
      return { tenant, user, caller: newCaller(), token: tokenOf(server, tenant, user) }
    })
    const answers = await Promise.all(
      visits.map(({ token, caller }, index) =>
        sendGraphQL(server.ready.url, {
          token,
          query: createNode,
          variables: { title: `Page ${index}` },
          caller,
        }),
      ),
    )
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
    assert.equal(await server.end('SIGTERM'), 0, server.output())
    for (const { caller, tenant, user } of visits) {
      const { spans } = await fetchTrace(ui, caller.traceId)
      assert.deepEqual(pathsOf(spans), createNodePaths)
      assert.deepEqual(
        new Set(spans.map((span) => `${span.tenant}/${span.user}`)),
        new Set([`${tenant}/${user}`]),
      )
    }
  })

  it('answers and traces the requests that are open when the server is told to end', async () => {
    await using server = await startServer(directory.path, lens.ready.urls.otlpGrpc)
    const token = tokenOf(server, 'acme', 'ada')
    const callers = Array.from({ length: 8 }, newCaller)
    const sent = callers.map((caller) =>
      sendGraphQL(server.ready.url, {
        token,
        query: createNode,
        variables: { title: 'At the door' },
        caller,
      }),
    )
    const first = await Promise.race(sent)
    assert.equal(first.status, 200)
    const ended = server.end('SIGTERM')
    const answers = await Promise.allSettled(sent)
    assert.equal(await ended, 0, server.output())
    const answered = callers.filter((_, index) => answers[index]?.status === 'fulfilled')
    assert.ok(answered.length > 0)
    for (const { traceId } of answered) {
      assert.deepEqual(pathsOf((await fetchTrace(ui, traceId)).spans), createNodePaths)
    }
  })
})

describe('a server that goes on running', () => {
  it('hands over a trace without being told to, marks what failed, and starts a trace where the caller has none', async () => {
    await using server = await startServer(directory.path, lens.ready.urls.otlpGrpc, {
      OTEL_BSP_SCHEDULE_DELAY: '200',
    })
    const token = tokenOf(server, 'globex', 'dev')
    const query = 'query TooFew { nodes(first: 0) { totalCount } }'
    const { traceId, status, body } = await sendGraphQL(server.ready.url, { token, query })
    assert.equal(status, 200)
    assert.equal(body.errors?.length, 1)
    assert.ok(traceId)
    const isComplete = ({ spans }: { readonly spans: readonly SpanView[] }): boolean =>
      spans.some(({ kind }) => kind === 'server')
    const { spans } = await awaitTrace(ui, traceId, isComplete)
    assert.equal(spans.find(({ kind }) => kind === 'server')?.parentSpanId, '')
    assert.equal(spans.find(({ name }) => name === 'query TooFew')?.status, 'error')
  })
})

describe('what Lens has acknowledged', () => {
  it('is there after it was killed', async () => {
    const { traces } = await searchTraces(ui, { tenant: 'acme', limit: '1000' })
    assert.ok(traces.length > 1)
    await lens.end('SIGKILL')
    lens = await startLens(directory.path)
    ui = lens.ready.urls.ui
    const again = await searchTraces(ui, { tenant: 'acme', limit: '1000' })
    assert.deepEqual(
      again.traces.map(({ traceId, spanCount }) => [traceId, spanCount]),
      traces.map(({ traceId, spanCount }) => [traceId, spanCount]),
    )
  })
})
