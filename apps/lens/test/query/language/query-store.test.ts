/** Queries against a real store: random expressions over random traces find what a naive model of the language finds. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { AnyValue, KeyValue, Span, TraceRequest } from '@rustok/otlp'
import fc from 'fast-check'
import { pino } from 'pino'
import { filterSql, type TraceFilter } from '../../../src/query/filter.ts'
import { withKnownTokens } from '../../../src/query/known-tokens.ts'
import type { Expression } from '../../../src/query/language/expression.ts'
import { printQuery } from '../../../src/query/language/print-query.ts'
import { openStore, type Store } from '../../../src/store/open-store.ts'

import { arbitraryExpression } from '../../support/arbitrary-query.ts'
import { largeRequest, spanBlock } from '../../support/blocks.ts'
import { matchingTraces, type NaiveSpan } from '../../support/naive-query.ts'
import { event, hex, resourceSpans, span, spanId, traceId } from '../../support/spans.ts'
import { TemporaryDirectory } from '../../support/temporary-directory.ts'

/** Few, so that conditions meet; with what could be mistaken for something else. */
const keys = ['http.route', 'code', 'name', 'code:s', 'odd=key\\', 'x"k', 'k']
const texts = ['a', 'GET /a', '5', '05', '5.5', 'true', 'Grüße\nb', '%', 'x"k:s=v', 'v', '[', '"a"']
const values: AnyValue[] = [
  ...texts,
  ...[5n, -5n, 0n, 9_007_199_254_740_993n, 2n ** 63n - 1n],
  ...[5, 5.5, -0.25, 1e21, Number.POSITIVE_INFINITY, Number.NaN],
  ...[true, false, undefined, ['a', 'v']],
]

/** Of arrival, a partition each: one part as its insert left it, one merged, and one without an index of attributes. */
const days = ['2026-09-21', '2026-09-22', '2026-09-23'] as const
const from = 1_790_000_000_000_000_000n
const second = 1_000_000_000n

const attributes = fc.uniqueArray(
  fc.record({ key: fc.constantFrom(...keys), value: fc.constantFrom(...values) }, { noNullPrototype: true }),
  { maxLength: 4, selector: ({ key }) => key },
)
const label = fc.constantFrom('', 'a', 'B', 'GET /a')
const generatedSpan = fc.record({
  tenant: label,
  user: label,
  service: fc.constantFrom('a', 'B', 'GET /a'),
  name: fc.constantFrom(...texts),
  kind: fc.constantFrom(0, 1, 2, 3, 4, 5, 9, -1),
  status: fc.constantFrom(0, 1, 2, 2, 7),
  message: fc.constantFrom('', 'Grüße\nb', 'v'),
  offset: fc.constantFrom(0n, 1n, 2n),
  duration: fc.constantFrom(0n, 1n, 3n, -1n),
  root: fc.boolean(),
  attributes,
  resource: attributes,
  events: fc.array(fc.record({ name: fc.constantFrom('a', 'exception', 'k:s=v'), attributes }), {
    maxLength: 2,
  }),
  /** Sent twice. */
  again: fc.boolean(),
})
const traces = fc.sample(fc.array(generatedSpan, { minLength: 1, maxLength: 4 }), { numRuns: 60, seed: 3 })

const model: NaiveSpan[] = []
let directory: TemporaryDirectory
let store: Store

before(async () => {
  directory = await TemporaryDirectory.create()
  store = await openStore(
    { dataDirectory: directory.path, clickhouseUrl: undefined },
    pino({ level: 'silent' }),
  )
  const inserts: TraceRequest[][] = [[], [], []]
  for (const [index, trace] of traces.entries()) {
    const id = traceId()
    for (const one of trace) {
      const requests = inserts[index % inserts.length] ?? []
      const sent = otlpSpan(id, one)
      const resource = resourceSpans(one.service, [sent])
      const extra = { ...resource.resource, attributes: [...resource.resource.attributes, ...one.resource] }
      const request = { resourceSpans: [{ ...resource, resource: extra }] }
      for (let times = one.again ? 2 : 1; times > 0; times--) requests.push(request)
      model.push(naive(one, sent, extra.attributes))
    }
  }
  const [asInserted = [], merged = [], large = []] = inserts
  await insert(asInserted, days[0])
  await insert(merged, days[1])
  await store.engine.command(`OPTIMIZE TABLE spans PARTITION '${days[1]}' FINAL`)
  await store.engine.command('SYSTEM STOP MERGES spans')
  await insert([...large, largeRequest(from - second)], days[2])
})

