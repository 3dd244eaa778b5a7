/** Where the time of a trace went, on trees drawn by hand and on generated ones. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type SpanOutline, traceAnatomy } from '../../src/query/trace-anatomy.ts'

function outline(spanId: string, parentSpanId: string, start: number, end: number, extra = {}): SpanOutline {
  const service = `service of ${spanId}`
  return {
    spanId,
    parentSpanId,
    service,
    name: spanId,
    start,
    duration: end - start,
    failed: false,
    message: '',
    ...extra,
  }
}

function path(spans: readonly SpanOutline[]): string[] {
  return traceAnatomy(spans).criticalPath.map(
    ({ span, start, duration }) => `${span.spanId} ${start}-${start + duration}`,
  )
}

//  root  |--------------------|  0-100
//  a      |----|                 10-30
//  b          |--------|         20-70
//  c            |---|            40-60, below b
//  late                |------|  80-120, not waited for
const tree = [
  outline('root', '', 0, 100),
  outline('a', 'root', 10, 30),
  outline('b', 'root', 20, 70),
  outline('c', 'b', 40, 60),
  outline('late', 'root', 80, 120),
]

test('follows what the root waited for, and not what outlives it', () => {
  assert.deepEqual(path(tree), ['root 0-20', 'b 20-40', 'c 40-60', 'b 60-70', 'root 70-100'])
})

test("counts as a span's own the time in which no child of it runs", () => {
  const own = Object.fromEntries(
    traceAnatomy(tree).selfTimes.map(({ service, nanos }) => [service.slice(11), nanos]),
  )
  assert.deepEqual(own, { late: 40, b: 30, root: 20, a: 20, c: 20 })
})

test('finds where a failure came from', () => {
  const failed = { failed: true, message: 'no' }
  const spans = [
    outline('root', '', 0, 100, failed),
    outline('a', 'root', 10, 30),
    outline('b', 'root', 20, 70, failed),
    outline('c', 'b', 40, 60, failed),
  ]
  assert.equal(traceAnatomy(spans).firstFailure?.spanId, 'c')
  assert.equal(traceAnatomy(tree).firstFailure, undefined)
})

test('counts what is odd: lost parents, clocks that differ, ends before starts, cycles', () => {
  const spans = [
    outline('root', '', 50, 100),
    outline('early', 'root', 40, 60),
    outline('orphan', 'lost', 0, 10),
    outline('other orphan', 'lost', 0, 10),
    outline('backwards', 'root', 60, 55),
    outline('x', 'y', 0, 1),
    outline('y', 'x', 0, 1),
    outline('self', 'self', 0, 1),
  ]
  assert.deepEqual(traceAnatomy(spans).oddities, {
    missingParents: 1,
    skewed: 1,
    endBeforeStart: 1,
    inCycles: 3,
  })
})

test('says nothing of no spans, and ends on any graph of spans', () => {
  assert.deepEqual(traceAnatomy([]).criticalPath, [])
  const span = fc.record({
    spanId: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    parentSpanId: fc.constantFrom('', 'a', 'b', 'c', 'd', 'lost'),
    service: fc.constantFrom('x', 'y'),
    name: fc.constant('n'),
    start: fc.integer({ min: -50, max: 50 }),
    duration: fc.integer({ min: -10, max: 100 }),
    failed: fc.boolean(),
    message: fc.constant(''),
  })
  fc.assert(
    fc.property(fc.uniqueArray(span, { selector: ({ spanId }) => spanId }), (spans) => {
      const { criticalPath, selfTimes, firstFailure } = traceAnatomy(spans)
      for (const { nanos } of selfTimes) assert.ok(nanos >= 0)
      assert.equal(
        firstFailure !== undefined,
        spans.some(({ failed }) => failed),
      )
      const root = spans
        .filter(({ parentSpanId }) => !spans.some(({ spanId }) => spanId === parentSpanId))
        .sort((a, b) => Number(a.parentSpanId !== '') - Number(b.parentSpanId !== '') || a.start - b.start)[0]
      const length = criticalPath.reduce((sum, { duration }) => sum + duration, 0)
      assert.equal(length, Math.max(0, root?.duration ?? 0))
      for (const [index, { start, duration }] of criticalPath.entries()) {
        assert.equal(criticalPath[index + 1]?.start ?? start + duration, start + duration)
      }
    }),
    { numRuns: 1000 },
  )
})
