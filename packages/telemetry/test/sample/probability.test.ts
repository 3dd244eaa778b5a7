/** The probability that a trace was sampled with: how it is computed, written, inherited and erased (`ot=th`). */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Context, createTraceState, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { createComposableProbabilitySampler, createCompositeSampler } from '@opentelemetry/sampler-composite'
import fc from 'fast-check'
import { emptyContext } from '../../src/context/context.ts'
import { parseTracestate } from '../../src/context/trace-state.ts'
import { AlwaysOffSampler, AlwaysOnSampler } from '../../src/sample/always-sampler.ts'
import type { HeadSampler } from '../../src/sample/decision.ts'
import { ParentBasedSampler } from '../../src/sample/parent-based-sampler.ts'
import { Threshold } from '../../src/sample/threshold.ts'
import { TraceIdRatioSampler } from '../../src/sample/trace-id-ratio-sampler.ts'
import { NonRecordingSpan } from '../../src/trace/span-identity.ts'
import type { ReceivedSpan } from '../support/decode.ts'
import { sampled } from '../support/sampled.ts'

const traceIds = fc
  .string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 32, maxLength: 32 })
  .filter((id) => /[^0]/.test(id))
const shares = fc.oneof(
  fc.double({ min: 2 ** -40, max: 1, noNaN: true }),
  fc.constantFrom(1, 0.5, 0.25, 0.1, 0.01, 1e-6, 1 - 1e-9),
)
/** The ids that are kept last and first. */
const low = `${'0'.repeat(31)}1`
const high = 'f'.repeat(32)
const word = (id: string, index: number) => Number.parseInt(id.slice(index * 8, index * 8 + 8), 16) | 0

interface Parent {
  readonly traceId: string
  readonly flags: number
  readonly state?: string
  readonly remote?: boolean
}

/** What a sampler makes of a span below `parent`, as a peer's would be asked. */
function decide(sampler: HeadSampler, { traceId, flags, state, remote = true }: Parent) {
  const traceState = state === undefined ? undefined : parseTracestate(state)!
  const parent = NonRecordingSpan.fromContext({
    traceId,
    spanId: '1'.repeat(16),
    traceFlags: flags,
    isRemote: remote,
    ...(traceState && { traceState }),
  })
  const decision = sampler.decide(
    parent,
    word(traceId, 0),
    word(traceId, 1),
    word(traceId, 2),
    word(traceId, 3),
    'name',
    {},
    emptyContext,
  )
  return { sampled: decision.sampled, state: (decision.traceState ?? parent.traceState)?.serialize() ?? '' }
}

suite('a threshold', () => {
  // The table of the specification, "Converting floating-point probability to threshold value", precision 4.
  const table: [oneIn: number, threshold: string][] = [
    [1, '0'],
    [2, '8'],
    [3, 'aaab'],
    [4, 'c'],
    [5, 'cccd'],
    [8, 'e'],
    [10, 'e666'],
    [16, 'f'],
    [100, 'fd70a'],
    [1000, 'ffbe77'],
    [10_000, 'fff9724'],
    [100_000, 'ffff583a'],
    [1_000_000, 'ffffef39'],
  ]
  for (const [oneIn, text] of table) {
    test(`of one in ${oneIn} is ${text}`, () => assert.equal(Threshold.ofProbability(1 / oneIn)?.text, text))
  }

  test('of nothing is none, and that of the least share keeps what can be kept', () => {
    assert.equal(Threshold.ofProbability(0), undefined)
    assert.equal(Threshold.ofProbability(Number.MIN_VALUE)?.text, 'f'.repeat(14))
    assert.ok(Threshold.ofProbability(Number.MIN_VALUE)!.keeps(-1, -1))
  })

  test('has about the probability that it was made of', () => {
    fc.assert(
      fc.property(shares, (share) => {
        const { probability } = Threshold.ofProbability(share)!
        assert.ok(Math.abs(probability - share) <= share / 2 ** 12, `${share} became ${probability}`)
      }),
    )
  })

  test('is read as it is written, and what is no threshold is none', () => {
    fc.assert(
      fc.property(shares, (share) => {
        const { text } = Threshold.ofProbability(share)!
        assert.equal(Threshold.parse(text)?.text, text)
        assert.equal(Threshold.parse(text.padEnd(14, '0'))?.text, text)
      }),
    )
    for (const text of ['', 'C', '0x8', '123456789abcdef', ' 8', '8 ', '-8']) {
      assert.equal(Threshold.parse(text), undefined, text)
    }
  })

  test('keeps what is not below it, to the last bit', () => {
    const threshold = Threshold.parse('80000000000001')!
    assert.equal(threshold.keeps(0x80_0000, 1), true)
    assert.equal(threshold.keeps(0x80_0000, 0), false)
    assert.equal(threshold.keeps(0x7f_ffff, -1), false)
    assert.equal(threshold.keeps(0xff80_0000 | 0, 2), true, 'bits beyond the 56 do not count')
  })
})

