/** Outages over OTLP/HTTP: a collector that is not there yet, restarts, resets, or whose name does not resolve. Over gRPC: outages.test.ts. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { atEnd, lost } from '../support/delivery.ts'
import { startHttpCollector } from '../support/http-collector.ts'
import { pipelineTo, until } from '../support/pipeline.ts'
import { listen } from '../support/said.ts'
import { freePort } from '../support/spool.ts'
import { type Fault, startTcpProxy } from '../support/tcp-proxy.ts'

const large = { payload: 'x'.repeat(200) }

for (const protocol of ['http/protobuf', 'http/json'] as const) {
  suite(`over ${protocol}, a collector`, () => {
    const to = (endpoint: string, fields = {}) => {
      const pipeline = pipelineTo(endpoint, { protocol, shutdownTimeout: 300, ...fields })
      atEnd(() => pipeline.pipeline.shutdown())
      return pipeline
    }

    for (const fault of ['refuse', 'reset-request', 'reset-answer', 'swallow'] as const satisfies Fault[]) {
      test(`behind a network that does '${fault}' gets all once it is back, a duplicate with the same ids`, async () => {
        const collector = await startHttpCollector()
        const proxy = await startTcpProxy(collector.port, fault)
        atEnd(collector.stop, proxy.stop)
        const { emit, pipeline, ledger } = to(`${proxy.endpoint}/v1/traces`, { exportTimeout: 300 })
        emit(200, 's', large)
        void pipeline.flush(20_000)
        await until(() => proxy.connections > 0)
        if (fault === 'reset-answer') await until(() => collector.requests.length > 0)
        assert.deepEqual([ledger().queued, ledger().exported], [200, 0])
        proxy.fault = undefined
        await until(() => ledger().exported === 200, 'all to arrive')
        if (protocol === 'http/protobuf') {
          const ids = collector.spans().map(({ spanId }) => spanId)
          assert.equal(new Set(ids).size, 200)
        }
        assert.deepEqual(lost(ledger()), {})
      })
    }

    test('that is away for good, or whose name does not resolve: shutdown ends in its time, all is counted', async () => {
      const said = listen()
      for (const endpoint of [`http://127.0.0.1:${await freePort()}/`, 'http://no-such-host.invalid:4318/']) {
        const { emit, pipeline, ledger } = to(endpoint)
        emit(7)
        await pipeline.flush(100)
        assert.equal(ledger().queued, 7)
        await pipeline.shutdown()
        assert.deepEqual([ledger().queued, lost(ledger())], [0, { shutdown: 7 }])
      }
      assert.equal(said.filter((message) => message.includes('cannot reach')).length, 2)
    })
  })
}
