/** Stored spans in Jaeger's JSON, as Jaeger itself translates OTLP: what Grafana and tools made for Jaeger read. */

import { type AnyValue, type KeyValue, KeyValueList } from '@rustok/otlp'
import type { StoredEvent, StoredLink, StoredSpan } from '../../store/stored-span.ts'
import { jsonDouble, jsonInteger } from '../attribute-value.ts'

declare global {
  interface JSON {
    /** In V8 since Node 22; not yet in TypeScript's library. */
    rawJSON(text: string): unknown
  }
}

export interface JaegerTrace {
  readonly traceID: string
  readonly spans: readonly JaegerSpan[]
  readonly processes: Readonly<Record<string, JaegerProcess>>
  readonly warnings: null
}

export interface JaegerSpan {
  readonly traceID: string
  readonly spanID: string
  readonly operationName: string
  readonly references: readonly JaegerReference[]
  /** Unix microseconds. */
  readonly startTime: number
  /** Microseconds. */
  readonly duration: number
  readonly tags: readonly JaegerTag[]
  readonly logs: readonly JaegerLog[]
  readonly processID: string
  readonly warnings: readonly string[] | null
}

export interface JaegerReference {
  readonly refType: 'CHILD_OF' | 'FOLLOWS_FROM'
  readonly traceID: string
  readonly spanID: string
}

export interface JaegerTag {
  readonly key: string
  readonly type: 'string' | 'bool' | 'int64' | 'float64' | 'binary'
  readonly value: string | number | boolean
}

export interface JaegerLog {
  readonly timestamp: number
  readonly fields: readonly JaegerTag[]
}

export interface JaegerProcess {
  readonly serviceName: string
  readonly tags: readonly JaegerTag[]
}

/** `raw` leaves attributes in the order in which they were sent. */
export function jaegerTrace(traceId: string, spans: readonly StoredSpan[], raw: boolean): JaegerTrace {
  const order = raw ? inOrderSent : byKey
  const processes = new Map<string, { id: string; process: JaegerProcess }>()
  const jaegerSpans = spans.map((span) => {
    const process = processOf(span, order)
    const identity = JSON.stringify(process)
    const known = processes.get(identity) ?? { id: `p${processes.size + 1}`, process }
    processes.set(identity, known)
    return jaegerSpan(span, known.id, order)
  })
  return {
    traceID: jaegerTraceId(traceId),
    spans: jaegerSpans,
    processes: Object.fromEntries([...processes.values()].map(({ id, process }) => [id, process])),
    warnings: null,
  }
}

/** 32 hex digits, 16 when the high half is zero. */
export function jaegerTraceId(traceId: string): string {
  return traceId.startsWith('0000000000000000') ? traceId.slice(16) : traceId
}

type Order = (attributes: readonly KeyValue[]) => readonly KeyValue[]

const inOrderSent: Order = (attributes) => attributes
const byKey: Order = (attributes) =>
  attributes.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))

function processOf({ service, resource }: StoredSpan, order: Order): JaegerProcess {
  const attributes = resource.attributes.filter(({ key }) => key !== 'service.name')
  return { serviceName: service, tags: order(attributes).map(tag) }
}

function jaegerSpan(span: StoredSpan, processID: string, order: Order): JaegerSpan {
  return {
    traceID: jaegerTraceId(span.traceId),
    spanID: span.spanId,
    operationName: span.name,
    references: references(span),
    startTime: microseconds(span.startUnixNano),
    duration: span.durationNano < 0n ? 0 : microseconds(span.durationNano),
    tags: spanTags(span, order),
    logs: span.events.map((event) => log(event, order)),
    processID,
    warnings:
      span.durationNano < 0n ? ['the span ended before it started; its duration is shown as 0'] : null,
  }
}

/** The parent comes first; a link to it says nothing more. */
function references({ traceId, parentSpanId, links }: StoredSpan): JaegerReference[] {
  const parent: JaegerReference[] =
    parentSpanId === ''
      ? []
      : [{ refType: 'CHILD_OF', traceID: jaegerTraceId(traceId), spanID: parentSpanId }]
  const others = links.filter((link) => link.traceId !== traceId || link.spanId !== parentSpanId)
  return [...parent, ...others.map(linkReference)]
}

function linkReference({ traceId, spanId, attributes }: StoredLink): JaegerReference {
  const isChild = attributes.some(({ key, value }) => key === 'opentracing.ref_type' && value === 'child_of')
  return { refType: isChild ? 'CHILD_OF' : 'FOLLOWS_FROM', traceID: jaegerTraceId(traceId), spanID: spanId }
}

const kindTags: readonly (string | undefined)[] = [
  undefined,
  'internal',
  'server',
  'client',
  'producer',
  'consumer',
]
const statusTags: readonly (string | undefined)[] = [undefined, 'OK', 'ERROR']
const errorStatus = 2

function spanTags(span: StoredSpan, order: Order): JaegerTag[] {
  const tags: JaegerTag[] = []
  const text = (key: string, value: string | undefined) => {
    if (value !== undefined && value !== '') tags.push({ key, type: 'string', value })
  }
  text('otel.scope.name', span.scope.name)
  text('otel.scope.version', span.scope.version)
  tags.push(...order(span.attributes).map(tag))
  text('span.kind', kindTags[span.kind])
  text('otel.status_code', statusTags[span.status])
  if (span.status === errorStatus) tags.push({ key: 'error', type: 'bool', value: true })
  text('otel.status_description', span.statusMessage)
  text('w3c.tracestate', span.traceState)
  return tags
}

function log({ timeUnixNano, name, attributes }: StoredEvent, order: Order): JaegerLog {
  const fields = order(attributes).map(tag)
  const isNamed = name === '' || attributes.some(({ key }) => key === 'event')
  return {
    timestamp: microseconds(timeUnixNano),
    fields: isNamed ? fields : [{ key: 'event', type: 'string', value: name }, ...fields],
  }
}

function tag({ key, value }: KeyValue): JaegerTag {
  switch (typeof value) {
    case 'string':
      return { key, type: 'string', value }
    case 'boolean':
      return { key, type: 'bool', value }
    case 'bigint':
      return { key, type: 'int64', value: jsonInteger(value) }
    case 'number':
      return { key, type: 'float64', value: jsonDouble(value) }
    case 'undefined':
      return { key, type: 'string', value: '' }
  }
  if (value instanceof Uint8Array) return { key, type: 'binary', value: base64(value) }
  return { key, type: 'string', value: JSON.stringify(plain(value)) }
}

/** A nested value for JSON.stringify: keys sorted, integers exact. */
function plain(value: AnyValue): unknown {
  if (typeof value === 'bigint') return JSON.rawJSON(value.toString())
  if (typeof value === 'number') return jsonDouble(value)
  if (value === undefined) return null
  if (typeof value !== 'object') return value
  if (value instanceof Uint8Array) return base64(value)
  if (value instanceof KeyValueList)
    return Object.fromEntries(byKey(value.values).map(({ key, value }) => [key, plain(value)]))
  return value.map(plain)
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}

function microseconds(nanos: bigint): number {
  return Number(nanos / 1000n)
}
