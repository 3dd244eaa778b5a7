/** The description of the API, held against the routes that there are, against the contract's types, and against what the routes answer. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, mock, test } from 'node:test'
import { encodeTraceRequestJson } from '@rustok/otlp'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { type DescribedOperation, type Description, topics } from '../../src/api/openapi/description.ts'
import type { Schema } from '../../src/api/openapi/operation.ts'
import { contractSchemas, schemasFile } from '../support/contract-schemas.ts'
import { RunningLens } from '../support/running-lens.ts'
import { ago, attributes, event, hex, resourceSpans, span, traceId } from '../support/spans.ts'

/** Files of the UI, and the answer to every other address. */
const notApi = new Set(['GET /*', 'GET /assets/*', 'GET /api/*', 'OPTIONS *'])

let lens: RunningLens
let description: Description
before(async () => {
  lens = await RunningLens.start()
  await lens.send(stored)
  description = await lens.get<Description>('/api/openapi.json')
})
after(() => lens[Symbol.asyncDispose]())

const root = span({
  name: 'GET /cart',
  startTimeUnixNano: ago(30_000),
  durationMs: 80,
  status: { code: 2, message: 'boom' },
  attributes: attributes({ tenant_id: 'acme', user_id: 'u1', 'http.route': '/cart', list: ['a', 1n] }),
  events: [event({ attributes: attributes({ 'exception.type': 'E' }) })],
})
const child = span({
  traceId: root.traceId,
  parentSpanId: root.spanId,
  name: 'SELECT',
  startTimeUnixNano: ago(29_990),
  links: [
    {
      traceId: traceId(),
      spanId: root.spanId,
      traceState: '',
      attributes: [],
      droppedAttributesCount: 0,
      flags: 0,
    },
  ],
})
const fast = span({ name: 'GET /', startTimeUnixNano: ago(20_000), durationMs: 1 })
const stored = {
  resourceSpans: [
    resourceSpans('web', [root, fast], {
      resource: { 'host.name': 'h' },
      scope: { name: 'lib', version: '1' },
    }),
    resourceSpans('db', [child]),
  ],
}

test('describes every route, and nothing else', () => {
  const described = topics.flatMap(({ operations }) => Object.keys(operations))
  const registered = lens.lens.routes.filter((route) => !notApi.has(route))
  assert.deepEqual(described.toSorted(), registered.toSorted())
  const paths = Object.entries(description.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
  )
  assert.deepEqual(paths.toSorted(), described.toSorted())
})

test('is OpenAPI 3.1 to somebody else’s validator', async () => {
  const result = await new Validator().validate(JSON.parse(JSON.stringify(description)))
  assert.equal(result.valid, true, JSON.stringify(result.errors ?? '').slice(0, 2000))
})

test('has the schemas of the contract’s types as they are', () => {
  const written = JSON.parse(readFileSync(schemasFile, 'utf8')) as unknown
  assert.deepEqual(written, contractSchemas(), 'run: node apps/lens/test/support/contract-schemas.ts')
})

test('gives each operation a name of its own and parameters that are told apart', () => {
  const operations = Object.values(description.paths).flatMap((path) => Object.values(path))
  const ids = operations.map(({ operationId }) => operationId)
  assert.equal(new Set(ids).size, ids.length)
  for (const { operationId, parameters } of operations) {
    const names = (parameters as { name: string; description: string }[]).map(({ name }) => name)
    assert.equal(new Set(names).size, names.length, operationId)
  }
})

/** What is asked of each route; of what answers in JSON, at least once with something in it. */
const trace = hex(root.traceId)
const range = () => ({
  'query.startTimeMin': new Date(Date.now() - 3_600_000).toISOString(),
  'query.startTimeMax': new Date(Date.now() + 60_000).toISOString(),
})
const examples: Readonly<
  Record<string, readonly (readonly [path: string, query?: Record<string, string>])[]>
