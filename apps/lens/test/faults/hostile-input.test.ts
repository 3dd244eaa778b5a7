/**
 * Texts that mean something to SQL, LIKE, regular expressions, JSON, terminals or JavaScript, as keys and values of spans and as parameters of every
 * route: each finds exactly the span that has it, and no question is answered by a failure of Lens.
 */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { anyCharacter } from '../support/any-character.ts'
import { RunningLens } from '../support/running-lens.ts'
import { attributes, hex, request, resourceSpans, span } from '../support/spans.ts'

const hostile: readonly string[] = [
  "' OR 1=1 --",
  "'; DROP TABLE spans; --",
  "\\'; SELECT 1",
  "') UNION ALL SELECT * FROM system.tables --",
  '{tenant:String}',
  '{}',
  "{a:Identifier}') --",
  'a FORMAT JSON',
  '/* comment */',
  '%',
  '_',
  '%_%',
  '\\',
  '\\\\',
  '\\%',
  '.*',
  '(?i)^.+$',
  '[a-',
  '((((a+)+)+)+)$',
  '=',
  ':s=',
  'k:s=v',
  '"',
  '""',
  '`spans`',
  '\0',
  'a\0b',
  '\n',
  '\r\n\t',
  '\u001b[31mred',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'toString',
  '$where',
  '{"$gt":""}',
  '<script>alert(1)</script>',
  'javascript:alert(1)',
  '\u202egnp.exe',
  '\u2066\u2069',
  '\ufeff',
  '\ufffd',
  '\u0301',
  'e\u0301 and \u00e9',
  '😀',
  '\u{1F468}\u200d\u{1F469}\u200d\u{1F467}',
  'NULL',
  'nan',
  '-0',
  '9223372036854775808',
  "url('http://127.0.0.1')",
  "file('/etc/passwd')",
  '../../etc/passwd',
  '%00',
  '%2e%2e%2f',
  ' ',
  ' a ',
  'x'.repeat(1000),
]

let lens: RunningLens
/** The trace that has the text, by the text; each in every place that a text can stand. */
const traces = new Map<string, string>()

before(async () => {
  lens = await RunningLens.start()
  const sent = hostile.map((text) => {
    const one = span({
      name: text,
      attributes: [
        ...attributes({ tenant_id: text, user_id: text, value: text }),
        // Not as a literal: `__proto__` would be none.
        { key: text === 'value' ? 'other' : text, value: 'here' },
      ],
      events: [{ timeUnixNano: 1n, name: text, attributes: [], droppedAttributesCount: 0 }],
    })
    traces.set(text, hex(one.traceId))
    return resourceSpans(text, [one])
  })
  await lens.send({ resourceSpans: sent })
})
after(() => lens[Symbol.asyncDispose]())

interface Found {
  readonly total: number
  readonly traces: readonly { readonly traceId: string }[]
}

/** In quotes of the query language. */
const quoted = (text: string) =>
  `"${text.replace(/["\\\n\r\t]/g, (character) => ({ '\n': '\\n', '\r': '\\r', '\t': '\\t' })[character] ?? `\\${character}`)}"`

test('finds exactly the span that has a text as tenant, user, service, name, key or value', async () => {
  const wrong: string[] = []
  for (const [index, [text, id]] of [...traces].entries()) {
    const field = ['tenant', 'user', 'service', 'operation'][index % 4]!
    const questions: Readonly<Record<string, string>>[] = [
      index % 8 < 4 ? { [field]: text } : { query: `span."value" = ${quoted(text)}` },
      { query: `span.${quoted(text)} = here` },
    ]
    for (const question of questions) {
      const found = await lens.get<Found>('/api/lens/search', question)
      const ids = found.traces.map(({ traceId }) => traceId)
      if (ids.length !== 1 || ids[0] !== id || found.total !== 1) {
        wrong.push(`${JSON.stringify(question)} found ${ids.length}`)
      }
    }
    if (index % 3 !== 0) continue
    const tags = JSON.stringify(Object.fromEntries([[text, 'here']]))
    const jaeger = await lens.get<{ data: { traceID: string }[] }>('/api/traces', { service: text, tags })
    if (jaeger.data.length !== 1 || jaeger.data[0]?.traceID !== id) wrong.push(`Jaeger ${tags}`)
  }
  assert.deepEqual(wrong, [])
})

