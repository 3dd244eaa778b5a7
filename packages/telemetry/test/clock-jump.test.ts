/** The wall clock jumps a day either way, for real: durations, retries and deadlines do not. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startCollector } from './support/collector.ts'
import { only } from './support/only.ts'
import { run } from './support/run.ts'

const application = fileURLToPath(new URL('./fixtures/clock-jump.ts', import.meta.url))
const dayMs = 86_400_000

test('a wall clock that jumps a day either way changes neither durations nor delivery', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'rustok-clock-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const offset = join(directory, 'offset')
  writeFileSync(offset, '+0\n')
  // The first two requests after each jump are told to come again: a backoff that went by the wall would wait for a day, or for ever.
  const collector = await startCollector((attempt) => (attempt % 3 === 0 ? {} : { code: 14 }))
  t.after(collector.stop)
  const preload = execFileSync('faketime', ['-f', '+0', 'printenv', 'LD_PRELOAD'], {
    encoding: 'utf8',
  }).trim()
  const { code, stdout, stderr } = await run([application], {
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      LD_PRELOAD: preload,
      FAKETIME_TIMESTAMP_FILE: offset,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
  })
  assert.equal(code, 0, stderr)
  const times = JSON.parse(stdout) as Record<string, number>
  const jump = (name: string) => times[`after ${name}`]! - times[`before ${name}`]!
  assert.ok(jump('forward') > 0.9 * dayMs && jump('back') < -1.9 * dayMs, stdout)

  const spans = collector.spans()
  assert.equal(spans.length, 6)
  for (const name of ['forward', 'back']) {
    const [across, below, after] = ['across', 'below', 'after'].map((place) =>
      only(spans, `${place} ${name}`),
    )
    const ms = Number(across!.end - across!.start) / 1e6
    assert.ok(ms >= 39 && ms < 20_000, `${name}: ${ms} ms`)
    assert.ok(below!.start >= across!.start && below!.end <= across!.end, `${name}: inside of its parent`)
    const late = Math.abs(Number(after!.start / 1_000_000n) - times[`after ${name}`]!)
    assert.ok(late < 20_000, `${name}: ${late} ms from what the clock said`)
  }
})
