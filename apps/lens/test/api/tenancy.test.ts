/**
 * Every route that there is, asked with a token of one tenant: what another tenant has changes no byte of any answer. The store is asked, then filled
 * with another's spans, then asked the same again. Routes come from the server's own list, so that a new one is held to it too.
 */

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, mock, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { encodeTraceRequest, type TraceRequest } from '@rustok/otlp'
import { RunningLens } from '../support/running-lens.ts'
import { attributes, event, hex, resourceSpans, span, spanId, traceId } from '../support/spans.ts'
import { TemporaryDirectory } from '../support/temporary-directory.ts'
import { tokenFile } from '../support/token-file.ts'

/** Both tenants have spans in this trace, as when one calls the other. */
const shared = traceId()
/** Of each tenant's root in it. */
const sharedRoots = { own: spanId(), foreign: spanId() }
const minute = 60_000_000_000n
/** Fixed, so that answers to the same question do not differ by when it was asked. */
const base = ((BigInt(Date.now()) * 1_000_000n) / minute) * minute - 10n * minute
const [own, foreign] = [world('own', 'foreign'), world('foreign', 'own')]

let directory: TemporaryDirectory
let lens: RunningLens
let tokens: Readonly<Record<'sender' | 'own' | 'admin', string>>
before(async () => {
  directory = await TemporaryDirectory.create()
  const file = await tokenFile(directory, {
    sender: { role: 'ingest', tenants: ['*'] },
    own: { role: 'read', tenants: [own.tenant] },
    admin: { role: 'admin' },
  })
  tokens = file.tokens
  lens = await RunningLens.start({ LENS_TOKENS_FILE: file.path })
  await send(own.spans)
  await sendLogs(own)
  // A range that ends now must be the same one when it is asked for again.
  mock.timers.enable({ apis: ['Date'], now: Date.now() })
})
after(async () => {
  mock.timers.reset()
  await lens[Symbol.asyncDispose]()
  await directory[Symbol.asyncDispose]()
})

type Kind = keyof typeof sharedRoots

/** A tenant's spans of two services, with names that stand nowhere else; `caller`, the other tenant, calls it once. */
function world(kind: Kind, caller: Kind, tenantName?: string) {
  const mark = `${kind}${randomUUID().slice(0, 8)}`
  const trace = traceId()
  const [front, back] = [`${mark}-front`, `${mark}-back`]
  const tenant = { tenant_id: tenantName ?? `${mark}-tenant`, user_id: `${mark}-user` }
  const spanOf = (id: Uint8Array, parent: Uint8Array, index: number, kind: number, extra: object = {}) =>
    span({
      traceId: id,
      parentSpanId: parent,
      name: `${mark}-operation`,
      kind,
      startTimeUnixNano: base + BigInt(index) * 1_000_000n,
      durationMs: 5 + index,
      attributes: attributes({ ...tenant, [`${mark}.key`]: `${mark}-value`, 'http.route': `/${mark}` }),
      events: [event({ name: `${mark}-event`, timeUnixNano: base })],
      status: { code: index % 3 === 0 ? 2 : 0, message: `${mark}-message` },
      ...extra,
    })
  const traces = Array.from({ length: 12 }, (_, index) => (index === 0 ? trace : traceId()))
  const roots = traces.map((id, index) => ({ id, span: spanId(), index }))
  const sharedRoot = { id: shared, span: tenantName === undefined ? sharedRoots[kind] : spanId(), index: 3 }
  const all = [...roots, sharedRoot]
  const spans: TraceRequest = {
    resourceSpans: [
      resourceSpans(
        front,
        all.map(({ id, span, index }) => spanOf(id, new Uint8Array(0), index, 3, { spanId: span })),
        { resource: { 'host.name': `${mark}-host` }, scope: { name: `${mark}-scope` } },
      ),
      resourceSpans(back, [
        ...all.map(({ id, span, index }) => spanOf(id, span, index + 1, 2)),
        spanOf(shared, sharedRoots[caller], 4, 2),
      ]),
    ],
  }
  const everyId = [
    ...traces.map(hex),
    ...spans.resourceSpans.flatMap((r) =>
      r.scopeSpans.flatMap((s) => s.spans.map(({ spanId }) => hex(spanId))),
    ),
  ]
  // The other tenant names this one itself, as a parent.
  const ids = everyId.filter((id) => id !== hex(sharedRoots[kind]))
  return {
    mark,
    trace: hex(trace),
    root: hex(roots[0]!.span),
    front,
    back,
    tenant: tenant.tenant_id,
    user: tenant.user_id,
    ids,
    spans,
  }
}

/** A log record of the tenant's, of its trace and of the shared one. */
function logsOf(world: World): string {
  const attributes = Object.entries({ 'service.name': world.front, tenant_id: world.tenant }).map(
    ([key, value]) => ({ key, value: { stringValue: value } }),
  )
  const logRecords = [world.trace, hex(shared)].map((traceId) => ({
    traceId,
    spanId: world.ids.at(-1),
    timeUnixNano: String(base),
    severityText: 'INFO',
    body: { stringValue: `${world.mark}-log` },
  }))
  return JSON.stringify({ resourceLogs: [{ resource: { attributes }, scopeLogs: [{ logRecords }] }] })
}

