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
import {
  type Attributes,
  context,
  createTraceState,
  type Exception,
  type HrTime,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type SpanOptions,
  type SpanStatus,
  type TimeInput,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { suppressTracing } from '@opentelemetry/core'
import fc from 'fast-check'
import type { SpanLimits } from '../src/trace/span-limits.ts'
import type { ReceivedLink, ReceivedSpan } from './support/decode.ts'
import { officially } from './support/official.ts'
import { traced } from './support/traced.ts'

/** Which of the spans started so far; taken modulo their number. */
type Which = number

interface Start {
  readonly name: string
  readonly kind: number | undefined
  readonly attributes: Attributes | undefined
  readonly links: readonly LinkTo[]
  readonly root: boolean | undefined
  readonly startTime: HrTime | undefined
  readonly parent: 'active' | 'none' | SpanContext | Which
}

interface LinkTo {
  readonly to: Which | SpanContext
  readonly attributes: Attributes | undefined
}

type Step =
  | { readonly do: 'start'; readonly start: Start }
  | { readonly do: 'active'; readonly start: Start; readonly body: readonly Step[] }
  | { readonly do: 'setAttribute'; readonly on: Which; readonly key: string; readonly value: unknown }
  | { readonly do: 'setAttributes'; readonly on: Which; readonly attributes: Attributes }
  | { readonly do: 'addEvent'; readonly on: Which; readonly args: readonly [string, ...unknown[]] }
  | { readonly do: 'addLink' | 'addLinks'; readonly on: Which; readonly link: LinkTo }
  | { readonly do: 'setStatus'; readonly on: Which; readonly status: SpanStatus }
  | { readonly do: 'recordException'; readonly on: Which; readonly exception: Exception }
  | { readonly do: 'updateName'; readonly on: Which; readonly name: string }
  | { readonly do: 'end'; readonly on: Which; readonly late: HrTime }

/** Runs the program; the span contexts of all its spans, in the order of their start. */
function run(program: readonly Step[], tracer: Tracer): SpanContext[] {
  const spans: { readonly span: Span; readonly timed: boolean }[] = []
  const at = (pick: Which) => spans[pick % spans.length]
  const linkOf = ({ to, attributes }: LinkTo): Link | undefined => {
    const target = typeof to === 'number' ? at(to)?.span.spanContext() : to
    return target === undefined
      ? undefined
      : { context: target, ...(attributes !== undefined && { attributes }) }
  }
  const contextOf = ({ parent }: Start) => {
    if (parent === 'active') return context.active()
    if (parent === 'none') return ROOT_CONTEXT
    if (typeof parent === 'object') return trace.setSpanContext(ROOT_CONTEXT, parent)
    const span = at(parent)?.span
    return span === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, span)
  }
  const optionsOf = ({ kind, attributes, links, root, startTime }: Start): SpanOptions => ({
    ...(kind !== undefined && { kind }),
    ...(attributes !== undefined && { attributes }),
    ...(links.length > 0 && { links: links.map(linkOf).filter((link) => link !== undefined) }),
    ...(root !== undefined && { root }),
    ...(startTime !== undefined && { startTime }),
  })
  const step = (one: Step): void => {
    if (one.do === 'start') {
      const span = tracer.startSpan(one.start.name, optionsOf(one.start), contextOf(one.start))
      spans.push({ span, timed: one.start.startTime !== undefined })
      return
    }
    if (one.do === 'active') {
      tracer.startActiveSpan(one.start.name, optionsOf(one.start), contextOf(one.start), (span) => {
        spans.push({ span, timed: one.start.startTime !== undefined })
        one.body.forEach(step)
      })
      return
    }
    const picked = at(one.on)
    if (picked === undefined) return
    const { span, timed } = picked
    switch (one.do) {
      case 'setAttribute':
        span.setAttribute(one.key, one.value as string)
        return
      case 'setAttributes':
        span.setAttributes(one.attributes)
        return
      case 'addEvent':
        span.addEvent(one.args[0], one.args[1] as Attributes, one.args[2] as TimeInput)
        return
      case 'addLink':
      case 'addLinks': {
        const link = linkOf(one.link)
        if (link === undefined) return
        if (one.do === 'addLink') span.addLink(link)
        else span.addLinks([link, link])
        return
      }
      case 'setStatus':
        span.setStatus(one.status)
        return
      case 'recordException':
        span.recordException(one.exception, [1_000_000_500, 5])
        return
      case 'updateName':
        span.updateName(one.name)
        return
      case 'end':
        if (timed) span.end(one.late)
        else span.end()
    }
  }
  program.forEach(step)
  for (const { span } of spans) span.end()
  return spans.map(({ span }) => span.spanContext())
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom('a', 'b', 'x'.repeat(200)),
)
const key = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('a', 'b', 'c', 'http.route', 'tenant') },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }) },
)
const number = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -300, max: 300 }),
  fc.double({ noInteger: true }),
  fc.constantFrom(Number.NaN, Infinity, -Infinity),
)
const simple = fc.oneof(text, number, fc.boolean())
const simpleList = fc.oneof(fc.array(text), fc.array(number), fc.array(fc.boolean()))
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    simple,
    simpleList,
    fc.constantFrom(null, undefined),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Uint8Array.from(bytes)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
}))
const bag = (values: fc.Arbitrary<unknown>) =>
  fc.dictionary(key, values, { maxKeys: 6, noNullPrototype: true }) as fc.Arbitrary<Attributes>
