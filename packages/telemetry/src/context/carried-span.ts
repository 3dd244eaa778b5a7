/**
 * The span that a context carries into a message and out of it, for every propagator: which span may be injected, and what a remote
 * parent is of whose sampling only a part is known.
 */
import { type Context, isSpanContextValid, type SpanContext } from '@opentelemetry/api'
import { parseHex32, randomInt32 } from '../trace/ids.ts'
import { NonRecordingSpan, randomFlag, SpanIdentity, sampledFlag } from '../trace/span-identity.ts'
import { toTraceContext } from './context.ts'

/** The span to inject; undefined where there is none, it is invalid, or tracing is suppressed. */
export function spanToInject(context: Context): SpanIdentity | undefined {
  const { span, suppressed } = toTraceContext(context)
  if (span === undefined || suppressed) return undefined
  if (span instanceof SpanIdentity) return (span.spanId0 | span.spanId1) === 0 ? undefined : span
  const spanContext = span.spanContext()
  if (!isSpanContextValid(spanContext)) return undefined
  const Kind = undecided.has(spanContext) ? UndecidedSpan : NonRecordingSpan
  return Kind.fromContext(spanContext)
}

/** With tracing off, the API's own span passes an undecided one on by this object. */
const undecided = new WeakSet<SpanContext>()

/** A remote parent that leaves the sampling decision to whoever continues its trace (B3 and X-Ray know this state). */
class UndecidedSpan extends NonRecordingSpan {
  override get isUndecided(): boolean {
    return true
  }

  override spanContext(): SpanContext {
    const context = super.spanContext()
    undecided.add(context)
    return context
  }
}

/**
 * The remote parent of lower-case hex ids of full length; undefined when one of them is zero. `sampled` is undefined where the sender
 * has not decided.
 */
export function remoteSpan(
  traceId: string,
  spanId: string,
  sampled: boolean | undefined,
): NonRecordingSpan | undefined {
  const trace0 = parseHex32(traceId, 0)
  const trace1 = parseHex32(traceId, 8)
  const trace2 = parseHex32(traceId, 16)
  const trace3 = parseHex32(traceId, 24)
  const span0 = parseHex32(spanId, 0)
  const span1 = parseHex32(spanId, 8)
  if ((trace0 | trace1 | trace2 | trace3) === 0 || (span0 | span1) === 0) return undefined
  const Kind = sampled === undefined ? UndecidedSpan : NonRecordingSpan
  const flags = sampled === true ? sampledFlag : 0
  return new Kind(trace0, trace1, trace2, trace3, span0, span1, flags, undefined, true)
}

/** The parent of a trace that begins here with its sampling decided by the caller, who sent no ids (`b3: 0`): it has no span id. */
export function decisionWithoutIds(sampled: boolean): NonRecordingSpan {
  const flags = sampled ? sampledFlag | randomFlag : randomFlag
  const lowest = randomInt32() | 1
  return new NonRecordingSpan(
    randomInt32(),
    randomInt32(),
    randomInt32(),
    lowest,
    0,
    0,
    flags,
    undefined,
    false,
  )
}

/** One header as text: the first of several, as the official propagators take it. */
export function firstText(value: undefined | string | string[]): string | undefined {
  const first = Array.isArray(value) ? value[0] : value
  return typeof first === 'string' ? first : undefined
}
