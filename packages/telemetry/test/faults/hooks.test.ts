/**
 * Functions of the application that the pipeline calls: its diag logger, sampler, ids, redaction rules, what tells attributes. They throw, or are
 * asynchronous where they should not be and reject: a rejection that nobody handles would end the process, and fails the test here.
 */
import assert from 'node:assert/strict'
import { afterEach, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type DiagLogger, DiagLogLevel, diag, trace } from '@opentelemetry/api'
import { traced as tracedFunction } from '../../src/index.ts'
import { get, ok, serving } from '../support/serving.ts'
import { traced } from '../support/traced.ts'

const fail = (): never => {
  throw new Error('of the application')
}
const reject = async (): Promise<never> => fail()
const emit = (count: number) => {
  for (let i = 0; i < count; i++)
    trace
      .getTracer('hooks')
      .startSpan('s', { attributes: { v: 1 } })
      .end()
}
/** Unhandled rejections are told after the microtasks of the turn. */
const told = () => sleep(5)

suite('a diag logger of the application', () => {
  const logger = (hook: () => unknown): DiagLogger =>
    ({ error: hook, warn: hook, info: hook, debug: hook, verbose: hook }) as DiagLogger
  afterEach(() => diag.disable())

  for (const [what, hook] of [
    ['throws', fail],
    ['rejects', reject],
  ] as const) {
    test(`that ${what} costs neither spans nor the process, whatever is told`, async () => {
      let calls = 0
      const counted = () => {
        calls++
        return hook()
      }
      // Registering is told, too, by the API itself.
      diag.setLogger(
        logger(() => {}),
        { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
      )
      const { spans, ledger } = await traced(
        async (tracing) => {
          diag.setLogger(logger(counted), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
          emit(10)
          await tracing.forceFlush()
          emit(10)
          await tracing.forceFlush()
          emit(10)
          await tracing.forceFlush()
        },
        {
          // Told: a retry, a refusal, a partial success.
          answer: (attempt) =>
            [{ code: 14 }, {}, { code: 3 }, { response: Buffer.from([10, 2, 8, 4]) }][attempt - 1],
          config: { shutdownTimeout: 500 },
        },
      )
      await told()
      assert.ok(calls >= 3, `${calls} messages`)
      assert.deepEqual([ledger.exported, ledger.rejected, ledger.dropped.refused], [16, 4, 10])
      assert.equal(spans.length, 20)
    })
  }

  test('that throws does not throw at what was called amiss', async () => {
    const { spans } = await traced(() => {
      diag.setLogger(logger(fail), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
      const unreadable = new Proxy({}, { get: fail, ownKeys: fail }) as never
      const span = trace.getTracer('hooks').startSpan('s', unreadable)
      span.setAttributes(unreadable).addLinks(unreadable).setStatus(unreadable).recordException(unreadable)
      span.end()
      span.end()
    })
    assert.equal(spans.length, 1)
  })

  test('that throws does not throw into a request whose instrumentation failed', async () => {
    const { ledger } = await serving(
      ok,
      async (port) => {
        diag.setLogger(logger(fail), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
        assert.equal(await get(port), 'ok')
      },
      { sampler: { shouldSample: fail } },
    )
    assert.equal(ledger.exported, 1)
  })
})

test('a sampler that is asynchronous and rejects leaves the decision to the configuration', async () => {
  const { spans } = await traced(() => emit(3), { sampler: { shouldSample: reject } as never })
  await told()
  assert.equal(spans.length, 3)
})

test('an id generator that is asynchronous and rejects is replaced by random ids', async () => {
  const idGenerator = { generateTraceId: reject, generateSpanId: reject }
  const { spans } = await traced(() => emit(3), { idGenerator: idGenerator as never })
  await told()
  assert.equal(new Set(spans.map(({ traceId, spanId }) => traceId + spanId)).size, 3)
})

test('a redaction rule that is asynchronous and rejects lets nothing through', async () => {
  const redactionRules = [{ attribute: 'v', redact: reject as never }]
  const { spans } = await traced(() => emit(3), { config: { redactionRules } })
  await told()
  assert.deepEqual(
    spans.map(({ attributes }) => attributes),
    [1, 2, 3].map(() => ({ v: 'REDACTED' })),
  )
})

test('what tells the attributes of a traced function, is asynchronous and rejects, costs the span its attributes', async () => {
  const { spans } = await traced(() => {
    const double = tracedFunction('double', { attributes: reject as never }, (value: number) => value * 2)
    assert.equal(double(2), 4)
  })
  await told()
  assert.deepEqual(
    spans.map(({ attributes }) => attributes),
    [{}],
  )
})

test('a toJSON that is asynchronous and rejects costs its value alone', async () => {
  const { spans } = await traced(() => {
    const attributes = { v: { toJSON: reject }, w: 1 } as never
    trace.getTracer('hooks').startSpan('s', { attributes }).end()
  })
  await told()
  assert.equal(spans[0]!.attributes.w, 1n)
})

test('detectors that are asynchronous and reject leave the resource as it is', async () => {
  const { requests } = await traced(() => emit(1), { resourceDetectors: [{ detect: reject } as never] })
  await told()
  assert.equal(requests[0]!.spans.length, 1)
})
