/**
 * The headers of Jaeger's own clients (https://www.jaegertracing.io/docs/1.21/client-libraries/#propagation-format):
 * `uber-trace-id` and a `uberctx-` header for each member of baggage. Ids may be short, the whole may be percent-encoded.
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

const header = 'uber-trace-id'
const baggagePrefix = 'uberctx-'
const pattern = /^([0-9a-f]{1,32}):([0-9a-f]{1,16}):[0-9a-f]{0,16}:([0-9a-f]{1,2})$/i

export class JaegerPropagator implements TextMapPropagator {
  /** Of the flags only `sampled` is written: our random flag would be read as Jaeger's debug flag. */
  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const span = spanToInject(context)
    if (span !== undefined) {
      const flags = (span.traceFlags & sampledFlag) !== 0 ? '01' : '00'
      setter.set(carrier, header, `${span.traceIdHex()}:${span.spanIdHex()}:0:${flags}`)
    }
    injectBaggageHeaders(baggageToInject(context), baggagePrefix, carrier, setter, encodeURIComponent)
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const match = pattern.exec(decoded(firstText(getter.get(carrier, header)) ?? ''))
    let into = context
    if (match !== null) {
      const [, traceId, spanId, flags] = match
      const sampled = (Number.parseInt(flags!, 16) & sampledFlag) !== 0
      const span = remoteSpan(traceId!.padStart(32, '0'), spanId!.padStart(16, '0'), sampled)
      if (span !== undefined) into = toTraceContext(context).withSpan(span)
    }
    const members = baggageHeaders(carrier, getter, baggagePrefix)
    if (members.length === 0) return into
    let baggage: Baggage = propagation.getBaggage(into) ?? propagation.createBaggage()
    for (const [name, value] of members) baggage = baggage.setEntry(name, { value: decoded(value) })
    return withIncomingBaggage(into, baggage)
  }

  fields(): string[] {
    return [header]
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
