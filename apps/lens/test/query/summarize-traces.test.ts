/** Summaries of a search's traces: whatever was expected of where they lie, they are over all of their spans, and read once where the expectation held. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { pino } from 'pino'
import { summarizeTraces, TraceSummaries } from '../../src/query/summarize-traces.ts'
import { spansOf, tracePlaces } from '../../src/query/trace-places.ts'
import type { StoreEngine } from '../../src/store/engine.ts'
import { openStore, type Store } from '../../src/store/open-store.ts'
import { spanBlock } from '../support/blocks.ts'
import { attributes, hex, resourceSpans, span, traceId } from '../support/spans.ts'
import { TemporaryDirectory } from '../support/temporary-directory.ts'

const second = 1_000_000_000n
const start = 1_790_000_000n * second
const tenants = ['', 'acme', 'globex']

const generatedTrace = fc.array(
  fc.record({
    /** Seconds: mostly close together, some across minutes and hours. */
    at: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 130 }), fc.constant(7_200)),
    tenant: fc.constantFrom(...tenants),
    status: fc.constantFrom(0, 2),
  }),
  { minLength: 1, maxLength: 5 },
)
const generated = fc.sample(generatedTrace, { numRuns: 60, seed: 5 })
/** So long that their minutes are asked for each for itself, and that they are not asked for. */
const long = [2_400, 12_000].map((minutes) =>
  [0, minutes * 60].map((at) => ({ at, tenant: 'acme', status: 0 })),
)
const traces = [...generated, ...long].map((spans) => ({ id: traceId(), spans }))

let directory: TemporaryDirectory
let store: Store

before(async () => {
  directory = await TemporaryDirectory.create()
  store = await openStore(
    { dataDirectory: directory.path, clickhouseUrl: undefined },
    pino({ level: 'silent' }),
  )
  const spans = traces.flatMap(({ id, spans }) =>
    spans.map(({ at, tenant, status }) =>
      span({
        traceId: id,
        startTimeUnixNano: start + BigInt(at) * second,
        endTimeUnixNano: start + BigInt(at + 1) * second,
        status: { code: status, message: '' },
        attributes: attributes(tenant === '' ? {} : { tenant_id: tenant }),
      }),
    ),
  )
  const block = spanBlock([{ resourceSpans: [resourceSpans('shop', spans)] }])
  await store.engine.insert('spans', block.columnNames, block.encode())
})

after(async () => {
  await store.close()
  await directory[Symbol.asyncDispose]()
})

const ids = traces.map(({ id }) => hex(id))

/** Of some traces, right or wrong: which tenant, and between which seconds. */
const expectation = fc.array(
  fc.record({
    traceId: fc.constantFrom(...ids),
    tenant: fc.constantFrom(...tenants),
    at: fc.oneof(fc.constant([0, 3]), fc.constant([0, 7_200]), fc.constant([-1_790_000_000, 9_000_000])),
  }),
  { maxLength: 60 },
)

test('whatever is expected, right or wrong, changes no answer', async () => {
  const asked = fc.shuffledSubarray(ids, { minLength: 1 })
  await fc.assert(
    fc.asyncProperty(expectation, asked, async (expected, traceIds) => {
      const summaries = new TraceSummaries(store.engine)
      const matched = expected.map(({ traceId, tenant, at: [from = 0, to = 0] }) => ({
        traceId,
        tenant,
        first: String(start + BigInt(from) * second),
        last: String(start + BigInt(to) * second),
      }))
      if (matched.length > 0) summaries.expect(matched)
      assert.deepEqual(await summaries.of(traceIds), await summarizeTraces(store.engine, traceIds))
    }),
    { numRuns: 60 },
  )
})

test('what lies where it was expected is read once, and the rest besides', async () => {
  const near = traces.filter(({ spans }) => spans.every(({ at }) => at <= 3)).map(({ id }) => hex(id))
  const far = traces.filter(({ spans }) => spans.some(({ at }) => at > 3_600)).map(({ id }) => hex(id))
  assert.ok(near.length > 3 && far.length > 3)
  const asked: (readonly string[])[] = []
  const summaries = new TraceSummaries({
    ...store.engine,
    query: (statement, parameters, options) => {
      if (statement.includes('mayBeGraphql')) asked.push(parameters?.ids as readonly string[])
      return store.engine.query(statement, parameters, options)
    },
  } as StoreEngine)
  const matched = [...near, ...far].map((traceId, index) => ({
    traceId,
    tenant: tenants[index % tenants.length] ?? '',
    first: String(start),
    last: String(start + 3n * second),
  }))
  summaries.expect(matched)
  assert.equal((await summaries.of([...near, ...far])).length, near.length + far.length)
  assert.deepEqual(asked, [[...near, ...far], far])
})

test('traces that last for days are read whole, alone and beside short ones', async () => {
  const [days = '', weeks = ''] = ids.slice(-2)
  const [short = ''] = ids
  const places = await tracePlaces(store.engine, ids)
  const by = (...some: string[]) => spansOf(some, places)?.by
  assert.deepEqual([by(short), by(short, days), by(short, days, weeks)], ['place', 'parts', 'tenant'])
  for (const asked of [[days], [weeks], [short, days], [short, weeks], [short, days, weeks]]) {
    const found = await summarizeTraces(store.engine, asked)
    const spans = traces.filter(({ id }) => asked.includes(hex(id))).map(({ spans }) => spans.length)
    assert.equal(found.length, asked.length)
    assert.deepEqual(found.map(({ spanCount }) => spanCount).sort(), spans.sort())
  }
})
