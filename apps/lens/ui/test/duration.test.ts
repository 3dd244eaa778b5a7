import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { canonicalDuration, formatDuration, parseDuration } from '../src/model/duration.ts'

describe('a duration', () => {
  it('is written with three digits and the unit that suits it', () => {
    const written = [
      [0, '0 ns'],
      [850, '850 ns'],
      [999.9, '1 µs'],
      [12_345, '12.3 µs'],
      [999_600, '1 ms'],
      [4_560_000, '4.56 ms'],
      [123_456_789, '123 ms'],
      [1_234_000_000, '1.23 s'],
      [59_940_000_000, '59.9 s'],
      [59_960_000_000, '1 min'],
      [125_000_000_000, '2 min 5 s'],
      [3_599_900_000_000, '1 h'],
      [11_520_000_000_000, '3 h 12 min'],
      [86_399_999_999_999, '1 d'],
      [187_200_000_000_000, '2 d 4 h'],
    ] as const
    for (const [nanos, text] of written) assert.equal(formatDuration(nanos), text)
  })

  it('is never written with a unit that is full, for any number', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e18, noNaN: true }), (nanos) => {
        const text = formatDuration(nanos)
        assert.match(text, /^[\d.]+ (ns|µs|ms|s|min|h|d)( \d+ (s|min|h))?$/)
        assert.doesNotMatch(text, /^1\d{3,} (ns|µs|ms)|\b60 (s|min)\b|^24 h|\b24 h$/)
      }),
    )
  })

  it('reads back as what was written, within the digits shown', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 59e9, noNaN: true }), (nanos) => {
        const back = parseDuration(formatDuration(nanos))!
        assert.ok(Math.abs(back - nanos) <= 0.006 * nanos + 0.005)
      }),
    )
  })

  it('is understood as people type it', () => {
    assert.equal(parseDuration('150'), 150e6)
    assert.equal(parseDuration(' 1.5 s '), 1.5e9)
    assert.equal(parseDuration('1,5s'), 1.5e9)
    assert.equal(parseDuration('250µs'), 250e3)
    assert.equal(parseDuration('2M'), 120e9)
    for (const bad of ['', 'fast', '-1s', '1 lightyear', '1.2.3s', 'ms', '1e3s'])
      assert.equal(parseDuration(bad), undefined)
  })

  it('goes to the API in its notation', () => {
    assert.equal(canonicalDuration('150'), '150ms')
    assert.equal(canonicalDuration('1,5 s'), '1.5s')
    assert.equal(canonicalDuration('250 µs'), '250us')
    assert.equal(canonicalDuration('2 min'), '2m')
    assert.equal(canonicalDuration('soon'), undefined)
  })
})
