/** SIGTERM to a server that is answering requests all the time: what it has answered is delivered, and the rest is accounted for. */
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { LedgerSnapshot } from '../../src/export/ledger.ts'
import { type Answering, startCollector } from '../support/collector.ts'
import { balanced, until } from '../support/pipeline.ts'
import { run } from '../support/run.ts'

const application = fileURLToPath(new URL('../fixtures/serving-until-signal.ts', import.meta.url))

/** Asks again and again, eight requests at a time, until the server is gone; `answered` are the traces of those that it answered. */
async function load(port: number, answered: Set<string>): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  const ask = () =>
    new Promise<void>((resolve, reject) => {
      const traceId = randomBytes(16).toString('hex')
      const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` }
      get({ port, agent, headers, host: '127.0.0.1' }, (response) => {
        response.resume().on('error', reject)
        response.on('end', () => {
          answered.add(traceId)
          resolve()
        })
      }).on('error', reject)
    })
  const client = async () => {
    for (;;) await ask()
  }
  await Promise.allSettled(Array.from({ length: 8 }, client))
  agent.destroy()
}

async function terminated(wishes: readonly string[], answer?: Answering) {
  const collector = await startCollector(answer)
  const answered = new Set<string>()
  let before: readonly string[] = []
  const terminate = async (child: ChildProcess) => {
    const [port] = await once(child, 'message')
    const loaded = load(port as number, answered)
    await until(() => answered.size >= 600, 'the load')
    before = [...answered]
    child.kill('SIGTERM')
    await loaded
  }
  let loaded: Promise<void> = Promise.resolve()
  try {
    const ended = await run([application, ...wishes], {
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint },
      during: (child) => {
        loaded = terminate(child)
      },
    })
    await loaded
    const delivered = new Set(collector.spans().map(({ traceId }) => traceId))
    const missing = (ids: Iterable<string>) => [...ids].filter((id) => !delivered.has(id)).length
    const ledger = balanced(JSON.parse(ended.stdout.trim().split('\n').at(-1)!) as LedgerSnapshot)
    return { ...ended, ledger, missingBefore: missing(before), missingAtAll: missing(answered) }
  } finally {
    collector.stop()
  }
}

suite('SIGTERM under load', { concurrency: 2 }, () => {
  test('of an application without a handler delivers all that was answered before it, and dies of it', async () => {
    const { signal, stderr, ledger, missingBefore } = await terminated([])
    assert.equal(signal, 'SIGTERM', stderr)
    assert.equal(missingBefore, 0)
    assert.equal(ledger.queued, 0)
  })

  test('of one that finishes what it is at delivers all that was answered, and keeps its exit code', async () => {
    const { code, stderr, ledger, missingAtAll } = await terminated(['graceful'])
    assert.deepEqual([code, stderr], [4, ''])
    assert.equal(missingAtAll, 0)
    assert.deepEqual([ledger.queued, ledger.exported], [0, ledger.created])
  })

  test('and with a collector that is slow, the same', async () => {
    const slow: Answering = async () => {
      await new Promise((resolve) => setTimeout(resolve, 300))
      return {}
    }
    const { code, stderr, ledger, missingAtAll } = await terminated(['graceful'], slow)
    assert.deepEqual([code, stderr], [4, ''])
    assert.equal(missingAtAll, 0)
    assert.deepEqual([ledger.queued, ledger.exported], [0, ledger.created])
  })
})