> = {
  'GET /api/lens/search': [
    ['/api/lens/search'],
    ['/api/lens/search', { query: 'status = error', limit: '1' }],
    ['/api/lens/search', { query: 'status =' }],
    ['/api/lens/search', { limit: 'x' }],
  ],
  'GET /api/lens/facets': [['/api/lens/facets'], ['/api/lens/facets', { fields: 'kind,http.route' }]],
  'GET /api/lens/histogram': [['/api/lens/histogram']],
  'GET /api/lens/latency': [['/api/lens/latency'], ['/api/lens/latency', { of: 'spans', service: 'none' }]],
  'GET /api/lens/heatmap': [['/api/lens/heatmap']],
  'GET /api/lens/attribute-keys': [['/api/lens/attribute-keys']],
  'GET /api/lens/attribute-values': [
    ['/api/lens/attribute-values', { key: 'http.route' }],
    ['/api/lens/attribute-values'],
  ],
  'GET /api/lens/compare': [
    ['/api/lens/compare', { split: 'error' }],
    ['/api/lens/compare', { split: 'duration', threshold: '50ms', unit: 'spans' }],
  ],
  'GET /api/lens/services': [['/api/lens/services'], ['/api/lens/services', { by: 'operation' }]],
  'GET /api/lens/dependencies': [['/api/lens/dependencies']],
  'GET /api/lens/map': [['/api/lens/map'], ['/api/lens/map', { status: 'error', limit: 'x' }]],
  'GET /api/lens/tenants': [['/api/lens/tenants']],
  'GET /api/lens/users': [['/api/lens/users']],
  'GET /api/lens/traces/:traceId': [
    [`/api/lens/traces/${trace}`],
    [`/api/lens/traces/${'f'.repeat(32)}`],
    ['/api/lens/traces/x'],
  ],
  'GET /api/lens/traces/:traceId/waterfall': [
    [`/api/lens/traces/${trace}/waterfall`],
    [`/api/lens/traces/${'f'.repeat(32)}/waterfall`],
  ],
  'GET /api/lens/traces/:traceId/spans/:spanId': [
    [`/api/lens/traces/${trace}/spans/${hex(root.spanId)}`],
    [`/api/lens/traces/${trace}/spans/${'f'.repeat(16)}`],
  ],
  'GET /api/lens/traces/:traceId/matches': [
    [`/api/lens/traces/${trace}/matches`, { text: 'cart' }],
    [`/api/lens/traces/${trace}/matches`],
  ],
  'GET /api/lens/traces/:traceId/summary': [[`/api/lens/traces/${trace}/summary`]],
  'GET /api/lens/traces/:traceId/otlp': [[`/api/lens/traces/${trace}/otlp`]],
  'GET /api/lens/traces/:traceId/logs': [[`/api/lens/traces/${trace}/logs`]],
  'GET /api/lens/logs': [['/api/lens/logs']],
  'GET /api/lens/endpoints': [['/api/lens/endpoints']],
  'GET /api/lens/session': [['/api/lens/session']],
  'GET /api/services': [['/api/services']],
  'GET /api/services/:service/operations': [['/api/services/web/operations']],
  'GET /api/operations': [['/api/operations', { service: 'web' }], ['/api/operations']],
  'GET /api/traces': [
    ['/api/traces', { service: 'web' }],
    ['/api/traces', { traceID: 'ff' }],
    ['/api/traces'],
  ],
  'GET /api/traces/:traceId': [[`/api/traces/${trace}`], ['/api/traces/ff'], ['/api/traces/x']],
  'GET /api/dependencies': [['/api/dependencies'], ['/api/dependencies', { endTs: 'x' }]],
  'GET /api/metrics/latencies': [
    ['/api/metrics/latencies', { service: 'web', quantile: '0.9', step: '60000' }],
    ['/api/metrics/latencies'],
  ],
  'GET /api/metrics/calls': [['/api/metrics/calls', { service: 'web', groupByOperation: 'true' }]],
  'GET /api/metrics/errors': [['/api/metrics/errors', { service: 'web' }]],
  'GET /api/v3/services': [['/api/v3/services']],
  'GET /api/v3/operations': [['/api/v3/operations', { service: 'web' }]],
  'GET /api/v3/traces/:traceId': [[`/api/v3/traces/${trace}`], ['/api/v3/traces/ff'], ['/api/v3/traces/x']],
  'GET /api/v3/traces': [['/api/v3/traces', range()], ['/api/v3/traces']],
  'GET /api/v3/trace-summaries': [['/api/v3/trace-summaries', range()]],
  'GET /health/live': [['/health/live']],
  'GET /api/metrics/minstep': [['/api/metrics/minstep']],
  'GET /health': [['/health']],
  'GET /health/ready': [['/health/ready']],
  'GET /api/openapi.json': [['/api/openapi.json']],
}
/** Tested elsewhere: streams, texts, and what changes something without an answer in JSON. */
const notAsked = new Set([
  'GET /api/lens/tail',
  'GET /metrics',
  'POST /api/lens/session',
  'DELETE /api/lens/session',
])
const bodies: Readonly<Record<string, string>> = {
  'POST /api/transform': encodeTraceRequestJson(stored),
  'POST /api/lens/traces': encodeTraceRequestJson(stored),
}

