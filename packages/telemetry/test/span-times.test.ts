/** Times in every form that the API takes, and the clock where none is given. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type HrTime, ROOT_CONTEXT, type TimeInput, trace } from '@opentelemetry/api'
import fc from 'fast-check'
import { traced } from './support/traced.ts'

const tracer = () => trace.getTracer('times')
const second = 1_000_000_000n
const near = (actual: bigint, expected: bigint, within: bigint) =>
  assert.ok(actual - expected < within && expected - actual < within, `${actual} is not near ${expected}`)
const unixNanos = () => BigInt(Date.now()) * 1_000_000n

async function timesOf(
  start: TimeInput,
  end: TimeInput,
): Promise<[start: bigint, event: bigint, end: bigint]> {
  const { spans } = await traced(() => {
    const span = tracer().startSpan('s', { startTime: start })
    span.addEvent('e', {}, start)
    span.end(end)
  })
  return [spans[0]!.start, spans[0]!.events[0]!.time, spans[0]!.end]
}

suite('given times', () => {
  test('[seconds, nanoseconds] arrive exactly', async () => {
    const [start, event, end] = await timesOf([1_700_000_000, 1], [1_700_000_000, 999_999_999])
    assert.deepEqual([start, event, end], [1_700_000_000n * second + 1n, start, 1_700_000_001n * second - 1n])
  })

  test('a Date arrives with its milliseconds', async () => {
    const [start, , end] = await timesOf(new Date(1_700_000_000_123), new Date('1971-01-01T00:00:00.001Z'))
    assert.equal(start, 1_700_000_000_123_000_000n)
    assert.equal(end, 31_536_000_001_000_000n)
  })

  test('Unix milliseconds arrive, of long ago, just now, and with fractions', async () => {
    const [start, event, end] = await timesOf(1_500_000_000_000, 1_700_000_000_000.25)
    assert.deepEqual(
      [start, event, end],
      [1_500_000_000_000_000_000n, 1_500_000_000_000_000_000n, 1_700_000_000_000_250_000n],
    )
    const now = Date.now()
    assert.equal((await timesOf(now, now + 1))[0], BigInt(now) * 1_000_000n)
  })

  test('milliseconds of performance.now() are on the same clock as the spans', async () => {
    const before = performance.now()
    const [start, , end] = await timesOf(before, before + 1.5)
    near(start, BigInt(Math.round((performance.timeOrigin + before) * 1e3)) * 1000n, second / 10n)
    near(end - start, 1_500_000n, 1000n)
  })

  test('a Unix time of before the process started is not taken for a monotonic one', async () => {
    const anHourBefore = Math.floor(performance.timeOrigin) - 3_600_000
    assert.equal((await timesOf(anHourBefore, anHourBefore + 1))[0], BigInt(anHourBefore) * 1_000_000n)
  })

  test('what is no time is read as now', async () => {
    const wrong = [
      Number.NaN,
      -1,
      Infinity,
      [1],
      [1, Number.NaN],
      [-1, 0],
      new Date(Number.NaN),
      'soon',
      {},
      [2e10, 0],
    ]
    const begin = unixNanos()
    const { spans } = await traced(() => {
      for (const time of wrong as TimeInput[]) {
        const span = tracer().startSpan('s', { startTime: time })
        span.addEvent('e', {}, time)
        span.end(time)
      }
    })
    for (const { start, end, events } of spans) {
      for (const time of [start, end, events[0]!.time]) near(time, begin, 60n * second)
    }
  })

  test('every time that 64 bits of nanoseconds can say arrives as it is', async () => {
    const time = fc.tuple(
      fc.integer({ min: 0, max: 18_446_744_072 }),
      fc.integer({ min: 0, max: 999_999_999 }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(time, { minLength: 1, maxLength: 100 }), async (times) => {
        const { spans } = await traced(() => {
          for (const at of times)
            tracer()
              .startSpan('s', { startTime: at as HrTime })
              .end(at as HrTime)
        })
        assert.deepEqual(
          spans.map(({ start }) => start),
          times.map(([seconds, nanos]) => BigInt(seconds) * second + BigInt(nanos)),
        )
      }),
      { numRuns: 10 },
    )
  })
})

suite('the clock', () => {
  test('is the wall clock with monotonic durations', async () => {
    const begin = unixNanos()
    let waited = 0n
    const { named } = await traced(async () => {
      const outer = tracer().startSpan('outer')
      const begin = process.hrtime.bigint()
      await new Promise((resolve) => setTimeout(resolve, 20))
      waited = process.hrtime.bigint() - begin
      const inner = tracer().startSpan('inner', {}, trace.setSpan(ROOT_CONTEXT, outer))
      inner.end()
      outer.end()
    })
    const outer = named('outer')
    const inner = named('inner')
    near(outer.start, begin, 10n * second)
    assert.ok(outer.end - outer.start >= waited, 'a timer lies within')
    assert.ok(inner.start >= outer.start && inner.end <= outer.end)
  })

  test('keeps durations and order within a trace when the wall clock is set while it runs, and follows it afterwards', async () => {
    const realNow = Date.now
    try {
      const { named } = await traced(async () => {
        const outer = tracer().startSpan('outer')
        Date.now = () => realNow() + 86_400_000
        // The wall clock is looked at once a second.
        await new Promise((resolve) => setTimeout(resolve, 1050))
        tracer().startSpan('new root').end()
        tracer().startSpan('child', {}, trace.setSpan(ROOT_CONTEXT, outer)).end()
        outer.end()
      })
      const outer = named('outer')
      assert.ok(named('child').start >= outer.start && named('child').end <= outer.end)
      near(outer.end - outer.start, second, 60n * second)
      near(named('new root').start, outer.start + 86_400n * second, 60n * second)
    } finally {
      Date.now = realNow
    }
  })
})
