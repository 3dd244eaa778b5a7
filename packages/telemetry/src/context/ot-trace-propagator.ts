/**
 * The `ot-tracer-*` headers of OpenTracing's basic tracers, which know 64 bits of a trace id, and a `ot-baggage-` header for each
 * member of baggage (specification: OT Trace).
 */
import {
  type Baggage,
  type Context,
  propagation,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
} from '@opentelemetry/api'
import { sampledFlag } from '../trace/span-identity.ts'
import { baggageToInject, withIncomingBaggage } from './baggage-boundary.ts'
import { firstText, remoteSpan, spanToInject } from './carried-span.ts'
import { toTraceContext } from './context.ts'
import { baggageHeaders, injectBaggageHeaders } from './prefixed-baggage.ts'

const traceIdHeader = 'ot-tracer-traceid'
const spanIdHeader = 'ot-tracer-spanid'
const sampledHeader = 'ot-tracer-sampled'
const baggagePrefix = 'ot-baggage-'
const traceIdPattern = /^(?:[0-9a-f]{16}|[0-9a-f]{32})$/i
const spanIdPattern = /^[0-9a-f]{16}$/i

export class OtTracePropagator implements TextMapPropagator {
  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const span = spanToInject(context)
    if (span === undefined) return
    setter.set(carrier, traceIdHeader, span.traceIdHex().slice(16))
    setter.set(carrier, spanIdHeader, span.spanIdHex())
    setter.set(carrier, sampledHeader, String((span.traceFlags & sampledFlag) !== 0))
    injectBaggageHeaders(baggageToInject(context), baggagePrefix, carrier, setter)
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const traceId = firstText(getter.get(carrier, traceIdHeader)) ?? ''
    const spanId = firstText(getter.get(carrier, spanIdHeader)) ?? ''
    if (!traceIdPattern.test(traceId) || !spanIdPattern.test(spanId)) return context
    const sampled = firstText(getter.get(carrier, sampledHeader)) === 'true'
    const span = remoteSpan(traceId.padStart(32, '0'), spanId, sampled)
    if (span === undefined) return context
    const into = toTraceContext(context).withSpan(span)
    const members = baggageHeaders(carrier, getter, baggagePrefix)
    if (members.length === 0) return into
    let baggage: Baggage = propagation.getBaggage(into) ?? propagation.createBaggage()
    for (const [name, value] of members) baggage = baggage.setEntry(name, { value })
    return withIncomingBaggage(into, baggage)
  }

  fields(): string[] {
    return [traceIdHeader, spanIdHeader, sampledHeader]
  }
}