async function sendLogs(world: World): Promise<void> {
  const response = await fetch(`${lens.urls.otlpHttp}/v1/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${tokens.sender}` },
    body: logsOf(world),
  })
  assert.equal(response.status, 200)
}

async function send(request: TraceRequest): Promise<void> {
  const response = await lens.post(encodeTraceRequest(request), {
    'content-type': 'application/x-protobuf',
    authorization: `Bearer ${tokens.sender}`,
  })
  assert.equal(response.status, 200)
}

type World = typeof own

/** What a route may be asked: each parameter that any of them knows, of one tenant's. */
function questionsOf(world: World): readonly Readonly<Record<string, string>>[] {
  const [ms, us] = [Number(base / 1_000_000n), Number(base / 1_000n)]
  const range = { start: String(ms - 3_600_000), end: String(ms + 3_600_000) }
  const micros = { start: String(us - 3_600_000_000), end: String(us + 3_600_000_000) }
  const rfc = {
    'query.start_time_min': new Date(ms - 3_600_000).toISOString(),
    'query.start_time_max': new Date(ms + 3_600_000).toISOString(),
  }
  const metrics = {
    endTs: String(ms + 600_000),
    lookback: '3600000',
    step: '60000',
    ratePer: '600000',
    quantile: '0.95',
  }
  const attribute = `${world.mark}.key`
  return [
    {},
    range,
    micros,
    rfc,
    metrics,
    { text: world.mark },
    { ...range, service: world.front, operation: `${world.mark}-operation` },
    { ...range, tenant: world.tenant, user: world.user, status: 'error' },
    { ...range, text: world.mark },
    { ...range, attribute: `${attribute}=${world.mark}-value` },
    { ...range, query: `.${attribute} = "${world.mark}-value"` },
    {
      ...range,
      query: `service = "${world.front}"`,
      field: attribute,
      key: attribute,
      prefix: world.mark.slice(0, 4),
    },
    { ...range, split: 'error' },
    { ...range, key: attribute },
    { ...range, traceId: hex(shared) },
    { ...range, key: attribute, prefix: world.mark.slice(0, 3) },
    { ...range, split: 'error', unit: 'spans' },
    {
      ...micros,
      service: world.back,
      operation: `${world.mark}-operation`,
      tag: `${attribute}:${world.mark}-value`,
    },
    { ...micros, traceID: world.trace },
    { ...micros, traceID: hex(shared) },
    { ...rfc, 'query.service_name': world.front, 'query.num_traces': '20' },
    { ...metrics, service: world.back, groupByOperation: 'true', spanKind: 'server' },
    { service: world.front, spanKind: 'server', span_kind: 'server' },
    // Refused: its error must say nothing either.
    { ...range, tenant: world.tenant, limit: '-1', query: `service = "${world.front}" and (`, quantile: 'x' },
  ]
}

interface Answer extends Question {
  readonly status: number
  readonly body: string
}

