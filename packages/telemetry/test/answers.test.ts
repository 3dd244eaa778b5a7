/** Every answer that a collector can give: what may be retried arrives, what may not is counted, and the ledger balances. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Metadata, status } from '@grpc/grpc-js'
import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api'
import { encodeRpcStatus, encodeTraceResponse } from '@rustok/otlp'
import type { Answering } from './support/collector.ts'
import { deliver, lost, sleep } from './support/delivery.ts'
import { until } from './support/pipeline.ts'

const retryInfo = (ms: number, code: number = status.UNAVAILABLE): Metadata => {
  const metadata = new Metadata()
  const details = encodeRpcStatus({ code, message: '', retryDelayNanos: BigInt(Math.round(ms * 1e6)) })
  metadata.set('grpc-status-details-bin', Buffer.from(details))
  return metadata
}

suite('status codes', () => {
  const retryable = new Set<number>([
    status.CANCELLED,
    status.DEADLINE_EXCEEDED,
    status.ABORTED,
    status.OUT_OF_RANGE,
    status.UNAVAILABLE,
    status.DATA_LOSS,
  ])
  const failures = Object.values(status).filter(
    (code): code is Exclude<typeof code, string> => typeof code === 'number' && code !== status.OK,
  )

  test('are the 16 that are no success', () => assert.equal(failures.length, 16))

  for (const headersFirst of [false, true]) {
    const how = headersFirst ? 'behind headers' : 'as trailers only'
    test(`${how}: what may be retried is and arrives, the rest is dropped and counted`, async () => {
      await Promise.all(
        failures.map(async (code) => {
          const name = status[code]
          const once: Answering = (attempt) => (attempt === 1 ? { code, details: name, headersFirst } : {})
          const { collector, emit, pipeline, ledger } = await deliver(once)
          emit(5)
          await pipeline.flush(20_000)
          const { exported, queued } = ledger()
          const retried = retryable.has(code)
          assert.equal(collector.attempts, retried ? 2 : 1, name)
          assert.equal(collector.spans().length, retried ? 5 : 0, name)
          assert.deepEqual([exported, queued], [retried ? 5 : 0, 0], name)
          assert.deepEqual(lost(ledger()), retried ? {} : { refused: 5 }, name)
        }),
      )
    })
  }

  test('RESOURCE_EXHAUSTED is retried when the collector says when', async () => {
    const code = status.RESOURCE_EXHAUSTED
    const { collector, emit, pipeline, ledger } = await deliver((attempt) =>
      attempt === 1 ? { code, metadata: retryInfo(10, code) } : {},
    )
    emit(3)
    await pipeline.flush()
    assert.equal(collector.spans().length, 3)
    assert.deepEqual(lost(ledger()), {})
  })

  test('a refused batch does not stop the next one', async () => {
    const { collector, emit, pipeline, ledger } = await deliver((attempt) =>
      attempt === 1 ? { code: status.INVALID_ARGUMENT, details: 'not this one' } : {},
    )
    emit(3, 'refused')
    await pipeline.flush()
    emit(3, 'fine')
    await pipeline.flush()
    assert.deepEqual(new Set(collector.spans().map(({ name }) => name)), new Set(['fine']))
    assert.deepEqual(lost(ledger()), { refused: 3 })
  })
})

suite('RetryInfo', () => {
  test('holds the retry back for as long as it says', async () => {
    const times: number[] = []
    const { emit, pipeline } = await deliver((attempt) => {
      times.push(performance.now())
      return attempt === 1 ? { code: status.UNAVAILABLE, metadata: retryInfo(700) } : {}
    })
    emit(1)
    await pipeline.flush()
    assert.ok(times[1]! - times[0]! >= 600, `${times[1]! - times[0]!} ms`)
  })

  for (const ms of [0, -5000]) {
    test(`of ${ms} ms does not make a failing collector be hammered`, async () => {
      const { collector, emit, pipeline, ledger } = await deliver(() => ({
        code: status.UNAVAILABLE,
        metadata: retryInfo(ms),
      }))
      emit(1)
      await pipeline.flush(500)
      assert.ok(collector.attempts >= 2 && collector.attempts <= 10, `${collector.attempts} attempts`)
      assert.equal(ledger().queued, 1)
    })
  }

  test('of a year does not outlast the shutdown, which asks once more', async () => {
    const year = 365 * 86_400_000
    const { collector, emit, pipeline, ledger } = await deliver((attempt) =>
      attempt === 1 ? { code: status.UNAVAILABLE, metadata: retryInfo(year) } : {},
    )
    emit(4)
    void pipeline.flush(10)
    await until(() => collector.attempts === 1)
    await sleep(20)
    await pipeline.shutdown()
    assert.equal(collector.spans().length, 4)
    assert.equal(ledger().exported, 4)
  })

  test('that cannot be read is as good as none', async () => {
    const metadata = new Metadata()
    metadata.set('grpc-status-details-bin', Buffer.from([0xff, 0xff, 0xff]))
    const { collector, emit, pipeline } = await deliver((attempt) =>
      attempt === 1 ? { code: status.UNAVAILABLE, metadata } : {},
    )
    emit(1)
    await pipeline.flush()
    assert.equal(collector.attempts, 2)
  })
})

suite('answers', () => {
  const said: string[] = []
  const listen = () => {
    said.length = 0
    const say = (message: string) => void said.push(message)
    const logger: DiagLogger = { error: say, warn: say, info: say, debug: say, verbose: say }
    diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
  }
  const partly = (rejectedSpans: bigint, errorMessage: string) => ({
    response: encodeTraceResponse({ partialSuccess: { rejectedSpans, errorMessage } }),
  })

  test('a partial success counts the rejected, tells why, and is never retried', async () => {
    listen()
    const { collector, emit, pipeline, ledger } = await deliver(() => partly(3n, 'three are too old'))
    emit(10)
    await pipeline.flush()
    assert.equal(collector.attempts, 1)
    const { exported, rejected, queued } = ledger()
    assert.deepEqual([exported, rejected, queued], [7, 3, 0])
    assert.ok(said.some((message) => message.includes('three are too old')))
  })

  test('a warning with nothing rejected is told, and all are delivered', async () => {
    listen()
    const { emit, pipeline, ledger } = await deliver(() => partly(0n, 'please use TLS'))
    emit(2)
    await pipeline.flush()
    assert.deepEqual([ledger().exported, ledger().rejected], [2, 0])
    assert.ok(said.some((message) => message.includes('please use TLS')))
  })

  for (const [count, rejected] of [
    [1000n, 4],
    [2n ** 63n - 1n, 4],
    [-1n, 0],
    [-(2n ** 63n), 0],
  ] as const) {
    test(`${count} rejected of 4 are ${rejected}`, async () => {
      const { emit, pipeline, ledger } = await deliver(() => partly(count, ''))
      emit(4)
      await pipeline.flush()
      assert.deepEqual([ledger().exported, ledger().rejected], [4 - rejected, rejected])
    })
  }

  test('an answer that cannot be read is an answer: delivered, not sent again', async () => {
    const { collector, emit, pipeline, ledger } = await deliver(() => ({
      response: Buffer.from([0xff, 0xff]),
    }))
    emit(2)
    await pipeline.flush()
    assert.equal(collector.attempts, 1)
    assert.equal(ledger().exported, 2)
  })

  test('of more than 4 MiB are not read, not retried, and counted', async () => {
    const { collector, emit, pipeline, ledger } = await deliver(() => ({
      response: Buffer.alloc(5 * 1024 * 1024),
    }))
    emit(2)
    await pipeline.flush()
    assert.equal(collector.attempts, 1)
    assert.equal(ledger().queued, 0)
  })
})