async function insert(requests: readonly TraceRequest[], day: string): Promise<void> {
  const block = spanBlock(requests, Date.parse(day) / 1000)
  await store.engine.insert('spans', block.columnNames, block.encode())
}

after(async () => {
  await store.close()
  await directory[Symbol.asyncDispose]()
})

type Generated = (typeof traces)[number][number]

function otlpSpan(id: Uint8Array, one: Generated): Span {
  const start = from + one.offset * second
  const identity: KeyValue[] = []
  if (one.tenant !== '') identity.push({ key: 'tenant_id', value: one.tenant })
  if (one.user !== '') identity.push({ key: 'user_id', value: one.user })
  return span({
    traceId: id,
    parentSpanId: one.root ? new Uint8Array(0) : spanId(),
    name: one.name,
    kind: one.kind,
    status: { code: one.status, message: one.message },
    startTimeUnixNano: start,
    endTimeUnixNano: start + one.duration * second,
    attributes: [...identity, ...one.attributes],
    events: one.events.map(({ name, attributes }) => event({ name, attributes })),
  })
}

function naive(one: Generated, sent: Span, resource: readonly KeyValue[]): NaiveSpan {
  return {
    ...one,
    traceId: hex(sent.traceId),
    spanId: hex(sent.spanId),
    start: sent.startTimeUnixNano,
    duration: one.duration * second,
    of: { span: sent.attributes, resource, event: one.events.flatMap(({ attributes }) => attributes) },
    eventNames: one.events.map(({ name }) => name),
  }
}

const expressions = arbitraryExpression({
  keys: fc.constantFrom(...keys, 'service.name', 'tenant_id', 'absent'),
  texts: fc.constantFrom(...texts, 'gr', 'ÜSS', 'exception', '5.50', 'NaN', 'Infinity'),
  numbers: fc.constantFrom(5n, -5n, 0n, 9_007_199_254_740_992n, 2n ** 63n - 1n, 5.5, -0.3, 2e19),
  durations: fc.constantFrom(0n, 1n * second, 2n * second, 3n * second, 4n * second),
  patterns: fc.constantFrom('a', '^a$', 'e.b', '^[0-9.]+$', '(a|v)$', '^GET /'),
})

function filterOf(expression: Expression): TraceFilter {
  return { from, to: from + 3600n * second, query: { text: '', expression, traceScope: undefined } }
}

async function find(filter: TraceFilter): Promise<string[]> {
  const { where, parameters } = filterSql(filter, store.engine)
  const { rows } = await store.engine.query<{ id: string }>(
    `SELECT DISTINCT lower(hex(trace_id)) AS id FROM spans WHERE ${where} ORDER BY id`,
    parameters,
  )
  return rows.map(({ id }) => id)
}

test('finds the traces that the language says, whatever is asked, by looking at spans and by the tokens that their indexes know', async () => {
  let found = 0
  let known = 0
  await fc.assert(
    fc.asyncProperty(expressions, async (expression) => {
      const expected = matchingTraces(model, expression)
      if (expected.length > 0 && expected.length < traces.length) found++
      const filter = filterOf(expression)
      assert.deepEqual(await find(filter), expected, printQuery(expression))
      const withTokens = await withKnownTokens(store.engine, filter)
      const tokens = [...(withTokens.tokens?.values() ?? [])]
      assert.ok(tokens.every(({ span, event }) => span !== undefined || event !== undefined))
      known += tokens.length
      assert.deepEqual(await find(withTokens), expected, `by tokens: ${printQuery(expression)}`)
    }),
    { numRuns: 80 },
  )
  assert.ok(found > 15, `only ${found} expressions told traces apart`)
  assert.ok(known > 40, `only ${known} conditions were known by tokens`)
})

test('does not see spans that began outside of the time range, in braces or out of them', async () => {
  const query = {
    text: '',
    expression: { type: 'spans', operand: { type: 'span', field: 'service', operator: 'exists', value: '' } },
    traceScope: undefined,
  } as const
  const { where, parameters } = filterSql({ from, to: from + second - 1n, query }, store.engine)
  const { rows } = await store.engine.query<{ id: string }>(
    `SELECT DISTINCT lower(hex(trace_id)) AS id FROM spans WHERE ${where} ORDER BY id`,
    parameters,
  )
  const early = new Set(model.filter(({ start }) => start < from + second).map(({ traceId }) => traceId))
  assert.deepEqual(
    rows.map(({ id }) => id),
    [...early].sort(),
  )
})
