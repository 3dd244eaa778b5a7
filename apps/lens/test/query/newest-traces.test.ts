/** The newest traces, found without looking at all that match: whatever stops where, pages together are what a naive model finds, in its order. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { pino } from 'pino'
import type { TraceFilter } from '../../src/query/filter.ts'
import { parseQuery } from '../../src/query/language/parse-query.ts'
import { type NewestLimits, newestTraces } from '../../src/query/newest-traces.ts'
import type { PagePosition } from '../../src/query/trace-page.ts'
import { openStore, type Store } from '../../src/store/open-store.ts'
import { spanBlock } from '../support/blocks.ts'
import { attributes, hex, resourceSpans, span, traceId } from '../support/spans.ts'
import { TemporaryDirectory } from '../support/temporary-directory.ts'

const hour = 3_600_000_000_000n
const second = 1_000_000_000n
const start = 1_790_000_000_000_000_000n / hour

const generatedSpan = fc.record({
  /** Some hours hold many, most hold none; starts are often the same, at the edge of an hour too. */
  at: fc.oneof(
    fc.constantFrom(0n, 1n, 2n, 40n, 41n, 71n).map((hours) => hours * hour),
    fc.bigInt({ min: 0n, max: 72n * hour - 1n }),
    fc.bigInt({ min: 71n * hour, max: 72n * hour - 1n }),
    fc.constantFrom(hour - 1n, 71n * hour + second, 71n * hour + 2n * second),
  ),
  tenant: fc.constantFrom('', 'acme', 'globex'),
  service: fc.constantFrom('a', 'b', 'b', 'b'),
  status: fc.constantFrom(0, 0, 1, 2),
  duration: fc.constantFrom(0n, 1n, 5n),
  code: fc.constantFrom('1', '2', '3'),
  again: fc.boolean(),
})
type Generated = Readonly<{
  at: bigint
  tenant: string
  service: string
  status: number
  duration: bigint
  code: string
  again: boolean
}>
const traces: readonly (readonly Generated[])[] = fc.sample(
  fc.array(generatedSpan, { minLength: 1, maxLength: 5 }),
  { numRuns: 150, seed: 11 },
)
const model = traces.map((spans) => ({ id: '', spans }))

let directory: TemporaryDirectory
let store: Store

before(async () => {
  directory = await TemporaryDirectory.create()
  store = await openStore(
    { dataDirectory: directory.path, clickhouseUrl: undefined },
    pino({ level: 'silent' }),
  )
  const requests = model.flatMap((trace) => {
    const id = traceId()
    trace.id = hex(id)
    return trace.spans.flatMap((one) => {
      const startTimeUnixNano = start * hour + one.at
      const sent = span({
        traceId: id,
        startTimeUnixNano,
        endTimeUnixNano: startTimeUnixNano + one.duration * second,
        status: { code: one.status, message: '' },
        attributes: attributes({ code: one.code, ...(one.tenant === '' ? {} : { tenant_id: one.tenant }) }),
      })
      const request = { resourceSpans: [resourceSpans(one.service, [sent])] }
      return one.again ? [request, request] : [request]
    })
  })
  // In several parts.
  for (let index = 0; index < requests.length; index += 100) {
    const block = spanBlock(requests.slice(index, index + 100))
    await store.engine.insert('spans', block.columnNames, block.encode())
  }
})

after(async () => {
  await store.close()
  await directory[Symbol.asyncDispose]()
})

function expected(filter: TraceFilter): string[] {
  // With bounds on the trace as a whole, its status is one of them.
  const isOfTrace = filter.minDuration !== undefined || filter.maxDuration !== undefined
  const isInRange = ({ at }: Generated) => start * hour + at >= filter.from && start * hour + at <= filter.to
  const found = model.flatMap(({ id, spans }) => {
    if (filter.query === someCode1 && !spans.some((one) => isInRange(one) && one.code === '1')) return []
    const matching = spans
      .filter(isInRange)
      .filter(
        ({ tenant, service, status, code }) =>
          (filter.query !== notCode1 || code !== '1') &&
          (filter.tenant === undefined || tenant === filter.tenant) &&
          (filter.service === undefined || service === filter.service) &&
          (filter.status !== 'error' || isOfTrace || status === 2) &&
          (filter.attributes ?? []).every(({ value }) => code === value),
      )
    const longest = Math.max(...matching.map(({ duration }) => Number(duration * second)))
    const failed = matching.some(({ status }) => status === 2)
    const passes =
      matching.length > 0 &&
      (filter.status === undefined || failed === (filter.status === 'error')) &&
      longest >= Number(filter.minDuration ?? -1n) &&
      longest <= Number(filter.maxDuration ?? 2n ** 60n)
    const first = matching.reduce((least, { at }) => (at < least ? at : least), 2n ** 63n)
    return passes ? [{ id, first }] : []
  })
  return found.sort((a, b) => Number(b.first - a.first) || (a.id < b.id ? -1 : 1)).map(({ id }) => id)
}

