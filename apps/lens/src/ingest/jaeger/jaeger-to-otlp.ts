/**
 * Jaeger's JSON, as its UI downloads it and its v1 API answers, as an OTLP request: api/jaeger/json.ts read backwards, which is how Jaeger itself and
 * OpenTelemetry's collector translate. Says by its place what is no such JSON. Unknown fields are passed over.
 */

import type { ResourceSpans, ScopeSpans, Span, SpanLink, TraceRequest } from '@rustok/otlp'
import {
  attributesOf,
  bitsOf,
  idOf,
  type JsonObject,
  listOf,
  microsecondsOf,
  objectOf,
  textOf,
  unexpected,
} from './read-json.ts'
import { SpanTags } from './span-tags.ts'

/** `{ "data": [trace, …] }`, as the API answers, a list of traces, or one trace. Throws HttpError. */
export function jaegerToOtlp(json: unknown): TraceRequest {
  const data = isTrace(json)
    ? [json]
    : Array.isArray(json)
      ? json
      : listOf(objectOf(json, 'JSON'), 'data', 'JSON')
  return {
    resourceSpans: data.flatMap((trace, index) =>
      resourceSpansOf(objectOf(trace, `data[${index}]`), `data[${index}]`),
    ),
  }
}

function isTrace(json: unknown): boolean {
  return typeof json === 'object' && json !== null && 'spans' in json
}

interface ProcessGroup {
  readonly process: JsonObject
  readonly place: string
  readonly scopes: Map<string, { readonly name: string; readonly version: string; readonly spans: Span[] }>
}

/** Spans grouped by their process and their scope, in the order of their first. */
function resourceSpansOf(trace: JsonObject, at: string): ResourceSpans[] {
  const processes = trace.processes == null ? {} : objectOf(trace.processes, `${at}.processes`)
  const groups = new Map<string, ProcessGroup>()
  for (const [index, item] of listOf(trace, 'spans', at).entries()) {
    const place = `${at}.spans[${index}]`
    const json = objectOf(item, place)
    const id = json.processID == null ? '' : textOf(json, 'processID', place)
    // A span can bring its process along.
    const own = json.process == null ? undefined : objectOf(json.process, `${place}.process`)
    const key = own === undefined ? `id ${id}` : `own ${JSON.stringify(own)}`
    let group = groups.get(key)
    if (group === undefined) {
      const processPlace = own === undefined ? `${at}.processes[${JSON.stringify(id)}]` : `${place}.process`
      const shared = Object.hasOwn(processes, id) ? processes[id] : {}
      group = { process: own ?? objectOf(shared, processPlace), place: processPlace, scopes: new Map() }
      groups.set(key, group)
    }
    const tags = new SpanTags(attributesOf(json, 'tags', place))
    const { name, version } = tags.scope
    const scopeKey = JSON.stringify([name, version])
    const scope = group.scopes.get(scopeKey) ?? { name, version, spans: [] }
    group.scopes.set(scopeKey, scope)
    scope.spans.push(spanOf(json, tags, place))
  }
  return [...groups.values()].map(resourceSpans)
}

function resourceSpans({ process, place, scopes }: ProcessGroup): ResourceSpans {
  const service =
    process.serviceName == null ? [] : [{ key: 'service.name', value: textOf(process, 'serviceName', place) }]
  return {
    resource: {
      attributes: [...service, ...attributesOf(process, 'tags', place)],
      droppedAttributesCount: 0,
    },
    scopeSpans: [...scopes.values()].map(
      ({ name, version, spans }): ScopeSpans => ({
        scope: { name, version, attributes: [], droppedAttributesCount: 0 },
        spans,
        schemaUrl: '',
      }),
    ),
    schemaUrl: '',
  }
}

function spanOf(json: JsonObject, tags: SpanTags, at: string): Span {
  const traceId = idOf(json, 'traceID', 16, at)
  const start = microsecondsOf(json, 'startTime', at)
  const { parentSpanId, links } = referencesOf(json, traceId, at)
  return {
    traceId,
    spanId: idOf(json, 'spanID', 8, at),
    traceState: tags.traceState,
    parentSpanId,
    flags: json.flags == null ? 0 : bitsOf(json, 'flags', at),
    name: json.operationName == null ? '' : textOf(json, 'operationName', at),
    kind: tags.kind,
    startTimeUnixNano: start,
    endTimeUnixNano: BigInt.asUintN(
      64,
      start + (json.duration == null ? 0n : microsecondsOf(json, 'duration', at)),
    ),
    attributes: tags.attributes,
    droppedAttributesCount: 0,
    events:
      json.logs == null
        ? []
        : listOf(json, 'logs', at).map((log, index) => eventOf(log, `${at}.logs[${index}]`)),
    droppedEventsCount: 0,
    links,
    droppedLinksCount: 0,
    status: tags.status,
  }
}

function eventOf(item: unknown, at: string): Span['events'][number] {
  const log = objectOf(item, at)
  const fields = attributesOf(log, 'fields', at)
  const name = fields.find(({ key, value }) => key === 'event' && typeof value === 'string')
  return {
    timeUnixNano: microsecondsOf(log, 'timestamp', at),
    name: typeof name?.value === 'string' ? name.value : '',
    attributes: fields.filter((field) => field !== name),
    droppedAttributesCount: 0,
  }
}

/** The first CHILD_OF within the trace is the parent, others are links that say what they were. */
function referencesOf(
  json: JsonObject,
  traceId: Uint8Array,
  at: string,
): { parentSpanId: Uint8Array; links: SpanLink[] } {
  const old =
    json.parentSpanID == null || json.parentSpanID === '' ? undefined : idOf(json, 'parentSpanID', 8, at)
  let parentSpanId = old === undefined || isZero(old) ? undefined : old
  const links: SpanLink[] = []
  for (const [index, item] of (json.references == null ? [] : listOf(json, 'references', at)).entries()) {
    const place = `${at}.references[${index}]`
    const reference = objectOf(item, place)
    const type = textOf(reference, 'refType', place)
    if (type !== 'CHILD_OF' && type !== 'FOLLOWS_FROM') {
      throw unexpected(`${place}.refType`, 'CHILD_OF or FOLLOWS_FROM')
    }
    const of = { traceId: idOf(reference, 'traceID', 16, place), spanId: idOf(reference, 'spanID', 8, place) }
    if (type === 'CHILD_OF' && parentSpanId === undefined && Buffer.compare(of.traceId, traceId) === 0) {
      parentSpanId = of.spanId
      continue
    }
    const attributes = [{ key: 'opentracing.ref_type', value: type.toLowerCase() }]
    links.push({ ...of, traceState: '', attributes, droppedAttributesCount: 0, flags: 0 })
  }
  return { parentSpanId: parentSpanId ?? new Uint8Array(0), links }
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0)
}
