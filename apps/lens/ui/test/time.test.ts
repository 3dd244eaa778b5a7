import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  formatAgo,
  formatTime,
  formatUtc,
  formatUtcNano,
  fromDateInput,
  toDateInput,
  unixMillis,
} from '../src/model/time.ts'

const now = Date.UTC(2026, 2, 14, 12, 0, 0)

describe('a point in time', () => {
  it('is told relative to now, also when the sender is ahead', () => {
    assert.equal(formatAgo(now - 1000, now), 'just now')
    assert.equal(formatAgo(now - 42_000, now), '42 s ago')
    assert.equal(formatAgo(now - 3 * 60_000 - 59_000, now), '3 min ago')
    assert.equal(formatAgo(now - 5 * 3600_000, now), '5 h ago')
    assert.equal(formatAgo(now - 3 * 86400_000, now), '3 d ago')
    assert.equal(formatAgo(now + 120_000, now), 'in 2 min')
    assert.equal(formatAgo(0, now), '')
  })

  it('keeps its nanoseconds in UTC', () => {
    assert.equal(formatUtcNano(1_773_489_600_000_000_007n), '2026-03-14 12:00:00.000000007 UTC')
    assert.equal(formatUtc(now), '2026-03-14 12:00:00.000 UTC')
  })

  it('carries its date unless it is today', () => {
    assert.match(formatTime(now, now), /^\d\d:\d\d:\d\d\.000$/)
    assert.match(formatTime(now - 40 * 86400_000, now), /2.*, \d\d:/)
  })

  it('never throws, whatever a span claims', () => {
    fc.assert(
      fc.property(fc.oneof(fc.bigInt(), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })), (nanos) => {
        const millis = unixMillis(String(nanos))
        for (const text of [
          formatTime(millis, now),
          formatUtc(millis),
          formatUtcNano(nanos),
          formatAgo(millis, now),
        ]) {
          assert.equal(typeof text, 'string')
        }
      }),
    )
  })

  it('survives the round trip through a date field to the second', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e9 }), (seconds) => {
        assert.equal(fromDateInput(toDateInput(seconds * 1000)) !== undefined, true)
      }),
    )
    assert.equal(fromDateInput(toDateInput(now)), now)
    assert.equal(fromDateInput(''), undefined)
    assert.equal(fromDateInput('yesterday'), undefined)
  })
})