suite('as the composite sampler of OpenTelemetry', () => {
  /** Thresholds that both can say: theirs are exact, ours have four digits. */
  const exact = fc.integer({ min: 1, max: 0xffff }).map((n) => n / 0x1_0000)
  const theirs = (share: number, { traceId, flags, state }: Parent) => {
    const context: Context = trace.setSpanContext(ROOT_CONTEXT, {
      traceId,
      spanId: '1'.repeat(16),
      traceFlags: flags,
      isRemote: true,
      ...(state !== undefined && { traceState: createTraceState(state) }),
    })
    const sampler = createCompositeSampler(createComposableProbabilitySampler(share))
    const { decision, traceState } = sampler.shouldSample(context, traceId, 'name', 0, {}, [])
    return { sampled: decision === 2, state: traceState?.serialize() ?? '' }
  }
  const states = fc.constantFrom(
    undefined,
    'ot=th:8',
    'ot=th:0',
    'vendor=1',
    'ot=rv:7fffffffffffff;th:8,vendor=1',
    'vendor=1,ot=rv:c0000000000001',
    'ot=th:nonsense;rv:80000000000000',
    'ot=future:1;th:4',
  )

  test('a share keeps the same traces and says so in the same words, whatever the parent says', () => {
    fc.assert(
      fc.property(exact, traceIds, fc.constantFrom(0, 1), states, (share, traceId, flags, state) => {
        const parent = { traceId, flags, ...(state !== undefined && { state }) }
        const ours = decide(new TraceIdRatioSampler(share), parent)
        const other = theirs(share, parent)
        assert.equal(ours.sampled, other.sampled)
        // An `ot` without a key, as they write it for a span that is dropped, is no member.
        if (ours.sampled) assert.deepEqual(read(ours.state), read(other.state))
      }),
      { numRuns: 2000 },
    )
  })

  /** Members of the header, and keys of `ot`, in any order. */
  const read = (state: string) =>
    Object.fromEntries(
      state
        .split(',')
        .filter((member) => member !== '')
        .map((member) => {
          const [key, value] = member.split('=') as [string, string]
          return [key, key === 'ot' ? value.split(';').sort() : value]
        }),
    )
})

suite('tracestate', () => {
  test('of a root that is kept by a ratio says the ratio, and every span below it does', async () => {
    const { tracer, finish } = sampled({ samplingRate: 0.5 })
    for (let i = 0; i < 50; i++) {
      const root = tracer.startSpan('root', { root: true })
      tracer.startSpan('child', {}, trace.setSpan(ROOT_CONTEXT, root)).end()
      root.end()
    }
    const { spans } = await finish()
    assert.ok(spans.length > 0)
    assert.deepEqual(new Set(spans.map(({ traceState }) => traceState)), new Set(['ot=th:8']))
  })

  test('is left alone where all is kept: a probability of 1 costs nothing', async () => {
    const { tracer, finish } = sampled()
    tracer.startSpan('root').end()
    assert.equal((await finish()).spans[0]!.traceState, '')
  })

  const follows = new ParentBasedSampler(new TraceIdRatioSampler(1))
  test("of a parent that agrees with itself is passed on, other vendors' members too", () => {
    for (const state of ['ot=th:8', 'a=1,ot=th:8;x:y,b=2', 'a=1', 'ot=rv:90000000000000;th:8']) {
      assert.deepEqual(decide(follows, { traceId: high, flags: 1, state }), { sampled: true, state })
    }
  })

  test('of a parent that contradicts itself loses the probability, and nothing else', () => {
    const sampledBelow = { traceId: low, flags: 1, state: 'a=1,ot=th:8;x:y' }
    assert.deepEqual(decide(follows, sampledBelow), { sampled: true, state: 'ot=x:y,a=1' })
    assert.deepEqual(decide(follows, { traceId: high, flags: 1, state: 'ot=rv:10000000000000;th:8' }), {
      sampled: true,
      state: 'ot=rv:10000000000000',
    })
    assert.deepEqual(decide(follows, { traceId: high, flags: 1, state: 'ot=th:zz' }), {
      sampled: true,
      state: '',
    })
    assert.deepEqual(decide(follows, { traceId: high, flags: 0, state: 'ot=th:8' }), {
      sampled: false,
      state: '',
    })
  })

  test('of a local parent is believed: it was checked when it came', () => {
    const state = 'ot=th:8'
    assert.deepEqual(decide(follows, { traceId: low, flags: 1, state, remote: false }), {
      sampled: true,
      state,
    })
  })

  test('of a sampler that does not ask the parent says its own probability', () => {
    const parent = { traceId: high, flags: 1, state: 'ot=th:8' }
    assert.equal(decide(new AlwaysOnSampler(), parent).state, 'ot=th:0')
    assert.equal(decide(new AlwaysOnSampler(), { ...parent, state: 'a=1' }).state, 'a=1')
    assert.equal(decide(new AlwaysOffSampler(), parent).state, '')
    assert.equal(decide(new TraceIdRatioSampler(1), parent).state, 'ot=th:0')
    assert.equal(decide(new TraceIdRatioSampler(0), parent).state, '')
  })

  test('of 32 members is full: the probability is left out, and nobody else', () => {
    const full = Array.from({ length: 32 }, (_, i) => `v${i}=1`).join(',')
    const ratio = new TraceIdRatioSampler(0.5)
    assert.deepEqual(decide(ratio, { traceId: high, flags: 1, state: full }), { sampled: true, state: full })
    const withOwn = full.replace('v31=1', 'ot=th:4')
    const { state } = decide(ratio, { traceId: high, flags: 1, state: withOwn })
    assert.equal(state.split(',').length, 32)
    assert.ok(state.startsWith('ot=th:8,v0=1'))
  })
})

