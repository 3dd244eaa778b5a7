/**
 * W3C Trace Context: `traceparent` and `tracestate` (https://www.w3.org/TR/trace-context-2/), in and out. Invalid headers are
 * ignored as the specification asks, never repaired.
 */
import type { Context, TextMapGetter, TextMapPropagator, TextMapSetter, TraceState } from '@opentelemetry/api'
import { hex32, parseHex32 } from '../trace/ids.ts'
import { NonRecordingSpan, type SpanIdentity } from '../trace/span-identity.ts'
import { spanToInject } from './carried-span.ts'
import { toTraceContext } from './context.ts'
import { parseTracestate } from './trace-state.ts'

const traceparentHeader = 'traceparent'
const tracestateHeader = 'tracestate'
/** Section 3.2: version, trace id, parent id, flags; a later version may go on behind another dash. */
const traceparentPattern =
  /^[ \t]*(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?[ \t]*$/
/** Section 3.2.2.4: sampled and random; other bits are not passed on. */
const knownFlags = 0x03

export class TraceContextPropagator implements TextMapPropagator {
  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const span = spanToInject(context)
    if (span === undefined) return
    setter.set(carrier, traceparentHeader, formatTraceparent(span))
    setTracestate(carrier, setter, span.traceState)
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const traceparent = single(getter.get(carrier, traceparentHeader))
    if (traceparent === undefined) return context
    const tracestate = getter.get(carrier, tracestateHeader)
    const combined = Array.isArray(tracestate) ? tracestate.join(',') : tracestate
    const span = parseTraceparent(traceparent, typeof combined === 'string' ? combined : undefined)
    return span === undefined ? context : toTraceContext(context).withSpan(span)
  }

  fields(): string[] {
    return [traceparentHeader, tracestateHeader]
  }
}

/** The `traceparent` header of a span. */
function formatTraceparent(span: SpanIdentity): string {
  const flags = hex32(span.traceFlags & knownFlags).slice(6)
  return `00-${span.traceIdHex()}-${span.spanIdHex()}-${flags}`
}

/** The remote span that the headers name, or undefined when `traceparent` is invalid. */
function parseTraceparent(traceparent: string, tracestate: string | undefined): NonRecordingSpan | undefined {
  const match = traceparentPattern.exec(traceparent)
  if (match === null) return undefined
  const [, version, traceId, spanId, flags, rest] = match
  if (version === '00' && rest !== undefined) return undefined
  return new NonRecordingSpan(
    parseHex32(traceId!, 0),
    parseHex32(traceId!, 8),
    parseHex32(traceId!, 16),
    parseHex32(traceId!, 24),
    parseHex32(spanId!, 0),
    parseHex32(spanId!, 8),
    Number.parseInt(flags!, 16) & knownFlags,
    tracestate ? parseTracestate(tracestate) : undefined,
    true,
  )
}

function setTracestate(carrier: unknown, setter: TextMapSetter, state: TraceState | undefined): void {
  const text = state?.serialize()
  if (text) setter.set(carrier, tracestateHeader, text)
}

/** More than one traceparent is none (section 3.2). */
function single(value: undefined | string | string[]): string | undefined {
  const only = Array.isArray(value) && value.length === 1 ? value[0] : value
  return typeof only === 'string' ? only : undefined
}
