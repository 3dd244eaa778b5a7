/** Two traces side by side: nothing is lost or counted twice, whatever they are, and what differs is found. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { TraceResponse } from 'rustok-lens/contract'
import { diffTraces, notableRows } from '../src/model/trace-diff.ts'
import { arbitraryTrace } from './arbitrary-spans.ts'
import { shopTrace } from './shop-traces.ts'
import { Random, TraceBuilder } from './trace-builder.ts'
import { modelOf } from './waterfall-of.ts'

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
const isNear = (one: number, other: number) =>
  Math.abs(one - other) <= 1e-6 * Math.max(1, Math.abs(one), Math.abs(other))

/** A shop's request that asks the database so often. */
function request(queries: number, ms: number): TraceResponse {
  const t = new TraceBuilder(new Random(5), 1_790_000_000_000, 'acme', 'ada')
  t.within(undefined, { service: 'shop', name: 'GET /', kind: 'server' }, (root) => {
    t.work(1000)
    for (let at = 0; at < queries; at++)
      t.within(root, { service: 'shop', name: 'SELECT', kind: 'client' }, () => t.work(ms * 1000))
  })
  return t.build()
}

describe('diffTraces', () => {
  it('has every span of both traces in one row, with its time, callers before what they call', () => {
    fc.assert(
      fc.property(arbitraryTrace, arbitraryTrace, (one, other) => {
        const [a, b] = [modelOf(one), modelOf(other)]
        const { rows } = diffTraces(a, b)
        for (const [model, side] of [
          [a, 'a'],
          [b, 'b'],
        ] as const) {
          const spans = rows.flatMap((row) => row[side]?.spans ?? [])
          assert.deepEqual(
            spans.toSorted((x, y) => x - y),
            model.spans.map((_, index) => index),
          )
          assert.ok(isNear(sum(rows.map((row) => row[side]?.self ?? 0)), sum([...model.self])))
          assert.equal(sum(rows.map((row) => row[side]?.failed ?? 0)), model.failedOrder.length)
        }
        for (const [index, row] of rows.entries()) {
          assert.ok(row.a !== undefined || row.b !== undefined)
          assert.ok(row.depth <= (rows[index - 1]?.depth ?? -1) + 1)
          assert.ok(row.end > index && rows.slice(index + 1, row.end).every(({ depth }) => depth > row.depth))
          assert.ok((rows[row.end]?.depth ?? 0) <= row.depth)
        }
      }),
    )
  })

  it('finds nothing between a trace and itself, and the contrary between two the other way round', () => {
    fc.assert(
      fc.property(arbitraryTrace, arbitraryTrace, (one, other) => {
        const [a, b] = [modelOf(one), modelOf(other)]
        assert.deepEqual(diffTraces(a, a).movers, [])
        assert.deepEqual(notableRows(diffTraces(a, a)), [])
        const [forth, back] = [diffTraces(a, b), diffTraces(b, a)]
        const changes = (diff: typeof forth, sign: number) =>
          diff.rows.map(({ name, change }) => `${name} ${0 + sign * change}`).sort()
        assert.deepEqual(changes(forth, 1), changes(back, -1))
      }),
    )
  })

  it('tells 42 queries from one', () => {
    const diff = diffTraces(modelOf(request(1, 2)), modelOf(request(42, 2)))
    assert.deepEqual(
      diff.rows.map(({ name, a, b }) => [name, a?.spans.length, b?.spans.length]),
      [
        ['GET /', 1, 1],
        ['SELECT', 1, 42],
      ],
    )
    assert.equal(diff.rows[diff.movers[0]!]!.name, 'SELECT')
    assert.deepEqual(notableRows(diff), [0, 1])
  })

  it('shows what is of one trace alone beneath its callers', () => {
    const plain = modelOf(shopTrace(new Random(1), 1_790_000_000_000))
    const diff = diffTraces(plain, modelOf(request(1, 1)))
    for (const index of notableRows(diff)) {
      const row = diff.rows[index]!
      assert.ok(
        row.depth === 0 ||
          notableRows(diff).some((other) => other < index && diff.rows[other]!.depth === row.depth - 1),
      )
    }
  })
})
