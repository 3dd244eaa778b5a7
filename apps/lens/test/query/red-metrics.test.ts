/** RED metrics over windows, against the spans themselves counted one by one. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Span } from '@rustok/otlp'
import fc from 'fast-check'
import { pino } from 'pino'
import { type RedQuestion, redMetrics } from '../../src/query/red-metrics.ts'
import { cellsOf, DurationHistogram, type RedWindows, redPoints } from '../../src/query/red-windows.ts'
import type { StoreEngine } from '../../src/store/engine.ts'
import { openStore, type Store } from '../../src/store/open-store.ts'
import { spanBlock } from '../support/blocks.ts'
import { attributes, request, span } from '../support/spans.ts'
import { TemporaryDirectory } from '../support/temporary-directory.ts'

const second = 1_000_000_000n
const base = 1_790_000_000n * second
const day = 86_400n * second

let directory: TemporaryDirectory
let store: Store
const shop: Span[] = fc.sample(
  fc
    .record({
      at: fc.bigInt({ min: 0n, max: 600n * second }),
      duration: fc.oneof(
        fc.bigInt({ min: 0n, max: 1000n }),
        fc.bigInt({ min: 1_000_000n, max: 2n * second }),
      ),
      failed: fc.boolean(),
      name: fc.constantFrom('GET /', 'POST /'),
      kind: fc.constantFrom(1, 2, 3),
    })
    .map(({ at, duration, failed, name, kind }) =>
      span({
        name,
        kind,
        startTimeUnixNano: base + at,
        endTimeUnixNano: base + at + duration,
        parentSpanId: new Uint8Array(8).fill(1),
        status: { code: failed ? 2 : 0, message: '' },
      }),
    ),
  { numRuns: 300, seed: 5 },
)

before(async () => {
  directory = await TemporaryDirectory.create()
  store = await openStore(
    { dataDirectory: directory.path, clickhouseUrl: undefined },
    pino({ level: 'silent' }),
  )
  const others = [
    span({ kind: 3, startTimeUnixNano: base + day, attributes: attributes({ tenant_id: 'acme' }) }),
    span({ kind: 5, startTimeUnixNano: base + day, parentSpanId: new Uint8Array(8).fill(1) }),
    span({ kind: 1, startTimeUnixNano: base + day, parentSpanId: new Uint8Array(8).fill(1) }),
    // Ended before it began.
    span({ kind: 2, startTimeUnixNano: base + day, endTimeUnixNano: base }),
  ]
  for (const requests of [
    [request('shop', shop)],
    [request('shop', shop.slice(100)), request('other', others)],
  ]) {
    const block = spanBlock(requests)
    await store.engine.insert('spans', block.columnNames, block.encode())
  }
})
after(async () => {
  await store.close()
  await directory[Symbol.asyncDispose]()
})

const windows = fc
  .record({
    first: fc.bigInt({ min: -60n, max: 600n }),
    step: fc.bigInt({ min: 1n, max: 90_000n }),
    points: fc.integer({ min: 1, max: 20 }),
    length: fc.bigInt({ min: 1n, max: 300_000n }),
  })
  .map(
    ({ first, step, points, length }): RedWindows => ({
      first: base + first * second,
      step: step * 1_000_000n,
      points,
      length: length * 1_000_000n,
    }),
  )

const quantiles = [0, 0.5, 0.95, 1]

test('counts every window of every shape as one would by hand, a span stored twice once', async () => {
  const check = async (windows: RedWindows, kinds: readonly number[], byOperation: boolean) => {
    const question: RedQuestion = {
      services: ['shop'],
      calls: kinds,
      byOperation,
      cells: cellsOf(windows),
    }
    const series = await redMetrics(store.engine, question)
    for (const operation of byOperation ? ['GET /', 'POST /'] : ['']) {
      const found = series.find((one) => one.operation === operation)
      const points = redPoints({ service: 'shop', operation, cells: found?.cells ?? [] }, windows, quantiles)
      for (const [index, point] of points.entries()) {
        const end = windows.first + windows.step * BigInt(index)
        const spans = shop.filter(
          ({ startTimeUnixNano: start, kind, name }) =>
            start >= end - windows.length &&
            start < end &&
            kinds.includes(kind) &&
            (operation === '' || name === operation),
        )
        assert.equal(point.calls, spans.length)
        assert.equal(point.failed, spans.filter(({ status }) => status.code === 2).length)
        const durations = spans
          .map(({ startTimeUnixNano, endTimeUnixNano }) => Number(endTimeUnixNano - startTimeUnixNano))
          .toSorted((a, b) => a - b)
        for (const [which, quantile] of quantiles.entries()) {
          const exact = durations[Math.max(0, Math.ceil(quantile * durations.length) - 1)]
          const answer = point.quantiles?.[which]
          if (exact === undefined) assert.equal(answer, undefined)
          // Bins are of the duration plus one, and 1.1% wide.
          else
            assert.ok(
              answer !== undefined && Math.abs(answer - exact) <= 0.012 * (exact + 1),
              `${answer} ${exact}`,
            )
        }
      }
    }
  }
  const kinds = fc.constantFrom([2], [1, 3], [1, 2, 3])
  await fc.assert(fc.asyncProperty(windows, kinds, fc.boolean(), check), { numRuns: 15, endOnFailure: true })
})

async function calls(fields: Partial<RedQuestion>): Promise<Record<string, number>> {
  const cells = { origin: base + day - second, end: base + day + second, step: 2n * second, split: 0n }
  const series = await redMetrics(store.engine, { calls: 'entries', byOperation: false, cells, ...fields })
  return Object.fromEntries(series.map(({ service, cells }) => [service, cells[0]?.calls ?? 0]))
}

test('counts as entries what servers and consumers do, and what has no parent', async () => {
  assert.deepEqual(await calls({}), { other: 3 })
  assert.deepEqual(await calls({ calls: [1] }), { other: 1 })
  assert.deepEqual(await calls({ tenant: 'acme' }), { other: 1 })
  assert.deepEqual(await calls({ services: ['shop'] }), {})
})

test('counts a span of one tenant however another’s look, and shows each its own', async () => {
  const theirs = span({
    kind: 2,
    startTimeUnixNano: base + 2n * day,
    attributes: attributes({ tenant_id: 'acme' }),
  })
  const forged = { ...theirs, attributes: attributes({ tenant_id: 'eve' }), status: { code: 2, message: '' } }
  for (const one of [theirs, forged, theirs, forged]) {
    const block = spanBlock([request('bank', [one])])
    await store.engine.insert('spans', block.columnNames, block.encode())
  }
  const cells = { origin: base + 2n * day, end: base + 2n * day + second, step: second, split: 0n }
  const ask = async (engine: StoreEngine, calls: RedQuestion['calls']) =>
    (await redMetrics(engine, { calls, byOperation: false, cells })).flatMap(({ cells }) =>
      cells.map(({ calls, failed }) => [calls, failed]),
    )
  for (const calls of [[2], 'entries'] as const) {
    assert.deepEqual(await ask(store.engine, calls), [[2, 1]])
    assert.deepEqual(await ask(store.restrictedTo(['acme']), calls), [[1, 0]])
    assert.deepEqual(await ask(store.restrictedTo(['eve']), calls), [[1, 1]])
    assert.deepEqual(await ask(store.restrictedTo([]), calls), [])
  }
})

test('a histogram says nothing without durations, and its bins hold 0 and the longest that there is', () => {
  const histogram = new DurationHistogram()
  assert.ok(Number.isNaN(histogram.quantile(0.5)))
  histogram.add([[0, 1]], 1)
  assert.ok(histogram.quantile(1) < 0.02)
  histogram.add([[0, 1]], -1)
  histogram.add([[63 * 64 - 1, 1]], 1)
  assert.ok(Math.abs(histogram.quantile(0.5) / 2 ** 63 - 1) < 0.01)
})
