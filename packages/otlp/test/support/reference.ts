/**
 * Somebody else's OTLP codec, as the judge of ours: protobufjs code that the OpenTelemetry project generated from the .proto files. Values
 * cross over as plain objects in protobufjs's form and are compared in our model.
 */

import root from 'otlp-reference/build/src/generated/root.js'
import {
  type AnyValue,
  type KeyValue,
  KeyValueList,
  type LogRecord,
  type LogsRequest,
  type Resource,
  type Scope,
  type Span,
  type TraceRequest,
} from '../../src/index.ts'

/** A generated message class. */
interface MessageClass {
  fromObject(object: object): object
  encode(message: object): { finish(): Uint8Array }
  decode(bytes: Uint8Array): object
  toObject(message: object, options: object): unknown
}

const path = {
  request: 'opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest',
  response: 'opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse',
  partialSuccess: 'opentelemetry.proto.collector.trace.v1.ExportTracePartialSuccess',
  resourceSpans: 'opentelemetry.proto.trace.v1.ResourceSpans',
  scopeSpans: 'opentelemetry.proto.trace.v1.ScopeSpans',
  span: 'opentelemetry.proto.trace.v1.Span',
  event: 'opentelemetry.proto.trace.v1.Span.Event',
  link: 'opentelemetry.proto.trace.v1.Span.Link',
  status: 'opentelemetry.proto.trace.v1.Status',
  resource: 'opentelemetry.proto.resource.v1.Resource',
  scope: 'opentelemetry.proto.common.v1.InstrumentationScope',
  keyValue: 'opentelemetry.proto.common.v1.KeyValue',
  keyValueList: 'opentelemetry.proto.common.v1.KeyValueList',
  arrayValue: 'opentelemetry.proto.common.v1.ArrayValue',
  anyValue: 'opentelemetry.proto.common.v1.AnyValue',
  logsRequest: 'opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest',
  logsResponse: 'opentelemetry.proto.collector.logs.v1.ExportLogsServiceResponse',
  logsPartialSuccess: 'opentelemetry.proto.collector.logs.v1.ExportLogsPartialSuccess',
  resourceLogs: 'opentelemetry.proto.logs.v1.ResourceLogs',
  scopeLogs: 'opentelemetry.proto.logs.v1.ScopeLogs',
  logRecord: 'opentelemetry.proto.logs.v1.LogRecord',
} as const

export type ReferenceMessage = keyof typeof path

export function encodeByReference(message: ReferenceMessage, object: object): Uint8Array {
  const type = messageClass(message)
  return Uint8Array.from(type.encode(type.fromObject(object)).finish())
}

export function decodeByReference(message: ReferenceMessage, bytes: Uint8Array): unknown {
  const type = messageClass(message)
  return type.toObject(type.decode(bytes), { longs: String, arrays: true, defaults: true })
}

function messageClass(message: ReferenceMessage): MessageClass {
  return generated(path[message]) as MessageClass
}

/** The numbers of an enum by their names. */
export function enumByReference(path: string): Record<string, number> {
  const names = generated(path) as object
  return Object.fromEntries(Object.entries(names).filter(([, number]) => typeof number === 'number'))
}

function generated(path: string): unknown {
  let at: unknown = root
  for (const name of path.split('.')) at = (at as Record<string, unknown>)[name]
  return at
}

/** What the reference reads in `bytes`. */
export function requestByReference(bytes: Uint8Array): TraceRequest {
  const request = decodeByReference('request', bytes) as ReferenceRequest
  return { resourceSpans: request.resourceSpans.map(fromResourceSpans) }
}

/** What the reference reads in `bytes`. */
export function logsByReference(bytes: Uint8Array): LogsRequest {
  const request = decodeByReference('logsRequest', bytes) as ReferenceLogsRequest
  return {
    resourceLogs: request.resourceLogs.map(({ resource, scopeLogs, schemaUrl }) => ({
      resource: fromAttributed(resource),
      scopeLogs: scopeLogs.map(({ scope, logRecords, schemaUrl }) => ({
        scope: { name: scope?.name ?? '', version: scope?.version ?? '', ...fromAttributed(scope) },
        logRecords: logRecords.map(fromLogRecord),
        schemaUrl,
      })),
      schemaUrl,
    })),
  }
}