test('brings back every hostile text as it was sent', async () => {
  for (const [text, id] of traces) {
    const { data } = await lens.get<{
      data: { spans: { operationName: string; tags: { key: string; value: unknown }[] }[] }[]
    }>(`/api/traces/${id}`)
    const [stored] = data[0]?.spans ?? []
    assert.equal(stored?.operationName, text)
    const tags = stored.tags.filter(({ value }) => value === 'here')
    assert.deepEqual(
      tags.map(({ key }) => key),
      [text],
    )
    assert.ok(stored.tags.some(({ key, value }) => key === 'value' && value === text))
  }
})

/** Of all routes of both APIs; a route refuses those that are not its own. */
const parameterNames = [
  ...[
    'tenant',
    'user',
    'service',
    'operation',
    'status',
    'minDuration',
    'maxDuration',
    'text',
    'query',
    'start',
    'end',
  ],
  ...[
    'lookback',
    'limit',
    'tag',
    'tags',
    'spanKind',
    'traceID',
    'serviceName',
    'operationName',
    'endTs',
    'groupBy',
    'step',
  ],
  ...[
    'quantile',
    'ratePer',
    'query.service_name',
    'query.attributes',
    'query.start_time_min',
    'query.duration_min',
    'a',
    'b',
  ],
  ...['baseline', 'selection', 'field', 'key', 'sort', 'order', 'buckets', 'raw', '__proto__', 'constructor'],
]
const anyText = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...hostile) },
  fc.string({ unit: anyCharacter, maxLength: 40 }),
)
const parameters = fc.array(fc.tuple(fc.constantFrom(...parameterNames), anyText), { maxLength: 3 })

test('answers whatever stands in a path or a parameter of any route, and never by a failure', async (t) => {
  const routes = lens.lens.routes.filter((route) => route.startsWith('GET ') && !route.includes('/tail'))
  assert.ok(routes.length > 15)
  const question = fc.tuple(fc.constantFrom(...routes), anyText, parameters)
  const seed = Date.now() % 2 ** 31
  t.diagnostic(`seed ${seed}`)
  const ask = async ([route, inPath, pairs]: [string, string, [string, string][]]) => {
    const path = route.slice(4).replace(/:\w+|\*/g, () => encodeURIComponent(inPath.toWellFormed()))
    const search = new URLSearchParams(pairs.map(([name, text]) => [name, text.toWellFormed()]))
    const response = await fetch(`${lens.urls.ui}${path}?${search}`, { signal: AbortSignal.timeout(30_000) })
    const body = await response.text()
    assert.ok(response.status < 500, `${response.status} ${path}?${search}: ${body}`)
    assert.doesNotMatch(body, /DB::Exception|ClickHouse|Syntax error: failed at|\bat .*\.ts:\d+/)
    if (response.headers.get('content-type')?.includes('json') === true) JSON.parse(body)
  }
  for (const asked of fc.sample(question, { numRuns: 300, seed })) await ask(asked)
})

test('answers bytes in an address that are no text', async () => {
  for (const bytes of ['%ED%A0%80', '%FF%FE', '%C0%80', '%', '%zz', '%E2%82']) {
    for (const path of [
      `/api/lens/search?tenant=${bytes}`,
      `/api/traces/${bytes}`,
      `/api/services/${bytes}/operations`,
    ]) {
      const response = await fetch(lens.urls.ui + path)
      assert.ok(response.status < 500, `${response.status} ${path}: ${await response.text()}`)
    }
  }
})

test('keeps keys and values of a megabyte, and lone surrogates as replacement characters', async () => {
  const huge = 'k'.repeat(1_000_000)
  const big = span({ attributes: [{ key: huge, value: huge }] })
  await lens.send(request('huge', [big]))
  const { data } = await lens.get<{ data: { spans: { tags: { key: string; value: string }[] }[] }[] }>(
    `/api/traces/${hex(big.traceId)}`,
  )
  const tag = data[0]?.spans[0]?.tags.find(({ key }) => key.startsWith('kk'))
  assert.ok(tag?.key === huge && tag.value === huge)
  await lens.get('/api/lens/search', { service: 'huge' })
  await lens.get('/api/lens/facets', { service: 'huge' })

  const id = hex(span().traceId)
  const lone = String.raw`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"${id}","spanId":"00000000000000aa","name":"\ud800","startTimeUnixNano":"${Date.now()}000000",
    "attributes":[{"key":"a\udfff","value":{"stringValue":"\udc00b"}}]}]}]}]}`
  const response = await lens.post(lone, { 'content-type': 'application/json' })
  assert.equal(response.status, 200)
  const found = await lens.get<{ data: { spans: { operationName: string }[] }[] }>(`/api/traces/${id}`)
  assert.equal(found.data[0]?.spans[0]?.operationName, '\ufffd')
})