/** By route as the server names it: the parameters that it takes, by its own description, which openapi.test.ts holds it to. */
async function knownParameters(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const response = await fetch(`${lens.urls.ui}/api/openapi.json`, {
    headers: { authorization: `Bearer ${tokens.admin}` },
  })
  const { paths } = (await response.json()) as {
    paths: Record<string, Record<string, { parameters?: { name: string; in: string }[] }>>
  }
  const all = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { parameters = [] }]): [string, ReadonlySet<string>] => [
      `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
      new Set(parameters.flatMap(({ name, in: place }) => (place === 'query' ? spellingsOf(name) : []))),
    ]),
  )
  return new Map([...all, ['GET /api/*', new Set()]])
}

/** Those of Jaeger's v3 go by two, of which the description has one. */
function spellingsOf(name: string): readonly string[] {
  const snake = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  const camel = name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
  return [name, snake, camel]
}

interface Question {
  readonly route: string
  readonly method: string
  readonly address: string
  readonly asked: World
}

/** All routes with all questions about these tenants. */
async function allQuestions(worlds: readonly World[]): Promise<readonly Question[]> {
  const known = await knownParameters()
  return lens.lens.routes.flatMap((route) => {
    const [method = '', pattern = ''] = route.split(' ')
    if (pattern === '/*' || pattern === '/assets/*' || pattern === '/api/lens/session') return []
    return worlds.flatMap((asked) =>
      addressesOf(pattern, asked, known.get(route)).map((address) => ({ method, address, asked, route })),
    )
  })
}

async function askAll(token: string, questions: readonly Question[]): Promise<readonly Answer[]> {
  const answers: Answer[] = []
  for (let index = 0; index < questions.length; index += 8) {
    const asked = questions
      .slice(index, index + 8)
      .map(async (question) => ({ ...question, ...(await ask(question.method, question.address, token)) }))
    answers.push(...(await Promise.all(asked)))
  }
  return answers
}

/** Questions that differ in what the route does not take are one. */
function addressesOf(pattern: string, world: World, known?: ReadonlySet<string>): readonly string[] {
  const all = questionsOf(world).map((parameters) => {
    const taken = Object.entries(parameters).filter(([name]) => known === undefined || known.has(name))
    return new URLSearchParams(taken).toString()
  })
  const questions = [...new Set(all)]
  const pathOf = (id: string) =>
    pattern
      .replace(/:service\b/, world.front)
      .replace(/:trace_?id\b|:id\b/i, id)
      .replace(/:spanId\b/, world.root)
      .replace(/:tenant\b/, world.tenant)
      .replace(/:\w+/g, world.front)
      .replace('*', 'x')
  const path = pathOf(world.trace)
  if (path === pattern) return questions.map((question) => `${path}?${question}`)
  // What such a route is asked stands in its path; parameters only bound it in time.
  return [
    ...[path, pathOf(hex(shared))].flatMap((path) =>
      questions.slice(0, 6).map((question) => `${path}?${question}`),
    ),
    pathOf('nonsense'),
  ]
}

async function ask(
  method: string,
  address: string,
  token: string,
): Promise<{ status: number; body: string }> {
  const hangUp = new AbortController()
  const response = await fetch(lens.urls.ui + address, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(method === 'GET' ? {} : { 'content-type': 'application/json' }),
    },
    ...(method === 'GET' || method === 'DELETE' ? {} : { body: '{}' }),
    signal: hangUp.signal,
  })
  // A stream goes on: the next test watches it.
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
  const body = isStream ? '' : await response.text()
  hangUp.abort()
  return { status: response.status, body: body.replace(/"tookMs":[\d.]+/g, '"tookMs":0') }
}

test('a tenant’s token gets the same bytes whether another tenant exists or not', {
  timeout: 300_000,
}, async () => {
  const questions = await allQuestions([own, foreign])
  const before = await askAll(tokens.own, questions)
  await send(foreign.spans)
  await sendLogs(foreign)
  const now = await askAll(tokens.own, questions)

  const failures = now
    .filter(({ status }) => status >= 500)
    .map(({ route, status, body }) => `${route} ${status} ${body.slice(0, 300)}`)
  assert.deepEqual([...new Set(failures)], [])
  for (const [index, answer] of now.entries()) {
    const { status, body } = before[index]!
    assert.deepEqual([answer.status, answer.body], [status, body], `${answer.method} ${answer.address}`)
    if (answer.asked === foreign) continue
    for (const secret of [foreign.mark, ...foreign.ids]) {
      assert.ok(!answer.body.includes(secret), `${answer.address} names ${secret}`)
    }
  }

  // Of each route, one of the same questions does show the other tenant to one who may see it: else they would prove nothing.
  const silent = new Set<string>()
  for (const [route, answers] of Map.groupBy(now, ({ route }) => route)) {
    const shows = async ({ method, address, body }: Answer) =>
      (await ask(method, address, tokens.admin)).body !== body
    let isShown = false
    for (const answer of answers) isShown ||= answer.asked === foreign && (await shows(answer))
    if (!isShown) silent.add(route)
  }
  assert.deepEqual([...silent.difference(unrelated)], [])
})

/** Their answers do not come from spans. */
const unrelated = new Set([
  'GET /api/openapi.json',
  'GET /api/metrics/minstep',
  'GET /health/live',
  'GET /health',
  'GET /health/ready',
  'GET /api/*',
  'GET /api/lens/endpoints',
  'GET /api/lens/tail',
  'POST /api/transform',
])

test('a tenant’s live tail tells of its own spans alone', { timeout: 120_000 }, async () => {
  mock.timers.reset()
  for (const unit of ['spans', 'traces']) {
    const hangUp = new AbortController()
    const open = (token: string) => watch(`/api/lens/tail?unit=${unit}&rate=100`, token, hangUp.signal)
    const [ours, everything] = await Promise.all([open(tokens.own), open(tokens.admin)])
    for (let round = 0; round < 2; round++) {
      const [mine, theirs] = [world('own', 'foreign', own.tenant), world('foreign', 'own', foreign.tenant)]
      await send(theirs.spans)
      await send(mine.spans)
      while (!ours.told().includes(mine.mark)) await sleep(20)
      while (!everything.told().includes(theirs.mark)) await sleep(20)
      for (const secret of [foreign.tenant, theirs.mark, ...theirs.ids]) {
        assert.ok(!ours.told().includes(secret))
      }
    }
    hangUp.abort()
    // Nor how many others there were.
    assert.doesNotMatch(ours.told(), /^event: skipped$/m)
  }
})

/** What a stream has told so far. Resolves when it is open. */
async function watch(address: string, token: string, signal: AbortSignal): Promise<{ told(): string }> {
  const headers = { authorization: `Bearer ${token}` }
  const response = await fetch(lens.urls.ui + address, { headers, signal })
  assert.equal(response.status, 200)
  let told = ''
  const write = (part: string) => {
    told += part
  }
  const text = response.body?.pipeThrough(new TextDecoderStream())
  text?.pipeTo(new WritableStream({ write })).catch(() => {})
  while (!told.includes('event: open')) await sleep(20)
  return { told: () => told }
}
