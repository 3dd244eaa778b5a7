/**
 * What arrived, as the OpenTelemetry project's own protobufjs code reads it: plain objects to compare. Integers are bigint and doubles
 * number, so that a test sees which of the two went over the wire.
 */
import assert from 'node:assert/strict'
import root from 'otlp-reference/build/src/generated/root.js'

export type ReceivedValue =
  | string
  | boolean
  | bigint
  | number
  | Uint8Array
  | undefined
  | readonly ReceivedValue[]
  | { readonly [key: string]: ReceivedValue }

export type ReceivedAttributes = Readonly<Record<string, ReceivedValue>>

export interface ReceivedSpan {
  readonly name: string
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  /** Empty for a root. */
  readonly parentSpanId: string
  readonly traceState: string
  readonly flags: number
  /** Unix nanoseconds. */
  readonly start: bigint
  readonly end: bigint
  readonly attributes: ReceivedAttributes
  readonly droppedAttributes: number
  readonly events: readonly ReceivedEvent[]
  readonly droppedEvents: number
  readonly links: readonly ReceivedLink[]
  readonly droppedLinks: number
  readonly status: { readonly code: number; readonly message: string }
  readonly scope: { readonly name: string; readonly version: string; readonly schemaUrl: string }
}

export interface ReceivedEvent {
  readonly name: string
  readonly time: bigint
  readonly attributes: ReceivedAttributes
  readonly droppedAttributes: number
}

export interface ReceivedLink {
  readonly traceId: string
  readonly spanId: string
  readonly traceState: string
  readonly flags: number
  readonly attributes: ReceivedAttributes
  readonly droppedAttributes: number
}

export interface ReceivedRequest {
  readonly resource: ReceivedAttributes
  readonly resourceSchemaUrl: string
  readonly spans: readonly ReceivedSpan[]
}

/** The forms of protobufjs: 64-bit integers as decimal strings, absent messages as null, a oneof as the member that is set. */
interface WireValue {
  readonly stringValue?: string
  readonly boolValue?: boolean
  readonly intValue?: string
  readonly doubleValue?: number
  readonly bytesValue?: Uint8Array
  readonly arrayValue?: { readonly values: readonly WireValue[] }
  readonly kvlistValue?: { readonly values: readonly WirePair[] }
}

interface WirePair {
  readonly key: string
  readonly value: WireValue | null
}

interface WireAttributed {
  readonly attributes: readonly WirePair[]
  readonly droppedAttributesCount: number
}

interface WireLink extends WireAttributed {
  readonly traceId: Uint8Array
  readonly spanId: Uint8Array
  readonly traceState: string
  readonly flags: number
}

interface WireSpan extends WireLink {
  readonly parentSpanId: Uint8Array
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly events: readonly (WireAttributed & { readonly timeUnixNano: string; readonly name: string })[]
  readonly droppedEventsCount: number
  readonly links: readonly WireLink[]
  readonly droppedLinksCount: number
  readonly status: { readonly message: string; readonly code: number } | null
}

interface WireRequest {
  readonly resourceSpans: readonly {
    readonly resource: WireAttributed | null
    readonly schemaUrl: string
    readonly scopeSpans: readonly {
      readonly scope:
        | (Pick<WireAttributed, 'attributes'> & { readonly name: string; readonly version: string })
        | null
      readonly schemaUrl: string
      readonly spans: readonly WireSpan[]
    }[]
  }[]
}

interface MessageClass {
  decode(bytes: Uint8Array): object
  toObject(message: object, options: object): unknown
}

interface Root {
  readonly opentelemetry: {
    readonly proto: {
      readonly collector: { readonly trace: { readonly v1: { ExportTraceServiceRequest: MessageClass } } }
    }
  }
}

const { ExportTraceServiceRequest } = (root as unknown as Root).opentelemetry.proto.collector.trace.v1

/** The attributes of each scope, as plain objects, in the order of the request. */
export function decodeScopeAttributes(bytes: Uint8Array): readonly ReceivedAttributes[] {
  const message = ExportTraceServiceRequest.decode(bytes)
  const wire = ExportTraceServiceRequest.toObject(message, { longs: String, arrays: true, defaults: true })
  const [resourceSpans] = (wire as WireRequest).resourceSpans
  return (resourceSpans?.scopeSpans ?? []).map(({ scope }) => toAttributes(scope?.attributes ?? []))
}

/** Reads an ExportTraceServiceRequest; throws for bytes that are none, and for an attribute that occurs twice. */
export function decodeRequest(bytes: Uint8Array): ReceivedRequest {
  const message = ExportTraceServiceRequest.decode(bytes)
  const wire = ExportTraceServiceRequest.toObject(message, { longs: String, arrays: true, defaults: true })
  const { resourceSpans } = wire as WireRequest
  assert.equal(resourceSpans.length, 1, 'one request speaks of one resource')
  const { resource, schemaUrl, scopeSpans } = resourceSpans[0]!
  const spans = scopeSpans.flatMap(({ scope, schemaUrl, spans }) =>
    spans.map((span) => toSpan(span, { name: scope?.name ?? '', version: scope?.version ?? '', schemaUrl })),
  )
  return { resource: toAttributes(resource?.attributes ?? []), resourceSchemaUrl: schemaUrl, spans }
}

function toSpan(span: WireSpan, scope: ReceivedSpan['scope']): ReceivedSpan {
  return {
    name: span.name,
    kind: span.kind,
    traceId: hex(span.traceId),
    spanId: hex(span.spanId),
    parentSpanId: hex(span.parentSpanId),
    traceState: span.traceState,
    flags: span.flags,
    start: BigInt(span.startTimeUnixNano),
    end: BigInt(span.endTimeUnixNano),
    attributes: toAttributes(span.attributes),
    droppedAttributes: span.droppedAttributesCount,
    events: span.events.map((event) => ({
      name: event.name,
      time: BigInt(event.timeUnixNano),
      attributes: toAttributes(event.attributes),
      droppedAttributes: event.droppedAttributesCount,
    })),
    droppedEvents: span.droppedEventsCount,
    links: span.links.map((link) => ({
      traceId: hex(link.traceId),
      spanId: hex(link.spanId),
      traceState: link.traceState,
      flags: link.flags,
      attributes: toAttributes(link.attributes),
      droppedAttributes: link.droppedAttributesCount,
    })),
    droppedLinks: span.droppedLinksCount,
    status: { code: span.status?.code ?? 0, message: span.status?.message ?? '' },
    scope,
  }
}

function toAttributes(pairs: readonly WirePair[]): ReceivedAttributes {
  const entries = pairs.map(({ key, value }) => [key, toValue(value)] as const)
  assert.equal(new Set(entries.map(([key]) => key)).size, entries.length, 'attribute keys are unique')
  return Object.fromEntries(entries)
}

function toValue(value: WireValue | null): ReceivedValue {
  if (value === null) return undefined
  if (value.stringValue !== undefined) return value.stringValue
  if (value.boolValue !== undefined) return value.boolValue
  if (value.intValue !== undefined) return BigInt(value.intValue)
  if (value.doubleValue !== undefined) return value.doubleValue
  if (value.arrayValue !== undefined) return value.arrayValue.values.map(toValue)
  if (value.kvlistValue !== undefined) return toAttributes(value.kvlistValue.values)
  return value.bytesValue && Uint8Array.from(value.bytesValue)
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
