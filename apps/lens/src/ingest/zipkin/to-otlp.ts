/**
 * Spans of Zipkin as an OTLP request, by OpenTelemetry's mapping (https://opentelemetry.io/docs/specs/otel/trace/sdk_exporters/zipkin/) read backwards,
 * and where that says nothing, as its collector does. What OTLP has no field for becomes an attribute: nothing is dropped.
 */

import type { AnyValue, KeyValue, ResourceSpans, Span, SpanEvent, TraceRequest } from '@rustok/otlp'
import { KeyValueList, maxValueDepth, SpanKind, StatusCode } from '@rustok/otlp'
import { partShared } from './part-shared.ts'
import type { ZipkinEndpoint, ZipkinSpan } from './read-spans.ts'

export function zipkinToOtlp(spans: readonly ZipkinSpan[]): TraceRequest {
  const groups = new Map<string, { resource: KeyValue[]; scope: ZipkinScope; spans: Span[] }>()
  for (const span of partShared(spans)) {
    const tags = new Map(span.tags)
    const resource = takeResource(span, tags)
    const scope = takeScope(tags)
    const key = JSON.stringify([resource.map(({ key, value }) => [key, value]), scope])
    const group = groups.get(key) ?? { resource, scope, spans: [] }
    groups.set(key, group)
    group.spans.push(otlpSpan(span, tags))
  }
  const resourceSpans = [...groups.values()].map(
    ({ resource, scope, spans }): ResourceSpans => ({
      resource: { attributes: resource, droppedAttributesCount: 0 },
      scopeSpans: [{ scope: { ...scope, attributes: [], droppedAttributesCount: 0 }, spans, schemaUrl: '' }],
      schemaUrl: '',
    }),
  )
  return { resourceSpans }
}

/** Tags that OpenTelemetry's exporters make of the resource. `service.name` is the endpoint's. */
const resourceKey = /^(service|telemetry|deployment|process|host|os|container|k8s|cloud|faas|device)\./

function takeResource({ localEndpoint }: ZipkinSpan, tags: Map<string, string>): KeyValue[] {
  const name = localEndpoint.serviceName || tags.get('service.name')
  tags.delete('service.name')
  const resource: KeyValue[] = name === undefined ? [] : [{ key: 'service.name', value: name }]
  for (const [key, value] of tags) {
    if (!resourceKey.test(key)) continue
    resource.push({ key, value })
    tags.delete(key)
  }
  return resource
}

interface ZipkinScope {
  readonly name: string
  readonly version: string
}

function takeScope(tags: Map<string, string>): ZipkinScope {
  return {
    name: take(tags, 'otel.scope.name') ?? take(tags, 'otel.library.name') ?? '',
    version: take(tags, 'otel.scope.version') ?? take(tags, 'otel.library.version') ?? '',
  }
}

function otlpSpan(span: ZipkinSpan, tags: Map<string, string>): Span {
  const start = span.timestamp ?? earliest(span.annotations) ?? 0n
  const traceState = take(tags, 'w3c.tracestate') ?? ''
  const status = takeStatus(tags)
  const droppedAttributesCount = takeCount(tags, 'otel.dropped_attributes_count')
  const droppedEventsCount = takeCount(tags, 'otel.dropped_events_count')
  const droppedLinksCount = takeCount(tags, 'otel.dropped_links_count')
  return {
    traceId: bytesOf(span.traceId),
    spanId: bytesOf(span.id),
    parentSpanId: bytesOf(span.parentId ?? ''),
    traceState,
    flags: 0,
    name: span.name,
    kind: kinds[span.kind ?? 'LOCAL'],
    startTimeUnixNano: start * 1000n,
    endTimeUnixNano: (start + (span.duration ?? 0n)) * 1000n,
    attributes: attributesOf(span, tags),
    droppedAttributesCount,
    events: span.annotations.map(eventOf),
    droppedEventsCount,
    links: [],
    droppedLinksCount,
    status,
  }
}

/** A span of Zipkin that is neither side of a call is local. */
const kinds = {
  LOCAL: SpanKind.SPAN_KIND_INTERNAL,
  CLIENT: SpanKind.SPAN_KIND_CLIENT,
  SERVER: SpanKind.SPAN_KIND_SERVER,
  PRODUCER: SpanKind.SPAN_KIND_PRODUCER,
  CONSUMER: SpanKind.SPAN_KIND_CONSUMER,
} as const

