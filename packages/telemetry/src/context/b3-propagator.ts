/**
 * B3, the headers of Zipkin (https://github.com/openzipkin/b3-propagation): either form is read, one is written. The single `b3`
 * header wins over `x-b3-*` where both are valid.
 */
import {
  type Context,
  createContextKey,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
} from '@opentelemetry/api'
import { sampledFlag } from '../trace/span-identity.ts'
import { decisionWithoutIds, firstText, remoteSpan, spanToInject } from './carried-span.ts'
import { type TraceContext, toTraceContext } from './context.ts'

const singleHeader = 'b3'
const traceIdHeader = 'x-b3-traceid'
const spanIdHeader = 'x-b3-spanid'
const sampledHeader = 'x-b3-sampled'
const flagsHeader = 'x-b3-flags'
const parentHeader = 'x-b3-parentspanid'

/** Under the official propagator's key: a debug trace stays one on its way. */
const debugKey = createContextKey('OpenTelemetry Context Key B3 Debug Flag')

const singlePattern = /^([0-9a-f]{16}|[0-9a-f]{32})-([0-9a-f]{16})(?:-([01d]))?(?:-[0-9a-f]{16})?$/i
const traceIdPattern = /^(?:[0-9a-f]{16}|[0-9a-f]{32})$/i
const spanIdPattern = /^[0-9a-f]{16}$/i
const decisions: Readonly<Record<string, boolean>> = { 1: true, true: true, 0: false, false: false }

export type B3Form = 'single' | 'multi'

export class B3Propagator implements TextMapPropagator {
  readonly #form: B3Form

  /** `form` is what is written. */
  constructor(form: B3Form) {
    this.#form = form
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const span = spanToInject(context)
    if (span === undefined) return
    const debug = context.getValue(debugKey) !== undefined
    const sampled = (span.traceFlags & sampledFlag) !== 0 ? '1' : '0'
    if (this.#form === 'single') {
      const decision = debug ? '-d' : span.isUndecided ? '' : `-${sampled}`
      setter.set(carrier, singleHeader, `${span.traceIdHex()}-${span.spanIdHex()}${decision}`)
      return
    }
    setter.set(carrier, traceIdHeader, span.traceIdHex())
    setter.set(carrier, spanIdHeader, span.spanIdHex())
    if (debug) setter.set(carrier, flagsHeader, '1')
    else if (!span.isUndecided) setter.set(carrier, sampledHeader, sampled)
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const into = toTraceContext(context)
    return extractSingle(into, carrier, getter) ?? extractMulti(into, carrier, getter) ?? context
  }

  /** All that is read: a server looks for these before it extracts. */
  fields(): string[] {
    return [singleHeader, traceIdHeader, spanIdHeader, sampledHeader, flagsHeader, parentHeader]
  }
}

function extractSingle(
  context: TraceContext,
  carrier: unknown,
  getter: TextMapGetter,
): TraceContext | undefined {
  const header = firstText(getter.get(carrier, singleHeader))
  if (header === undefined) return undefined
  if (/^[01d]$/i.test(header)) return decided(context, header !== '0', isDebug(header))
  const match = singlePattern.exec(header)
  if (match === null) return undefined
  const [, traceId, spanId, decision] = match
  return continued(
    context,
    traceId!,
    spanId!,
    decision === undefined ? undefined : decision !== '0',
    isDebug(decision),
  )
}

function extractMulti(
  context: TraceContext,
  carrier: unknown,
  getter: TextMapGetter,
): TraceContext | undefined {
  const text = (name: string) => firstText(getter.get(carrier, name))
  const debug = text(flagsHeader) === '1'
  const decision = text(sampledHeader)
  const sampled = debug || (decision === undefined ? undefined : decisions[decision.toLowerCase()])
  if (sampled === undefined && decision !== undefined) return undefined
  const traceId = text(traceIdHeader)
  const spanId = text(spanIdHeader)
  if (traceId === undefined && spanId === undefined) {
    return sampled === undefined ? undefined : decided(context, sampled, debug)
  }
  if (!traceIdPattern.test(traceId ?? '') || !spanIdPattern.test(spanId ?? '')) return undefined
  return continued(context, traceId!, spanId!, sampled, debug)
}

function isDebug(decision: string | undefined): boolean {
  return decision === 'd' || decision === 'D'
}

/** 64-bit trace ids are the lower half of a longer one. */
function continued(
  context: TraceContext,
  traceId: string,
  spanId: string,
  sampled: boolean | undefined,
  debug: boolean,
): TraceContext | undefined {
  const span = remoteSpan(traceId.padStart(32, '0'), spanId, sampled)
  return span === undefined ? undefined : withDebug(context, debug).withSpan(span)
}

function decided(context: TraceContext, sampled: boolean, debug: boolean): TraceContext {
  return withDebug(context, debug).withSpan(decisionWithoutIds(sampled))
}

function withDebug(context: TraceContext, debug: boolean): TraceContext {
  if (debug) return context.setValue(debugKey, 'd')
  return context.getValue(debugKey) === undefined ? context : context.deleteValue(debugKey)
}
