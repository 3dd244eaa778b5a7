/** Conditions that no index answers as they are, made into some that one does: what is known of them, what is not, and that nothing is missed. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { KeyValue, TraceRequest } from '@rustok/otlp'
import { pino } from 'pino'
import type { TraceFilter } from '../../src/query/filter.ts'
import { filterCost } from '../../src/query/filter-cost.ts'
import { findTraces } from '../../src/query/find-traces.ts'
import { withKnownTokens } from '../../src/query/known-tokens.ts'
import { parseQuery } from '../../src/query/language/parse-query.ts'
import type { QueryOptions, QueryParameters, StoreEngine } from '../../src/store/engine.ts'
import { openStore, type Store } from '../../src/store/open-store.ts'
import { largeRequest, spanBlock } from '../support/blocks.ts'
import { attributes, event, resourceSpans, span } from '../support/spans.ts'
import { TemporaryDirectory } from '../support/temporary-directory.ts'

const hour = 3_600_000_000_000n
const start = (1_790_000_000_000_000_000n / hour) * hour
/** Of one partition. */
const arrival = Date.parse('2026-09-24') / 1000
const whole = { from: start, to: start + 10n * hour }

let directory: TemporaryDirectory
let store: Store

before(async () => {
  directory = await TemporaryDirectory.create()
  store = await openStore(
    { dataDirectory: directory.path, clickhouseUrl: undefined },
    pino({ level: 'silent' }),
  )
  // An hour each, and a part each.
  await put(0n, [{ code: 200n }, { code: 500n }, { code: 503n }])
  await put(1n, [{ code: 404n }, { only: 'Hier wird es Größe geben' }])
  await put(
    2n,
    Array.from({ length: 1_200 }, (_, index) => ({ many: `value ${index}` })),
  )
  await put(3n, [{ long: `begin ${'x'.repeat(5_000)} end` }, { code: 502n, other: 'end' }])
  await store.engine.command('SYSTEM STOP MERGES spans')
  await put(4n, [{ code: 504n }], [largeRequest(start - hour)])
})
after(async () => {
  await store.close()
  await directory[Symbol.asyncDispose]()
})

async function put(
  hours: bigint,
  spans: readonly Readonly<Record<string, KeyValue['value']>>[],
  others: readonly TraceRequest[] = [],
): Promise<void> {
  const own = spans.map((values, index) =>
    span({
      startTimeUnixNano: start + hours * hour + BigInt(index),
      durationMs: 1,
      attributes: attributes(values),
      events: [event({ name: 'said', attributes: attributes({ line: hours }) })],
    }),
  )
  const block = spanBlock([{ resourceSpans: [resourceSpans('shop', own)] }, ...others], arrival)
  await store.engine.insert('spans', block.columnNames, block.encode())
}

function filterOf(query: string, range: Pick<TraceFilter, 'from' | 'to'> = whole): TraceFilter {
  return { ...range, query: parseQuery(query) }
}

async function tokensOf(filter: TraceFilter, engine: StoreEngine = store.engine) {
  const { tokens } = await withKnownTokens(engine, filter)
  return tokens === undefined ? undefined : [...tokens.values()]
}

async function count(filter: TraceFilter): Promise<number> {
  return (await findTraces(store.engine, filter, 10)).total
}

/** With what it was asked. */
class WatchedEngine {
  readonly isRestricted = false
  readonly indexedParts = store.engine.indexedParts
  readonly statements: string[] = []

  query<Row>(statement: string, parameters?: QueryParameters, options?: QueryOptions) {
    this.statements.push(statement)
    return store.engine.query<Row>(statement, parameters, options)
  }
}

function watched(): WatchedEngine & StoreEngine {
  return new WatchedEngine() as unknown as WatchedEngine & StoreEngine
}

const reads = ({ statements }: WatchedEngine) => statements.filter((text) => text.includes('AS owner')).length

test('knows the tokens of a comparison, of parts with an index and without', async () => {
  const filter = filterOf('code >= 500')
  const [known] = (await tokensOf(filter)) ?? []
  assert.deepEqual([...(known?.span ?? [])].sort(), ['code:i=500', 'code:i=502', 'code:i=503', 'code:i=504'])
  assert.deepEqual(known?.event, [])
  const withTokens = await withKnownTokens(store.engine, filter)
  assert.equal(filterCost(filter), 'attributes')
  assert.equal(filterCost(withTokens), 'indexed')
  assert.equal(await count(withTokens), 4)
})

