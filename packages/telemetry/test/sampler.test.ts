/** Which traces are kept: shares, parents, and that services with different ratios keep the same traces. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ROOT_CONTEXT, trace } from '@opentelemetry/api'
import fc from 'fast-check'
import { emptyContext } from '../src/context/context.ts'
import { AlwaysOffSampler, AlwaysOnSampler } from '../src/sample/always-sampler.ts'
import type { HeadSampler } from '../src/sample/decision.ts'
import { ParentBasedSampler } from '../src/sample/parent-based-sampler.ts'
import { TraceIdRatioSampler } from '../src/sample/trace-id-ratio-sampler.ts'
import { randomInt32 } from '../src/trace/ids.ts'
import { NonRecordingSpan } from '../src/trace/span-identity.ts'
import { traced } from './support/traced.ts'

/** Of a trace with these low words, as a root unless `parent` is given. */
const decides = (sampler: HeadSampler, high: number, low: number, parent?: NonRecordingSpan): boolean =>
  sampler.decide(parent, 0, 0, high, low, 'name', {}, emptyContext).sampled
const keeps = (ratio: number, high = randomInt32(), low = randomInt32()): boolean =>
  decides(new TraceIdRatioSampler(ratio), high, low)
const int32 = () => fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const parent = (traceFlags: number) =>
  NonRecordingSpan.fromContext({ traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags })

suite('by ratio', () => {
  test('1 keeps every trace, 0 none, whatever the id', () => {
    const edges = [0, 1, -1, 0x00ff_ffff, 0x0100_0000, -(2 ** 31), 2 ** 31 - 1]
    const word = fc.oneof(int32(), fc.constantFrom(...edges))
    fc.assert(fc.property(word, word, (high, low) => keeps(1, high, low) && !keeps(0, high, low)))
    for (const high of edges) for (const low of edges) assert.ok(keeps(1, high, low) && !keeps(0, high, low))
  })

  for (const ratio of [0.001, 0.25, 0.5, 0.9]) {
    test(`${ratio} keeps about that share`, () => {
      const count = 200_000
      let kept = 0
      for (let i = 0; i < count; i++) if (keeps(ratio)) kept++
      const deviation = Math.sqrt(count * ratio * (1 - ratio))
      assert.ok(Math.abs(kept - count * ratio) < 8 * deviation, `${kept} of ${count}`)
    })
  }

  test('a trace that is kept at a ratio is kept at every higher one', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(share, share, int32(), int32(), (one, other, high, low) => {
        const [lower, higher] = one < other ? [one, other] : [other, one]
        return !keeps(lower, high, low) || keeps(higher, high, low)
      }),
      { numRuns: 5000 },
    )
  })

  test('the decision reads the 56 random bits alone', () => {
    fc.assert(
      fc.property(int32(), int32(), fc.nat(255), (high, low, byte) => {
        const other = (high & 0x00ff_ffff) | (byte << 24)
        return keeps(0.3, high, low) === keeps(0.3, other, low)
      }),
    )
  })
})

suite('by parent', () => {
  const sampler = new ParentBasedSampler(new TraceIdRatioSampler(0))

  test('a parent is followed, whatever the ratio says', () => {
    assert.equal(decides(sampler, 0, 0, parent(1)), true)
    assert.equal(decides(sampler, 0, 0, parent(3)), true)
    assert.equal(decides(new ParentBasedSampler(new TraceIdRatioSampler(1)), -1, -1, parent(2)), false)
  })

  test('without a parent the ratio decides', () => {
    assert.equal(decides(sampler, -1, -1), false)
    assert.equal(decides(new ParentBasedSampler(new TraceIdRatioSampler(1)), 0, 0), true)
  })
})

test('each kind of parent is left to its own sampler, where there is one', () => {
  const never = new AlwaysOffSampler()
  const always = new AlwaysOnSampler()
  const context = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) }
  const kinds = [
    ['remoteParentSampled', true, 1],
    ['remoteParentNotSampled', true, 0],
    ['localParentSampled', false, 1],
    ['localParentNotSampled', false, 0],
  ] as const
  for (const [name, , traceFlags] of kinds) {
    const opposite = traceFlags === 1 ? never : always
    const sampler = new ParentBasedSampler(never, { [name]: opposite })
    for (const [other, remote, flags] of kinds) {
      const parent = NonRecordingSpan.fromContext({ ...context, isRemote: remote, traceFlags: flags })
      const expected = other === name ? traceFlags === 0 : flags === 1
      assert.equal(decides(sampler, 0, 0, parent), expected, `${name} for ${other}`)
    }
    assert.equal(String(sampler), `ParentBased{root=AlwaysOffSampler, ${name}=${opposite}}`)
  }
})

suite('through tracing', () => {
  test('whole traces are kept or not: no span of a kept trace is missing', async () => {
    const roots = 2000
    const { spans, ledger } = await traced(
      () => {
        const tracer = trace.getTracer('sampler')
        for (let i = 0; i < roots; i++) {
          tracer.startActiveSpan('root', (root) => {
            tracer.startActiveSpan('child', (child) => {
              tracer.startSpan('grandchild').end()
              child.end()
            })
            root.end()
          })
        }
      },
      { config: { samplingRate: 0.25 } },
    )
    const byTrace = Map.groupBy(spans, ({ traceId }) => traceId)
    assert.ok([...byTrace.values()].every((one) => one.length === 3))
    const deviation = Math.sqrt(roots * 0.25 * 0.75)
    assert.ok(Math.abs(byTrace.size - roots / 4) < 8 * deviation, `${byTrace.size} of ${roots}`)
    assert.equal(ledger.created, spans.length, 'what is not sampled is not created')
  })

  const below = (traceFlags: number) =>
    trace.setSpanContext(ROOT_CONTEXT, {
      traceId: '0'.repeat(16) + 'f'.repeat(16),
      spanId: '1'.repeat(16),
      traceFlags,
    })
  const started = (config: { samplingRate: number; parentBased: boolean }) =>
    traced(
      () => {
        trace.getTracer('sampler').startSpan('sampled parent', {}, below(1)).end()
        trace.getTracer('sampler').startSpan('unsampled parent', {}, below(0)).end()
      },
      { config },
    ).then(({ spans }) => spans.map(({ name }) => name))

  test("a parent's decision is followed with parentBased, and not without", async () => {
    assert.deepEqual(await started({ samplingRate: 0, parentBased: true }), ['sampled parent'])
    assert.deepEqual(await started({ samplingRate: 1, parentBased: true }), ['sampled parent'])
    assert.deepEqual(await started({ samplingRate: 1, parentBased: false }), [
      'sampled parent',
      'unsampled parent',
    ])
    assert.deepEqual(await started({ samplingRate: 0, parentBased: false }), [])
  })
})
