/**
 * The same calls on our tracer and on the official SDK's give the same spans, for programs made up at random. What differs on purpose is kept
 * out of the programs, and is tested by name below them:
 *
 * - A root's flags say that its id is random (Trace Context level 2).
 * - Values that the SDK refuses (bigint, Date, Error, functions, class instances) arrive as what they say; lists on events may be mixed.
 * - -0 and integers beyond 2^53 arrive as doubles.
 * - An end before the start arrives as it was given.
 * - An exception's empty message and its code 0 are recorded.
 * - A span started while tracing is suppressed passes its parent on instead of an invalid one.
 */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Attributes, ROOT_CONTEXT, type SpanContext, type Tracer, trace } from '@opentelemetry/api'
import { suppressTracing } from '@opentelemetry/core'
import fc from 'fast-check'
import type { SpanLimits } from '../src/trace/span-limits.ts'
import type { ReceivedLink, ReceivedSpan } from './support/decode.ts'
import { officially } from './support/official.ts'
import { program, run } from './support/random-program.ts'
import { traced } from './support/traced.ts'

const limits = fc.record({
  attributeCount: fc.constantFrom(128, 3, 1, 0),
  attributeValueLength: fc.constantFrom(Infinity, 5, 1),
  eventCount: fc.constantFrom(128, 2, 1, 0),
  linkCount: fc.constantFrom(128, 2, 1, 0),
  eventAttributeCount: fc.constantFrom(128, 1),
  linkAttributeCount: fc.constantFrom(128, 1),
})

/** Ids by the order of their span's start, times that nobody gave as `now`, without the random flag. */
function comparable(spans: readonly ReceivedSpan[], started: readonly SpanContext[]): unknown {
  const traces = [...new Set(started.map(({ traceId }) => traceId))]
  const nameOfTrace = (id: string) => (traces.includes(id) ? `trace ${traces.indexOf(id)}` : id)
  const nameOfSpan = (id: string) => {
    const index = started.findIndex(({ spanId }) => spanId === id)
    return index < 0 ? id : `span ${index}`
  }
  const nameOfTime = (nanos: bigint) => (nanos > 1_500_000_000_000_000_000n ? 'now' : nanos)
  const ids = <T extends Identified>(item: T) => ({
    ...item,
    traceId: nameOfTrace(item.traceId),
    spanId: nameOfSpan(item.spanId),
    flags: item.flags & ~0x02,
  })
  return spans.map((span) => ({
    ...ids(span),
    parentSpanId: nameOfSpan(span.parentSpanId),
    start: nameOfTime(span.start),
    end: nameOfTime(span.end),
    events: span.events.map((event) => ({ ...event, time: nameOfTime(event.time) })),
    links: span.links.map((link) => ids(link)),
  }))
}

const officialLimits = (limits: SpanLimits) => ({
  attributeCountLimit: limits.attributeCount,
  attributeValueLengthLimit: limits.attributeValueLength,
  eventCountLimit: limits.eventCount,
  linkCountLimit: limits.linkCount,
  attributePerEventCountLimit: limits.eventAttributeCount,
  attributePerLinkCountLimit: limits.linkAttributeCount,
})

type Identified = Pick<ReceivedLink, 'traceId' | 'spanId' | 'flags'>

suite('the official SDK as a peer', () => {
  test('the same program gives the same spans', async () => {
    let compared = 0
    const property = fc.asyncProperty(program, limits, async (steps, spanLimits) => {
      let ourContexts: SpanContext[] = []
      let theirContexts: SpanContext[] = []
      let theirs: readonly ReceivedSpan[] = []
      // The context manager is ours for both.
      const { spans: ours } = await traced(
        () => {
          ourContexts = run(steps, trace.getTracer('peer', '1.0.0'))
          theirs = officially((tracer) => {
            theirContexts = run(steps, tracer)
          }, officialLimits(spanLimits))
        },
        { config: { spanLimits } },
      )
      compared += ours.length
      assert.deepEqual(comparable(ours, ourContexts), comparable(theirs, theirContexts))
    })
    await fc.assert(property, { numRuns: 100 })
    assert.ok(compared > 200, `only ${compared} spans were compared`)
  })

  /** One span on ours and on theirs, from the same call. */
  const both = async (work: (tracer: Tracer) => void) => {
    let theirs: readonly ReceivedSpan[] = []
    const { spans: ours } = await traced(() => {
      work(trace.getTracer('peer', '1.0.0'))
      theirs = officially(work)
    })
    return { ours: ours[0]!, theirs: theirs[0]! }
  }

  test('differs: flags of a root say that its id is random', async () => {
    const { ours, theirs } = await both((tracer) => tracer.startSpan('s').end())
    assert.deepEqual([ours.flags, theirs.flags], [0x103, 0x101])
  })

  test('differs: values that the SDK refuses arrive', async () => {
    const attributes = { big: 7n, date: new Date(0), error: new Error('e') } as unknown as Attributes
    const { ours, theirs } = await both((tracer) => tracer.startSpan('s', { attributes }).end())
    assert.deepEqual(ours.attributes, { big: 7n, date: '1970-01-01T00:00:00.000Z', error: 'Error: e' })
    assert.deepEqual([theirs.attributes, theirs.droppedAttributes], [{}, 3])
  })

  test('differs: lists on events may be mixed', async () => {
    const mixed = { list: [1, 'a'] } as unknown as Attributes
    const { ours, theirs } = await both((tracer) => tracer.startSpan('s').addEvent('e', mixed).end())
    assert.deepEqual(ours.events[0]!.attributes, { list: [1n, 'a'] })
    assert.deepEqual(theirs.events[0]!.attributes, {})
  })

  test('differs: -0 and integers beyond 2^53 are doubles', async () => {
    const attributes = { zero: -0, large: 2 ** 60 }
    const { ours, theirs } = await both((tracer) => tracer.startSpan('s', { attributes }).end())
    assert.deepEqual(ours.attributes, attributes)
    assert.deepEqual(theirs.attributes, { zero: 0n, large: 2n ** 60n })
  })

  test('differs: an end before the start arrives as it was given', async () => {
    const { ours, theirs } = await both((tracer) => tracer.startSpan('s', { startTime: [10, 0] }).end([9, 0]))
    assert.deepEqual([ours.end, theirs.end], [9_000_000_000n, 10_000_000_000n])
  })

  test("differs: an exception's empty message and its code 0 are recorded", async () => {
    const { ours, theirs } = await both((tracer) => {
      const span = tracer.startSpan('s')
      span.recordException({ name: 'E', message: '', code: 0 })
      span.end()
    })
    assert.deepEqual(ours.events[0]!.attributes, { 'exception.type': '0', 'exception.message': '' })
    assert.deepEqual(theirs.events[0]!.attributes, { 'exception.type': 'E' })
  })

  test('differs: a span started while tracing is suppressed passes its parent on', async () => {
    const parent = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: 1 }
    const suppressed = suppressTracing(trace.setSpanContext(ROOT_CONTEXT, parent))
    const ids: string[] = []
    await traced(() => {
      const start = (tracer: Tracer) => ids.push(tracer.startSpan('s', {}, suppressed).spanContext().spanId)
      start(trace.getTracer('peer'))
      officially(start)
    })
    assert.deepEqual(ids, [parent.spanId, '0'.repeat(16)])
  })
})
