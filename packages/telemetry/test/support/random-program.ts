/**
 * Programs made up at random: calls of the API on nested and unnested spans, with all that a span can hold. What runs one tells the ids of its spans
 * in the order of their start, so that two runs can be compared.
 */
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
import fc from 'fast-check'

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

export type Step =
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
export function run(program: readonly Step[], tracer: Tracer): SpanContext[] {
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
export const program: fc.Arbitrary<Step[]> = fc.array(step, { minLength: 1, maxLength: 40, size: 'max' })