/** What the reference writes for `request`. */
export function logBytesByReference(request: LogsRequest): Uint8Array {
  return encodeByReference('logsRequest', {
    resourceLogs: request.resourceLogs.map(({ resource, scopeLogs, schemaUrl }) => ({
      resource: toAttributed(resource),
      scopeLogs: scopeLogs.map(({ scope, logRecords, schemaUrl }) => ({
        scope: toAttributed(scope),
        logRecords: logRecords.map(toLogRecord),
        schemaUrl,
      })),
      schemaUrl,
    })),
  })
}

/** What the reference writes for `request`. */
export function bytesByReference(request: TraceRequest): Uint8Array {
  return encodeByReference('request', { resourceSpans: request.resourceSpans.map(toResourceSpans) })
}

// The forms of protobufjs: 64-bit integers as decimal strings, absent messages as null, a oneof as the member that is set.

interface ReferenceRequest {
  readonly resourceSpans: readonly {
    readonly resource: ReferenceAttributed | null
    readonly scopeSpans: readonly {
      readonly scope: (ReferenceAttributed & { readonly name: string; readonly version: string }) | null
      readonly spans: readonly ReferenceSpan[]
      readonly schemaUrl: string
    }[]
    readonly schemaUrl: string
  }[]
}

interface ReferenceAttributed {
  readonly attributes: readonly ReferenceKeyValue[]
  readonly droppedAttributesCount: number
}

interface ReferenceKeyValue {
  readonly key: string
  readonly value: ReferenceAnyValue | null
}

interface ReferenceAnyValue {
  readonly stringValue?: string
  readonly boolValue?: boolean
  readonly intValue?: string
  readonly doubleValue?: number
  readonly arrayValue?: { readonly values: readonly ReferenceAnyValue[] }
  readonly kvlistValue?: { readonly values: readonly ReferenceKeyValue[] }
  readonly bytesValue?: Uint8Array
}

interface ReferenceSpan extends ReferenceAttributed {
  readonly traceId: Uint8Array
  readonly spanId: Uint8Array
  readonly traceState: string
  readonly parentSpanId: Uint8Array
  readonly flags: number
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly events: readonly (ReferenceAttributed & { readonly timeUnixNano: string; readonly name: string })[]
  readonly droppedEventsCount: number
  readonly links: readonly (ReferenceAttributed & {
    readonly traceId: Uint8Array
    readonly spanId: Uint8Array
    readonly traceState: string
    readonly flags: number
  })[]
  readonly droppedLinksCount: number
  readonly status: { readonly message: string; readonly code: number } | null
}

interface ReferenceLogsRequest {
  readonly resourceLogs: readonly {
    readonly resource: ReferenceAttributed | null
    readonly scopeLogs: readonly {
      readonly scope: (ReferenceAttributed & { readonly name: string; readonly version: string }) | null
      readonly logRecords: readonly ReferenceLogRecord[]
      readonly schemaUrl: string
    }[]
    readonly schemaUrl: string
  }[]
}

interface ReferenceLogRecord extends ReferenceAttributed {
  readonly timeUnixNano: string
  readonly observedTimeUnixNano: string
  readonly severityNumber: number
  readonly severityText: string
  readonly body: ReferenceAnyValue | null
  readonly flags: number
  readonly traceId: Uint8Array
  readonly spanId: Uint8Array
  readonly eventName: string
}

type ReferenceResourceSpans = ReferenceRequest['resourceSpans'][number]
type ReferenceScopeSpans = ReferenceResourceSpans['scopeSpans'][number]

function fromResourceSpans(item: ReferenceResourceSpans): TraceRequest['resourceSpans'][number] {
  const { resource, scopeSpans, schemaUrl } = item
  return { resource: fromAttributed(resource), scopeSpans: scopeSpans.map(fromScopeSpans), schemaUrl }
}

function fromScopeSpans({ scope, spans, schemaUrl }: ReferenceScopeSpans) {
  return {
    scope: {
      name: scope?.name ?? '',
      version: scope?.version ?? '',
      ...fromAttributed(scope),
    } satisfies Scope,
    spans: spans.map(fromSpan),
    schemaUrl,
  }
}

function fromAttributed(message: ReferenceAttributed | null): Resource {
  return {
    attributes: (message?.attributes ?? []).map(fromKeyValue),
    droppedAttributesCount: message?.droppedAttributesCount ?? 0,
  }
}

