import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDuration } from '../src/duration.ts'

test('reads durations as people and Go write them', () => {
  for (const [text, nanos] of [
    ['150ms', 150_000_000n],
    ['1.5s', 1_500_000_000n],
    ['2m', 120_000_000_000n],
    ['1h30m', 5_400_000_000_000n],
    ['2d', 172_800_000_000_000n],
    ['100us', 100_000n],
    ['100µs', 100_000n],
    ['7ns', 7n],
    ['.5s', 500_000_000n],
    ['0', 0n],
    ['0s', 0n],
    ['36500d', 36_500n * 86_400_000_000_000n],
  ] as const) {
    assert.equal(parseDuration(text), nanos, text)
  }
})

test('tells what is no duration', () => {
  for (const text of [
    '',
    '5',
    'ms',
    '-1s',
    '1 s',
    '1s ',
    's1',
    '1.s',
    '1e3s',
    '1s5',
    '36501d',
    `${'9'.repeat(400)}s`,
  ]) {
    assert.equal(parseDuration(text), undefined, text)
  }
})