/** One reads attributes without an index, the other one makes a set of traces. */
const notCode1 = parseQuery('code != 1')
const someCode1 = parseQuery('{ code = 1 }')

const optional = <Value>(values: fc.Arbitrary<Value>) => fc.option(values, { nil: undefined, freq: 2 })
const filters = fc.record({
  from: fc.constantFrom(0n, 1n, 41n).map((hours) => (start + hours) * hour),
  to: fc.constantFrom(40n, 71n, 72n).map((hours) => (start + hours) * hour + 2n * second),
  tenant: optional(fc.constantFrom('acme', 'globex')),
  service: optional(fc.constantFrom('a', 'b')),
  status: optional(fc.constantFrom('error' as const, 'ok' as const)),
  minDuration: optional(fc.constantFrom(second, 5n * second)),
  maxDuration: optional(fc.constantFrom(0n, second)),
  attributes: optional(fc.constantFrom('1', '2').map((value) => [{ key: 'code', value }])),
  query: optional(fc.constantFrom(notCode1, notCode1, someCode1)),
})
const everything = {
  tenant: undefined,
  service: undefined,
  status: undefined,
  minDuration: undefined,
  maxDuration: undefined,
  attributes: undefined,
  query: undefined,
}
/** What is few, so that most searches stop early. */
const limits = fc.record<NewestLimits>({
  fewSpans: fc.constantFrom(1, 20, 200),
  fewSpansOfTenant: fc.constantFrom(1, 50),
  smallStore: fc.constantFrom(0, 0, 0, 1_000_000),
  firstWindow: fc.constantFrom(second, hour, 20n * hour),
})

test('shows page after page what matches, newest first, each trace once, wherever a search stops', async () => {
  let early = 0
  await fc.assert(
    fc.asyncProperty(filters, limits, fc.integer({ min: 1, max: 4 }), async (filter, limits, limit) => {
      if (filter.from > filter.to) return
      const whole = expected(filter)
      const found: string[] = []
      for (let after: PagePosition | undefined, pages = 0; pages < 3; pages++) {
        const page = await newestTraces(store.engine, filter, { limit, after }, {}, limits)
        const rest = whole.slice(found.length)
        assert.deepEqual(page.traceIds, rest.slice(0, limit))
        if (page.totalIsExact) assert.equal(page.total, rest.length)
        else {
          early++
          assert.ok(page.total > limit && page.total <= rest.length, `${page.total} of ${rest.length}`)
        }
        assert.equal(page.last?.traceId, rest.length > limit ? page.traceIds.at(-1) : undefined)
        if (page.last === undefined) return
        found.push(...page.traceIds)
        after = page.last
      }
    }),
    {
      numRuns: 15,
      // One that stops early, whatever chance makes of the others.
      examples: [
        [
          { ...everything, from: start * hour, to: (start + 72n) * hour },
          { fewSpans: 1, fewSpansOfTenant: 1, smallStore: 0, firstWindow: second },
          1,
        ],
      ],
    },
  )
  assert.ok(early > 0, 'no page stopped early')
})

test('counts everything where that is little, however little it takes for a page', async () => {
  const filter = { from: start * hour, to: (start + 72n) * hour }
  const page = await newestTraces(store.engine, filter, { limit: 2 })
  assert.deepEqual([page.total, page.totalIsExact], [traces.length, true])
})

test('knows the resources of spans that arrived a moment ago', async () => {
  const sent = span({ startTimeUnixNano: start * hour })
  const search = () =>
    newestTraces(
      store.engine,
      { from: 0n, to: 2n ** 63n, attributes: [{ key: 'host.name', value: 'node-7' }] },
      { limit: 2 },
    )
  assert.deepEqual((await search()).traceIds, [])
  const block = spanBlock([
    { resourceSpans: [resourceSpans('late', [sent], { resource: { 'host.name': 'node-7' } })] },
  ])
  await store.engine.insert('spans', block.columnNames, block.encode())
  assert.deepEqual((await search()).traceIds, [hex(sent.traceId)])
})
