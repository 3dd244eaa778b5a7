/** Samplers of others: the official SDK's own run unchanged, see what they would see there, and cannot do harm. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  type Attributes,
  type Context,
  createTraceState,
  INVALID_SPAN_CONTEXT,
  ROOT_CONTEXT,
  SpanKind,
  type SpanOptions,
  trace,
} from '@opentelemetry/api'
import * as composite from '@opentelemetry/sampler-composite'
import * as official from '@opentelemetry/sdk-trace'
import fc from 'fast-check'
import type { Sampler } from '../../src/sample/plugged-sampler.ts'
import { sampled } from '../support/sampled.ts'

const { createComposableParentThresholdSampler, createComposableProbabilitySampler } = composite
const ratio = new official.TraceIdRatioBasedSampler(0.5)

const samplers: [name: string, sampler: official.Sampler][] = [
  ['always on', new official.AlwaysOnSampler()],
  ['always off', new official.AlwaysOffSampler()],
  ['by ratio', ratio],
  ['by parent', new official.ParentBasedSampler({ root: ratio })],
  [
    'by parent, upside down',
    new official.ParentBasedSampler({
      root: ratio,
      remoteParentSampled: new official.AlwaysOffSampler(),
      remoteParentNotSampled: new official.AlwaysOnSampler(),
      localParentSampled: ratio,
      localParentNotSampled: new official.AlwaysOnSampler(),
    }),
  ],
  ['all recorded', official.createAlwaysRecordSampler(ratio)],
  [
    'composite',
    composite.createCompositeSampler(
      createComposableParentThresholdSampler(createComposableProbabilitySampler(0.5)),
    ) as unknown as official.Sampler,
  ],
]

const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
const parents = fc.record({
  traceId: hex(31).map((id) => `${id}1`),
  traceFlags: fc.constantFrom(0, 1),
  isRemote: fc.boolean(),
  state: fc.constantFrom(undefined, 'ot=th:8', 'vendor=1'),
})

for (const [name, sampler] of samplers) {
  test(`${name}: spans are recorded, flagged and exported as by the official SDK`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(parents, { minLength: 1, maxLength: 8 }), async (given) => {
        const ours = sampled({}, sampler)
        const exporter = new official.InMemorySpanExporter()
        const theirs = new official.TracerProvider({
          sampler,
          spanProcessors: [new official.SimpleSpanProcessor({ exporter })],
        })
        let exported = 0
        for (const parent of given) {
          const { state, ...context } = parent
          const from = trace.setSpanContext(ROOT_CONTEXT, {
            ...context,
            spanId: '1'.repeat(16),
            ...(state !== undefined && { traceState: createTraceState(state) }),
          })
          const mine = ours.tracer.startSpan('s', {}, from)
          const other = theirs.getTracer('t').startSpan('s', {}, from)
          const seen = mine.spanContext()
          const expected = other.spanContext()
          assert.equal(mine.isRecording(), other.isRecording())
          assert.equal(seen.traceFlags & 1, expected.traceFlags)
          assert.equal(seen.traceId, expected.traceId)
          // An empty `ot`, as the composite sampler leaves it behind, is no member of a tracestate.
          const expectedState = expected.traceState?.serialize().replace(/ot=(,|$)/, '') ?? ''
          assert.equal(seen.traceState?.serialize() ?? '', expectedState)
          if ((expected.traceFlags & 1) === 1) exported++
          mine.end()
          other.end()
        }
        const { spans } = await ours.finish()
        assert.equal(spans.length, exported)
      }),
      { numRuns: 60 },
    )
  })
}

suite('a sampler', () => {
  interface Asked {
    readonly context: Context
    readonly traceId: string
    readonly name: string
    readonly kind: number
    readonly attributes: Attributes
    readonly links: number
  }
  const asking = (asked: Asked[], result: object = { decision: 2 }): Sampler => ({
    shouldSample(context, traceId, name, kind, attributes, links) {
      asked.push({ context, traceId, name, kind, attributes, links: links.length })
      return result as { decision: number }
    },
  })
  const start = (sampler: Sampler, options: SpanOptions = {}, context: Context = ROOT_CONTEXT) => {
    const run = sampled({}, sampler)
    const span = run.tracer.startSpan('name', options, context)
    return { span, finish: run.finish }
  }
  const parent = trace.setSpanContext(ROOT_CONTEXT, {
    traceId: 'ab'.repeat(16),
    spanId: 'cd'.repeat(8),
    traceFlags: 1,
  })

  test('is told all that is known', async () => {
    const asked: Asked[] = []
    const link = { context: trace.getSpanContext(parent)! }
    const options = { kind: SpanKind.CLIENT, attributes: { a: 1 }, links: [link] }
    const { span, finish } = start(asking(asked), options, parent)
    span.end()
    const [only] = asked
    assert.equal(only!.traceId, 'ab'.repeat(16))
    assert.equal(trace.getSpanContext(only!.context)!.spanId, 'cd'.repeat(8))
    assert.deepEqual([only!.name, only!.kind, only!.attributes, only!.links], ['name', 2, { a: 1 }, 1])
    assert.equal((await finish()).spans.length, 1)
  })

  test('sees no parent of a span that is started as a root, and its new trace id', () => {
    const asked: Asked[] = []
    const { span } = start(asking(asked), { root: true }, parent)
    assert.equal(trace.getSpan(asked[0]!.context), undefined)
    assert.equal(asked[0]!.traceId, span.spanContext().traceId)
    assert.notEqual(asked[0]!.traceId, 'ab'.repeat(16))
  })

  test('adds attributes, which win over those of the span', async () => {
    const { span, finish } = start(asking([], { decision: 2, attributes: { a: 2, 'sampler.rule': 'x' } }), {
      attributes: { a: 1, b: 1 },
    })
    span.end()
    assert.deepEqual((await finish()).spans[0]!.attributes, { a: 2n, b: 1n, 'sampler.rule': 'x' })
  })

  test('sets the tracestate, and clears it with an empty one', async () => {
    const before = createTraceState('a=1')
    const from = trace.setSpanContext(ROOT_CONTEXT, { ...trace.getSpanContext(parent)!, traceState: before })
    for (const [state, after] of [
      [createTraceState('b=2'), 'b=2'],
      [before, 'a=1'],
      [before.unset('a'), ''],
      [undefined, 'a=1'],
    ] as const) {
      const { span, finish } = start(asking([], { decision: 2, traceState: state }), {}, from)
      assert.equal(span.spanContext().traceState?.serialize() ?? '', after)
      span.end()
      assert.equal((await finish()).spans[0]!.traceState, after)
    }
  })

  test('that records without sampling gets a span that takes everything and is not exported', async () => {
    const { span, finish } = start(asking([], { decision: 1 }))
    assert.equal(span.isRecording(), true)
    assert.equal(span.spanContext().traceFlags & 1, 0)
    span.setAttribute('a', 1).addEvent('e').end()
    const { spans, ledger } = await finish()
    assert.deepEqual([spans.length, ledger.created], [0, 0])
  })

  const hostile: [name: string, sampler: Sampler][] = [
    ['throws', { shouldSample: () => assert.fail('on purpose') }],
    ['returns nothing', { shouldSample: () => undefined as never }],
    ['returns a promise', asking([], Promise.resolve({ decision: 0 }))],
    ['returns an unknown decision', asking([], { decision: 7 })],
    [
      'returns a decision that throws',
      asking([], Object.defineProperty({}, 'decision', { get: () => assert.fail() })),
    ],
    ['returns a tracestate that is none', asking([], { decision: 2, traceState: 'a=1' })],
    ['is no sampler', {} as Sampler],
  ]
  for (const [what, sampler] of hostile) {
    test(`that ${what} leaves the decision to the configuration`, async () => {
      for (const [samplingRate, count] of [
        [1, 1],
        [0, 0],
      ] as const) {
        const run = sampled({ samplingRate }, sampler)
        run.tracer.startSpan('name').end()
        assert.equal((await run.finish()).spans.length, count)
      }
    })
  }

  test('whose attributes are rubbish costs the span nothing else', async () => {
    for (const attributes of [null, 5, 'text', new Proxy({}, { ownKeys: () => assert.fail() })]) {
      const { span, finish } = start(asking([], { decision: 2, attributes }), { attributes: { a: 1 } })
      span.end()
      assert.equal((await finish()).spans[0]!.attributes.a, 1n)
    }
  })

  test('that is asked about an invalid parent sees a root', () => {
    const asked: Asked[] = []
    start(asking(asked), {}, trace.setSpanContext(ROOT_CONTEXT, INVALID_SPAN_CONTEXT))
    assert.equal(asked.length, 1)
  })
})
