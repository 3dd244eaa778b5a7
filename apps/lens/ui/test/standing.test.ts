import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { percentileName, standing } from '../src/model/standing.ts'

const bucket = (fromNano: number, toNano: number, count: number) => ({
  fromNano,
  toNano,
  count,
  errorCount: 0,
})

describe('where a span stands among its peers', () => {
  it('is the share of shorter ones, by its place within its bucket', () => {
    const latency = { buckets: [bucket(0, 10, 50), bucket(10, 20, 50)], total: 100 }
    assert.deepEqual(
      [0, 5, 10, 15, 20, 99].map((nanos) => standing(latency, nanos)),
      [0, 0.25, 0.5, 0.75, 1, 1],
    )
    assert.equal(standing({ buckets: [], total: 0 }, 5), undefined)
    assert.deepEqual([0, 0.5, 0.975, 0.995, 1].map(percentileName), [
      'p1',
      'p50',
      'p97',
      'p99',
      'the slowest',
    ])
  })

  it('never falls as the span gets longer', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(50), { minLength: 1, maxLength: 20 }),
        fc.nat(2000),
        fc.nat(2000),
        (counts, a, b) => {
          const buckets = counts.map((count, at) => bucket(at * 100, (at + 1) * 100, count))
          const total = counts.reduce((sum, count) => sum + count, 0)
          fc.pre(total > 0)
          assert.ok(
            standing({ buckets, total }, Math.min(a, b))! <= standing({ buckets, total }, Math.max(a, b))!,
          )
        },
      ),
    )
  })
})