test('knows them of words, patterns, existence, and events, and as often as a query has them', async () => {
  const tokens = await tokensOf({
    ...filterOf('has(span.code) and event.line > 2 and (only =~ "Gr.ße" or not span.code != 404)'),
    words: ['größe'],
  })
  const spans = tokens?.map(({ span }) => span?.toSorted())
  const codes = [200, 404, 500, 502, 503, 504].map((code) => `code:i=${code}`)
  const size = ['only:s=Hier wird es Größe geben']
  assert.deepEqual(spans, [size, codes, undefined, size, codes.filter((code) => code !== 'code:i=404')])
  assert.deepEqual(
    tokens?.map(({ event }) => event?.toSorted()),
    [[], undefined, ['line:i=3', 'line:i=4'], [], undefined],
  )
})

test('looks at the parts of the time range alone', async () => {
  const [known] =
    (await tokensOf(filterOf('code < 9', { from: start + hour, to: start + 2n * hour - 1n }))) ?? []
  assert.deepEqual(known, { span: [], event: [] })
  const range = { from: start + hour, to: start + 2n * hour - 1n }
  const [found] = (await tokensOf(filterOf('has(code)', range))) ?? []
  assert.deepEqual(found?.span, ['code:i=404'])
})

test('leaves to the spans what has too many tokens, or one too long', async () => {
  for (const query of ['many ~ value', 'has(span.many)', 'long ~ end']) {
    const filter = filterOf(query)
    const withTokens = await withKnownTokens(store.engine, filter)
    assert.equal([...(withTokens.tokens?.values() ?? [])][0]?.span, undefined, query)
    assert.equal(filterCost(withTokens), 'attributes', query)
    assert.equal(await count(withTokens), query.startsWith('long') ? 1 : 1_200, query)
  }
  // Where the other one is not.
  const early = filterOf('other ~ end')
  assert.deepEqual((await tokensOf(early))?.[0]?.span, ['other:s=end'])
})

test('asks nothing for a query that the indexes answer', async () => {
  const engine = watched()
  const filter = filterOf('code = 500 and service = shop and resource.service.name ~ sho')
  assert.equal(await withKnownTokens(engine, filter), filter)
  assert.deepEqual(engine.statements, [])
})

test('looks once, and again at what has come since', async () => {
  const filter = filterOf('again >= 1', { from: start + 5n * hour, to: start + 9n * hour })
  await put(5n, [{ again: 1n }])
  const engine = watched()
  assert.deepEqual((await tokensOf(filter, engine))?.[0]?.span, ['again:i=1'])
  assert.equal(reads(engine), 1)
  const [twice] = (await tokensOf(filter, engine)) ?? []
  assert.deepEqual(twice?.span, ['again:i=1'])
  assert.equal(reads(engine), 1)

  await put(6n, [{ again: 2n }])
  assert.deepEqual((await tokensOf(filter, engine))?.[0]?.span?.toSorted(), ['again:i=1', 'again:i=2'])
  assert.equal(reads(engine), 2)
  await store.engine.command('SYSTEM START MERGES spans')
  await store.engine.command('OPTIMIZE TABLE spans FINAL')
  assert.deepEqual((await tokensOf(filter, engine))?.[0]?.span?.toSorted(), ['again:i=1', 'again:i=2'])
  assert.equal(await count(await withKnownTokens(store.engine, filter)), 2)
})

test('looks once for questions that are asked at the same time', async () => {
  const engine = watched()
  const all = await Promise.all(Array.from({ length: 4 }, () => tokensOf(filterOf('code <= 404'), engine)))
  for (const one of all) assert.deepEqual(one?.[0]?.span?.toSorted(), ['code:i=200', 'code:i=404'])
  const [first] = all
  assert.ok(first)
  // The first one's read, and of the others what it does not tell: the part without an index.
  assert.ok(reads(engine) <= 4)
  const range = { from: start, to: start + 4n * hour - 1n }
  const again = watched()
  await Promise.all(Array.from({ length: 4 }, () => tokensOf(filterOf('code <= 405', range), again)))
  assert.equal(reads(again), 1)
})

test('goes on without, where the indexes cannot be read, and for some tenants alone', async () => {
  const filter = filterOf('code >= 500')
  const engine = watched()
  engine.query = async () => {
    throw new Error('Code: 46. DB::Exception: Unknown table function mergeTreeAnalyzeIndexes')
  }
  assert.equal(await withKnownTokens(engine, filter), filter)
  const restricted = store.restrictedTo(['acme'])
  assert.equal(await withKnownTokens(restricted, filter), filter)
  assert.equal((await findTraces(restricted, filter, 10)).total, 0)
})

test('tells who has gone', async () => {
  const gone = AbortSignal.abort(new Error('gone'))
  await assert.rejects(withKnownTokens(store.engine, filterOf('code > 3'), { signal: gone }), /gone/)
})
