/** A process that is short of memory sheds the spans that would have to wait, and says so. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { LedgerSnapshot } from '../src/export/ledger.ts'
import { startCollector } from './support/collector.ts'
import { run } from './support/run.ts'

const application = fileURLToPath(new URL('./fixtures/short-of-memory.ts', import.meta.url))

type Report = LedgerSnapshot & { readonly when: string; readonly use: number }

async function reports(
  env: Record<string, string>,
  ...wishes: readonly string[]
): Promise<{ all: readonly Report[]; stderr: string }> {
  const { code, stdout, stderr } = await run(
    ['--max-old-space-size=128', '--expose-gc', application, ...wishes],
    {
      env,
    },
  )
  assert.equal(code, 0, stderr)
  const all = stdout
    .trim()
    .split('\n')
    .map((line): Report => JSON.parse(line))
  for (const { created, exported, rejected, dropped, queued, spooled } of all) {
    const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0)
    assert.equal(created, exported + rejected + lost + queued + spooled)
  }
  return { all, stderr }
}

suite('with a heap that is nine tenths full', { concurrency: 2 }, () => {
  test('and a collector that is away, spans are shed, until there is room again', async () => {
    const { all, stderr } = await reports({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' })
    const [before, full, after] = all
    assert.equal(before!.dropped.memory, 0)
    assert.ok(full!.use > 0.85, `${full!.use} of the heap`)
    assert.ok(full!.dropped.memory > 0)
    assert.equal(after!.dropped.memory, full!.dropped.memory, 'no more once there is room')
    assert.match(stderr, /spans dropped: they would have to wait, and the process is short of memory/)
    assert.match(stderr, /short of memory: raise --max-old-space-size/)
  })

  test('and a collector that answers, nothing is lost', async () => {
    const collector = await startCollector()
    try {
      const { all } = await reports({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint }, 'flushing')
      assert.deepEqual(
        all.map(({ dropped }) => dropped.memory),
        all.map(() => 0),
      )
    } finally {
      collector.stop()
    }
  })
})