suite('after tail sampling', () => {
  const counted = (spans: readonly ReceivedSpan[]) =>
    spans.reduce((sum, { traceState }) => {
      const th = /th:([0-9a-f]+)/.exec(traceState)?.[1]
      assert.ok(th !== undefined, `a span says nothing: '${traceState}'`)
      return sum + 1 / (1 - Number.parseInt(th, 16) / 16 ** th.length)
    }, 0)
  const tail = { tailSampling: true, tailSamplingSlowMs: 60_000 }
  /** One in ten has an error. */
  const run = async (fields: object, traces: number) => {
    const { tracer, finish } = sampled({ ...tail, ...fields })
    for (let i = 0; i < traces; i++) {
      const root = tracer.startSpan('root', { root: true })
      const child = tracer.startSpan('child', {}, trace.setSpan(ROOT_CONTEXT, root))
      if (i % 10 === 0) child.setStatus({ code: 2 })
      child.end()
      root.end()
    }
    return (await finish()).spans
  }

  test('errors count once and the rest as many times as it stands for, so that the sum is what there was', async () => {
    const spans = await run({ tailSamplingRate: 0.25 }, 4000)
    const failed = new Set(spans.filter(({ status }) => status.code === 2).map(({ traceId }) => traceId))
    assert.equal(failed.size, 400)
    for (const { traceId, traceState } of spans) {
      assert.equal(traceState, failed.has(traceId) ? 'ot=th:0' : 'ot=th:c')
    }
    const deviation = 2 * Math.sqrt(3600 * 0.25 * 0.75) * 4
    assert.ok(Math.abs(counted(spans) - 8000) < 6 * deviation, `${counted(spans)}`)
  })

  test('the lower of both probabilities holds', async () => {
    const spans = await run({ samplingRate: 0.5, tailSamplingRate: 0.25 }, 2000)
    assert.deepEqual(new Set(spans.map(({ traceState }) => traceState)), new Set(['ot=th:8', 'ot=th:c']))
    const other = await run({ samplingRate: 0.25, tailSamplingRate: 0.5 }, 500)
    assert.deepEqual(new Set(other.map(({ traceState }) => traceState)), new Set(['ot=th:c']))
  })

  test("of a remote parent, what is not known stays unknown, and other vendors' members stay", async () => {
    const states: [before: string | undefined, after: string][] = [
      [undefined, ''],
      ['a=1', 'a=1'],
      ['a=1,ot=th:4;x:y', 'ot=th:8;x:y,a=1'],
      ['ot=th:c', 'ot=th:c'],
    ]
    for (const [before, after] of states) {
      const { tracer, finish } = sampled({ ...tail, tailSamplingRate: 0.5 })
      const parent = trace.setSpanContext(ROOT_CONTEXT, {
        traceId: high,
        spanId: '1'.repeat(16),
        traceFlags: 1,
        isRemote: true,
        ...(before !== undefined && { traceState: createTraceState(before) }),
      })
      const root = tracer.startSpan('root', {}, parent)
      tracer
        .startSpan('child', { attributes: { long: 'x'.repeat(300) } }, trace.setSpan(ROOT_CONTEXT, root))
        .end()
      root.end()
      const { spans } = await finish()
      assert.deepEqual(
        spans.map(({ traceState }) => traceState),
        [after, after],
      )
      assert.equal(spans.find(({ name }) => name === 'child')!.attributes.long, 'x'.repeat(300))
    }
  })

  test('the random value of the state decides instead of the trace id', async () => {
    const { tracer, finish } = sampled({ ...tail, tailSamplingRate: 0.5 })
    for (const rv of ['7fffffffffffff', '80000000000000']) {
      const parent = trace.setSpanContext(ROOT_CONTEXT, {
        traceId: rv.startsWith('7') ? high : low,
        spanId: '1'.repeat(16),
        traceFlags: 1,
        isRemote: true,
        traceState: createTraceState(`ot=rv:${rv}`),
      })
      tracer.startSpan(rv, {}, parent).end()
    }
    assert.deepEqual(
      (await finish()).spans.map(({ name }) => name),
      ['80000000000000'],
    )
  })
})
