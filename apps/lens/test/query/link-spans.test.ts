/** Spans found by the ids of their parents, against a Map of texts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { idBytes, linkSpans } from '../../src/query/link-spans.ts'

const bytes = (ids: readonly bigint[]) => {
  const all = Buffer.alloc(ids.length * idBytes)
  ids.forEach((id, at) => {
    all.writeBigUInt64BE(id, at * idBytes)
  })
  return new Uint8Array(all)
}

/** Few of them, and some that differ in one half alone. */
const id = fc.oneof(
  fc.bigInt(1n, 9n),
  fc.bigInt(1n, 9n).map((high) => high << 32n),
  fc.bigInt(1n, 2n ** 64n - 1n),
)
const span = fc.record({
  id,
  parent: fc.oneof(fc.constant(0n), id),
  start: fc.integer({ min: -1, max: 5 }),
})

test('finds each parent, and says which are not there', () => {
  fc.assert(
    fc.property(fc.array(span, { maxLength: 60 }), (spans) => {
      const { order, parents, orphans } = linkSpans(
        Float64Array.from(spans, ({ start }) => start),
        bytes(spans.map((one) => one.id)),
        bytes(spans.map(({ parent }) => parent)),
      )
      const sorted = spans.toSorted((a, b) => a.start - b.start || (a.id < b.id ? -1 : Number(a.id > b.id)))
      const unique = sorted.filter((one, at) => sorted.findIndex((other) => other.id === one.id) === at)
      assert.deepEqual(
        Array.from(order, (row) => spans[row]),
        unique,
      )
      const places = new Map(unique.map((one, place) => [one.id, place]))
      assert.deepEqual(
        [...parents],
        unique.map(({ parent }) => places.get(parent) ?? -1),
      )
      const lost = unique.flatMap(({ parent }, place) =>
        parent !== 0n && !places.has(parent) ? [place] : [],
      )
      assert.deepEqual(orphans, lost)
    }),
  )
})

test('links 200,000 spans whose ids differ in few bits', () => {
  const count = 200_000
  const ids = Array.from({ length: count }, (_, at) => BigInt(at + 1) << 20n)
  const { order, parents } = linkSpans(
    new Float64Array(count),
    bytes(ids),
    bytes(ids.map((_, at) => ids[at - 1] ?? 0n)),
  )
  assert.equal(order.length, count)
  assert.ok(parents.every((parent, place) => parent === place - 1))
})