/** To Zipkin, a span with the tag `error` failed, whatever it says; `false` is what careless tracers write for success. */
function takeStatus(tags: Map<string, string>): Span['status'] {
  const code = take(tags, 'otel.status_code')?.replace('STATUS_CODE_', '')
  const description = take(tags, 'otel.status_description')
  const error = tags.get('error')
  const failed = code === 'ERROR' || (error !== undefined && error !== 'false')
  if (failed) tags.delete('error')
  const message = description ?? (failed && error !== 'true' ? (error ?? '') : '')
  if (failed) return { code: StatusCode.STATUS_CODE_ERROR, message }
  return { code: code === 'OK' ? StatusCode.STATUS_CODE_OK : StatusCode.STATUS_CODE_UNSET, message }
}

function attributesOf(span: ZipkinSpan, tags: ReadonlyMap<string, string>): KeyValue[] {
  const attributes = new Map<string, AnyValue>(tags)
  const { serviceName } = span.remoteEndpoint
  if (serviceName !== '' && !attributes.has('peer.service')) attributes.set('peer.service', serviceName)
  addAddress(attributes, 'local', span.localEndpoint)
  addAddress(attributes, 'peer', span.remoteEndpoint)
  if (span.timestamp === undefined) attributes.set('otel.zipkin.absentField.startTime', true)
  if (span.debug) attributes.set('zipkin.debug', true)
  if (span.shared) attributes.set('zipkin.shared', true)
  return [...attributes].map(([key, value]) => ({ key, value }))
}

function addAddress(
  attributes: Map<string, AnyValue>,
  side: 'local' | 'peer',
  endpoint: ZipkinEndpoint,
): void {
  const { ipv4, ipv6, port } = endpoint
  if (ipv4 !== '' || ipv6 !== '') attributes.set(`network.${side}.address`, ipv4 || ipv6)
  if (ipv4 !== '' && ipv6 !== '') attributes.set(`zipkin.${side}.ipv6`, ipv6)
  if (port !== 0) attributes.set(`network.${side}.port`, BigInt(port))
}

/** OpenTelemetry writes an event with attributes as `"name": {"key": "value"}`. */
function eventOf({ timestamp, value }: ZipkinSpan['annotations'][number]): SpanEvent {
  const parsed = value.startsWith('"') && value.endsWith('}') ? parseEvent(value) : undefined
  return {
    timeUnixNano: timestamp * 1000n,
    name: parsed?.name ?? value,
    attributes: parsed?.attributes ?? [],
    droppedAttributesCount: 0,
  }
}

/** Undefined for what only looks like it, and for values that nest deeper than OTLP's may: such text is the event's name. */
function parseEvent(value: string): { name: string; attributes: KeyValue[] } | undefined {
  try {
    const [entry, ...others] = Object.entries(JSON.parse(`{${value}}`) as object)
    const fields: unknown = entry?.[1]
    if (entry === undefined || others.length > 0 || !isObject(fields)) return undefined
    return { name: entry[0], attributes: keyValuesOf(fields, 1) }
  } catch {
    return undefined
  }
}

function keyValuesOf(object: object, depth: number): KeyValue[] {
  return Object.entries(object).map(([key, value]) => ({ key, value: anyValueOf(value, depth) }))
}

function anyValueOf(value: unknown, depth: number): AnyValue {
  if (depth > maxValueDepth) throw new RangeError('nests too deep')
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
  if (Array.isArray(value)) return value.map((item) => anyValueOf(item, depth + 1))
  return isObject(value) ? new KeyValueList(keyValuesOf(value, depth + 1)) : undefined
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function earliest(annotations: ZipkinSpan['annotations']): bigint | undefined {
  let first: bigint | undefined
  for (const { timestamp } of annotations) if (first === undefined || timestamp < first) first = timestamp
  return first
}

function take(tags: Map<string, string>, key: string): string | undefined {
  const value = tags.get(key)
  tags.delete(key)
  return value
}

/** A count that is none stays a tag. */
function takeCount(tags: Map<string, string>, key: string): number {
  const value = tags.get(key) ?? ''
  if (!/^\d{1,9}$/.test(value)) return 0
  tags.delete(key)
  return Number(value)
}

function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'))
}
