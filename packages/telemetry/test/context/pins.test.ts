/** What long-lived contexts hold on to: not what requests were made of, nor spans that have ended, but for the one that is active in them. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startCollector } from '../support/collector.ts'
import { run } from '../support/run.ts'

const pins = fileURLToPath(new URL('../fixtures/pins.ts', import.meta.url))

async function alive(...wishes: readonly string[]): Promise<Record<string, number>> {
  const collector = await startCollector()
  try {
    const { stdout, stderr, code } = await run(['--expose-gc', pins, ...wishes], {
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, OTEL_BSP_SCHEDULE_DELAY: '20' },
    })
    assert.deepEqual([code, stderr], [0, ''])
    const said = JSON.parse(stdout) as { made: number; alive: Record<string, number> }
    assert.equal(said.made, 20)
    return said.alive
  } finally {
    collector.stop()
  }
}

suite('finished spans and requests are not pinned', () => {
  // Each of the two kept connections may know its last request.
  const ofConnections = 2

  test('by kept connections, nor by the timers of the pipeline', async () => {
    const left = await alive()
    assert.ok(Object.keys(left).length >= 7)
    assert.equal(left['store of the last span'], 0)
    for (const [kind, count] of Object.entries(left)) assert.ok(count <= ofConnections, `${count} of ${kind}`)
  })

  test('by an interval that each request has made, but for the span that is active in it', async () => {
    const { 'store of the application': stores, ...left } = await alive('interval')
    assert.equal(stores, 20, 'the context of an interval is kept: else this shows nothing')
    for (const [kind, count] of Object.entries(left)) assert.ok(count <= ofConnections, `${count} of ${kind}`)
  })
})