const hex = (length: number) =>
  fc
    .string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
    .filter((id) => !/^0+$/.test(id))
const remote: fc.Arbitrary<SpanContext> = fc.record(
  {
    traceId: hex(32),
    spanId: hex(16),
    traceFlags: fc.constantFrom(0, 1),
    isRemote: fc.boolean(),
    traceState: fc.constantFrom('a=1', 'rojo=2,congo=3').map(createTraceState),
  },
  { requiredKeys: ['traceId', 'spanId', 'traceFlags'] },
)
const pick = fc.nat({ max: 50 })
const link: fc.Arbitrary<LinkTo> = fc.record({
  to: fc.oneof(pick, remote),
  attributes: fc.option(bag(value), { nil: undefined }),
})
const time = (seconds: number) =>
  fc.tuple(fc.integer({ min: seconds, max: seconds + 1000 }), fc.nat(999_999_999)) as fc.Arbitrary<HrTime>
const start: fc.Arbitrary<Start> = fc.record({
  name: text,
  kind: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
  attributes: fc.option(bag(value), { nil: undefined }),
  links: fc.array(link, { maxLength: 3 }),
  root: fc.constantFrom(undefined, undefined, undefined, false, true),
  startTime: fc.option(time(1_000_000_000), { nil: undefined }),
  parent: fc.oneof(fc.constantFrom('active' as const, 'none' as const), pick, remote),
})
const exception: fc.Arbitrary<Exception> = fc.oneof(
  text.filter((message) => message !== ''),
  fc.constant({} as Exception),
  fc.record(
    {
      name: fc.constantFrom('TypeError', 'E'),
      message: fc.constantFrom('boom'),
      code: fc.constantFrom('ECONNRESET', 23_505),
      stack: fc.constantFrom('at x'),
    },
    { requiredKeys: ['name'] },
  ),
)
const eventArgs: fc.Arbitrary<readonly [string, ...unknown[]]> = fc.oneof(
  fc.tuple(text),
  fc.tuple(text, bag(fc.oneof(simple, simpleList))),
  fc.tuple(text, time(1_000_000_000)),
  fc.tuple(text, bag(simple), time(1_000_000_000)),
)
const status: fc.Arbitrary<SpanStatus> = fc.record(
  { code: fc.constantFrom(0, 1, 2), message: text },
  { requiredKeys: ['code'] },
)
const { step } = fc.letrec<{ step: Step; body: Step[] }>((tie) => ({
  step: fc.oneof(
    { maxDepth: 3 },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('start' as const), start }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('active' as const), start, body: tie('body') }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('setAttribute' as const), on: pick, key, value }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('setAttributes' as const), on: pick, attributes: bag(value) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('addEvent' as const), on: pick, args: eventArgs }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constantFrom('addLink' as const, 'addLinks' as const), on: pick, link }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('setStatus' as const), on: pick, status }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('recordException' as const), on: pick, exception }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('updateName' as const), on: pick, name: text }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('end' as const), on: pick, late: time(1_000_002_000) }),
    },
  ),
  body: fc.array(tie('step'), { maxLength: 8, size: 'max' }),
}))
const program = fc.array(step, { minLength: 1, maxLength: 40, size: 'max' })
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
    await fc.assert(property, { numRuns: 150 })
    assert.ok(compared > 300, `only ${compared} spans were compared`)
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