/** Of each route its first question, by its address; how long an answer took, and how far calls are counted, are not about spans. */
async function answersToAll(): Promise<Readonly<Record<string, unknown>>> {
  const answers: Record<string, unknown> = {}
  for (const [first] of Object.values(examples)) {
    const [path, query = {}] = first!
    const answer = await lens.get<Record<string, unknown>>(path, query)
    const { tookMs: _took, countedUntilMs: _counted, ...rest } = answer
    answers[path] = rest
  }
  return answers
}

test('answers everything as before when the same is sent again', async () => {
  mock.timers.enable({ apis: ['Date'], now: Date.now() })
  try {
    const before = await answersToAll()
    await lens.send(stored)
    await lens.send(stored)
    const again = await answersToAll()
    for (const [path, answer] of Object.entries(before)) assert.deepEqual(again[path], answer, path)
  } finally {
    mock.timers.reset()
  }
})

test('says of each route what it answers, to the last field', async () => {
  const asked = new Set([...Object.keys(examples), ...Object.keys(bodies), ...notAsked])
  const described = topics.flatMap(({ operations }) => Object.keys(operations))
  assert.deepEqual([...asked].toSorted(), described.toSorted())
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  ajv.addSchema({ $id: 'lens', components: { schemas: closedSchemas(description.components.schemas) } })
  const check = async (route: string, response: Response) => {
    const [method = '', url = ''] = route.split(' ')
    const path = url.replace(/:(\w+)/g, '{$1}')
    const operation: DescribedOperation | undefined = description.paths[path]?.[method.toLowerCase()]
    const answer = operation?.responses[response.status] ?? operation?.responses.default
    const type = response.headers.get('content-type')?.split(';', 1)[0] ?? ''
    const schema = answer?.content?.[type]?.schema
    const place = `${route} ${response.status} ${type}`
    assert.ok(schema !== undefined, `${place} is not described`)
    const body: unknown = await response.json()
    const validate = ajv.compile(closed(schema))
    assert.ok(
      validate(body),
      `${place}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(body).slice(0, 2000)}`,
    )
  }
  for (const [route, requests] of Object.entries(examples)) {
    for (const [path, query = {}] of requests) {
      await check(route, await fetch(`${lens.urls.ui}${path}?${new URLSearchParams(query)}`))
    }
  }
  for (const [route, body] of Object.entries(bodies)) {
    const headers = { 'content-type': 'application/json' }
    const [method = '', path = ''] = route.split(' ')
    await check(route, await fetch(`${lens.urls.ui}${path}`, { method, headers, body }))
  }
})

test('knows every parameter that its routes know', async () => {
  for (const [route, operations] of Object.entries(description.paths)) {
    const { get } = operations
    if (get === undefined || !route.startsWith('/api/lens/') || route.includes('{')) continue
    for (const { name } of get.parameters as { name: string }[]) {
      const response = await fetch(`${lens.urls.ui}${route}?${name}=%00`)
      const text = response.headers.get('content-type')?.includes('json') ? await response.text() : ''
      await response.body?.cancel().catch(() => {})
      assert.ok(!/unknown; there are/.test(text), `${route} does not know ${name}: ${text}`)
    }
  }
})

/** What is not described must not be there. */
function closed(schema: Schema): Schema {
  const { properties, items, anyOf, $ref, additionalProperties } = schema
  return {
    ...schema,
    ...(properties === undefined
      ? {}
      : { properties: closedSchemas(properties), additionalProperties: additionalProperties ?? false }),
    ...(items === undefined ? {} : { items: closed(items) }),
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map(closed) }),
    ...($ref === undefined ? {} : { $ref: `lens${$ref}` }),
    ...(typeof additionalProperties === 'object'
      ? { additionalProperties: closed(additionalProperties) }
      : {}),
  }
}

function closedSchemas(schemas: Readonly<Record<string, Schema>>): Record<string, Schema> {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, closed(schema)]))
}
