/**
 * AWS X-Ray's `X-Amzn-Trace-Id`
 * (https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader).
 */
import type { Context, TextMapGetter, TextMapPropagator, TextMapSetter } from '@opentelemetry/api'
import { sampledFlag } from '../trace/span-identity.ts'
import { firstText, remoteSpan, spanToInject } from './carried-span.ts'
import { toTraceContext } from './context.ts'

const header = 'x-amzn-trace-id'
const rootPattern = /^1-([0-9a-f]{8})-([0-9a-f]{24})$/i
const parentPattern = /^[0-9a-f]{16}$/i
/** `?` asks the receiver to decide. */
const decisions: Readonly<Record<string, boolean | undefined>> = { 0: false, 1: true, '?': undefined }

export class XrayPropagator implements TextMapPropagator {
  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const span = spanToInject(context)
    if (span === undefined) return
    const traceId = span.traceIdHex()
    const decision = span.isUndecided ? '?' : (span.traceFlags & sampledFlag) !== 0 ? '1' : '0'
    const root = `1-${traceId.slice(0, 8)}-${traceId.slice(8)}`
    setter.set(carrier, header, `Root=${root};Parent=${span.spanIdHex()};Sampled=${decision}`)
  }

  /** A header that AWS's load balancers add names no parent, and so continues nothing. */
  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const text = firstText(getter.get(carrier, header))
    if (text === undefined) return context
    const parts = new Map<string, string>()
    for (const part of text.split(';')) {
      const equals = part.indexOf('=')
      if (equals > 0) parts.set(part.slice(0, equals).trim(), part.slice(equals + 1).trim())
    }
    const root = rootPattern.exec(parts.get('Root') ?? '')
    const parent = parts.get('Parent') ?? ''
    const decision = parts.get('Sampled') ?? '?'
    if (root === null || !parentPattern.test(parent) || !Object.hasOwn(decisions, decision)) return context
    const span = remoteSpan(root[1]! + root[2]!, parent, decisions[decision])
    return span === undefined ? context : toTraceContext(context).withSpan(span)
  }

  fields(): string[] {
    return [header]
  }
}