function fromSpan(span: ReferenceSpan): Span {
  return {
    traceId: Uint8Array.from(span.traceId),
    spanId: Uint8Array.from(span.spanId),
    traceState: span.traceState,
    parentSpanId: Uint8Array.from(span.parentSpanId),
    flags: span.flags,
    name: span.name,
    kind: span.kind,
    startTimeUnixNano: BigInt(span.startTimeUnixNano),
    endTimeUnixNano: BigInt(span.endTimeUnixNano),
    ...fromAttributed(span),
    events: span.events.map((event) => ({
      timeUnixNano: BigInt(event.timeUnixNano),
      name: event.name,
      ...fromAttributed(event),
    })),
    droppedEventsCount: span.droppedEventsCount,
    links: span.links.map((link) => ({
      traceId: Uint8Array.from(link.traceId),
      spanId: Uint8Array.from(link.spanId),
      traceState: link.traceState,
      ...fromAttributed(link),
      flags: link.flags,
    })),
    droppedLinksCount: span.droppedLinksCount,
    status: { message: span.status?.message ?? '', code: span.status?.code ?? 0 },
  }
}

function fromLogRecord(record: ReferenceLogRecord): LogRecord {
  return {
    timeUnixNano: BigInt(record.timeUnixNano),
    observedTimeUnixNano: BigInt(record.observedTimeUnixNano),
    severityNumber: record.severityNumber,
    severityText: record.severityText,
    body: fromAnyValue(record.body ?? {}),
    ...fromAttributed(record),
    flags: record.flags,
    traceId: Uint8Array.from(record.traceId),
    spanId: Uint8Array.from(record.spanId),
    eventName: record.eventName,
  }
}

function toLogRecord(record: LogRecord): object {
  return {
    ...toAttributed(record),
    timeUnixNano: record.timeUnixNano.toString(),
    observedTimeUnixNano: record.observedTimeUnixNano.toString(),
    body: toAnyValue(record.body),
  }
}

function fromKeyValue({ key, value }: ReferenceKeyValue): KeyValue {
  return { key, value: fromAnyValue(value ?? {}) }
}

function fromAnyValue(value: ReferenceAnyValue): AnyValue {
  if (value.stringValue !== undefined) return value.stringValue
  if (value.boolValue !== undefined) return value.boolValue
  if (value.intValue !== undefined) return BigInt(value.intValue)
  if (value.doubleValue !== undefined) return value.doubleValue
  if (value.arrayValue !== undefined) return value.arrayValue.values.map(fromAnyValue)
  if (value.kvlistValue !== undefined) return new KeyValueList(value.kvlistValue.values.map(fromKeyValue))
  return value.bytesValue && Uint8Array.from(value.bytesValue)
}

function toResourceSpans({ resource, scopeSpans, schemaUrl }: TraceRequest['resourceSpans'][number]): object {
  return {
    resource: toAttributed(resource),
    scopeSpans: scopeSpans.map((item) => ({
      scope: toAttributed(item.scope),
      spans: item.spans.map(toSpan),
      schemaUrl: item.schemaUrl,
    })),
    schemaUrl,
  }
}

function toAttributed<T extends Resource>(message: T): object {
  return { ...message, attributes: message.attributes.map(toKeyValue) }
}

function toSpan(span: Span): object {
  return {
    ...toAttributed(span),
    startTimeUnixNano: span.startTimeUnixNano.toString(),
    endTimeUnixNano: span.endTimeUnixNano.toString(),
    events: span.events.map((event) => ({
      ...toAttributed(event),
      timeUnixNano: event.timeUnixNano.toString(),
    })),
    links: span.links.map(toAttributed),
  }
}

function toKeyValue({ key, value }: KeyValue): object {
  return { key, value: toAnyValue(value) }
}

function toAnyValue(value: AnyValue): object {
  if (value === undefined) return {}
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'bigint') return { intValue: value.toString() }
  if (typeof value === 'number') return { doubleValue: value }
  if (value instanceof Uint8Array) return { bytesValue: value }
  if (value instanceof KeyValueList) return { kvlistValue: { values: value.values.map(toKeyValue) } }
  return { arrayValue: { values: value.map(toAnyValue) } }
}
