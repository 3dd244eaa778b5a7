/** The spans of an OTLP request, as a test looks at them. */
import { type AnyValue, decodeTraceRequest, type KeyValue, KeyValueList, type Span } from '@rustok/otlp'

export type SpanKindName = 'internal' | 'server' | 'client' | 'producer' | 'consumer'

/** Integers are numbers where these hold them exactly, else bigints. */
export type CapturedValue =
  | string
  | boolean
  | number
  | bigint
  | Uint8Array
  | undefined
  | readonly CapturedValue[]
  | { readonly [key: string]: CapturedValue }

export type CapturedAttributes = Readonly<Record<string, CapturedValue>>

export interface CapturedEvent {
  readonly name: string
  /** Unix nanoseconds. */
  readonly time: bigint
  readonly attributes: CapturedAttributes
}

export interface CapturedLink {
  readonly traceId: string
  readonly spanId: string
  readonly attributes: CapturedAttributes
}

export interface CapturedSpan {
  readonly name: string
  readonly kind: SpanKindName
  readonly status: 'unset' | 'ok' | 'error'
  readonly statusMessage: string
  readonly attributes: CapturedAttributes
  readonly events: readonly CapturedEvent[]
  readonly links: readonly CapturedLink[]
  /** Hex digits. */
  readonly traceId: string
  readonly spanId: string
  /** Empty for the root of a trace. */
  readonly parentSpanId: string
  readonly traceState: string
  /** Unix nanoseconds. */
  readonly start: bigint
  readonly end: bigint
  readonly durationMs: number
  /** The instrumentation's name and version. */
  readonly scope: { readonly name: string; readonly version: string }
  /** Spans below it that were captured, by their start. */
  readonly children: readonly CapturedSpan[]
}

const kinds: readonly SpanKindName[] = ['internal', 'internal', 'server', 'client', 'producer', 'consumer']
const statuses = ['unset', 'ok', 'error'] as const

/** Without their children, who come in requests of their own. */
export function readSpans(request: Uint8Array): readonly CapturedSpan[] {
  return decodeTraceRequest(request).resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) => spans.map((span) => readSpan(span, scope))),
  )
}

function readSpan(span: Span, { name, version }: CapturedSpan['scope']): CapturedSpan {
  const { startTimeUnixNano: start, endTimeUnixNano: end } = span
  return {
    name: span.name,
    kind: kinds[span.kind] ?? 'internal',
    status: statuses[span.status.code] ?? 'unset',
    statusMessage: span.status.message,
    attributes: readAttributes(span.attributes),
    events: span.events.map((event) => ({
      name: event.name,
      time: event.timeUnixNano,
      attributes: readAttributes(event.attributes),
    })),
    links: span.links.map((link) => ({
      traceId: hex(link.traceId),
      spanId: hex(link.spanId),
      attributes: readAttributes(link.attributes),
    })),
    traceId: hex(span.traceId),
    spanId: hex(span.spanId),
    parentSpanId: hex(span.parentSpanId),
    traceState: span.traceState,
    start,
    end,
    durationMs: Number(end - start) / 1e6,
    scope: { name, version },
    children: [],
  }
}

function readAttributes(pairs: readonly KeyValue[]): CapturedAttributes {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, readValue(value)]))
}

function readValue(value: AnyValue): CapturedValue {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (value instanceof KeyValueList) return readAttributes(value.values)
  return Array.isArray(value) ? value.map(readValue) : (value as CapturedValue)
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
