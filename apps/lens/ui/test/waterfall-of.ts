/** A whole trace in the columns of its waterfall, as the backend makes them from its store: for tests that generate whole traces. */
import type { Attribute, SpanView, TextColumn, TraceResponse, WaterfallResponse } from 'rustok-lens/contract'
import { findAttribute } from '../src/model/attributes.ts'
import { type TraceModel, traceModel } from '../src/model/trace-model.ts'

export function modelOf(response: TraceResponse): TraceModel {
  return traceModel(waterfallOf(response))
}

/** Tests have short names for ids. */
export function idOf(text: string): string {
  return /^[0-9a-f]{16}$/.test(text) ? text : Buffer.from(text).toString('hex').padEnd(16, '0')
}

export function waterfallOf({ traceId, spans, resources }: TraceResponse): WaterfallResponse {
  const absolute = spans.map(({ startUnixNano }) => timeOf(startUnixNano))
  const origin = absolute.reduce<bigint>((low, at) => (at > 0n && (low === 0n || at < low) ? at : low), 0n)
  const places = new Map(spans.map(({ spanId }, at) => [spanId, at]))
  const parents = spans.map(({ parentSpanId }) => places.get(parentSpanId) ?? -1)
  const column = (text: (span: SpanView) => string) => textColumn(spans.map(text))
  return {
    traceId,
    originUnixNano: origin.toString(),
    spanIds: spans.map(({ spanId }) => idOf(spanId)).join(''),
    parents,
    missingParents: spans.flatMap(({ parentSpanId }, span) =>
      parentSpanId === '' || parents[span] !== -1 ? [] : [{ span, parentSpanId: idOf(parentSpanId) }],
    ),
    starts: absolute.map((at) => (at === 0n ? -1 : Number(at - origin))),
    durations: spans.map(({ durationNano }) => durationNano),
    name: column(({ name }) => name),
    kind: column(({ kind }) => kind),
    status: column(({ status }) => status),
    message: column(messageOf),
    service: column(({ resource }) => resources[resource]?.service ?? ''),
    tenant: column(({ tenant }) => tenant),
    user: column(({ user }) => user),
    callee: column(calleeOf),
    operation: column(operationOf),
    events: spans.flatMap(({ events }, span) =>
      events.length === 0
        ? []
        : [{ span, times: events.map((event) => Number(timeOf(event.timeUnixNano) - origin)) }],
    ),
    links: spans.flatMap(({ links }, span) =>
      links.filter((link) => link.traceId === traceId).map(({ spanId }) => ({ span, spanId })),
    ),
    dropped: spans.flatMap(({ droppedAttributes, droppedEvents, droppedLinks }, span) =>
      droppedAttributes + droppedEvents + droppedLinks > 0 ? [span] : [],
    ),
  }
}

function timeOf(text: string): bigint {
  return /^\d{1,20}$/.test(text) ? BigInt.asUintN(64, BigInt(text)) : 0n
}

function textColumn(texts: readonly string[]): TextColumn {
  const values = [...new Set(texts)]
  const places = new Map(values.map((value, place) => [value, place]))
  return { values, index: values.length === 1 ? [] : texts.map((text) => places.get(text)!) }
}

function messageOf({ status, statusMessage, events, attributes }: SpanView): string {
  if (status !== 'error' || statusMessage !== '') return statusMessage
  const messages = events.map((event) => findAttribute(event.attributes, 'exception.message'))
  return messages.find((message) => message !== undefined) ?? findAttribute(attributes, 'error.type') ?? ''
}

export function calleeOf({ name, attributes }: { name: string; attributes: readonly Attribute[] }): string {
  if (!/^[A-Z]{2,10}$/.test(name)) return ''
  const url = findAttribute(attributes, 'url.full') ?? ''
  if (url.includes('://')) return url
  const isDatabase = attributes.some(({ key }) => key.startsWith('db.'))
  return findAttribute(attributes, isDatabase ? 'db.collection.name' : 'server.address') ?? ''
}

function operationOf({ name, attributes }: SpanView): string {
  const type = findAttribute(attributes, 'graphql.operation.type')
  const operation = findAttribute(attributes, 'graphql.operation.name')
  if (operation) return [type, operation].filter(Boolean).join(' ')
  return type ? name : ''
}
