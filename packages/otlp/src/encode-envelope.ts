/**
 * Puts spans that are bytes already into an ExportTraceServiceRequest: one ResourceSpans with a ScopeSpans per instrumentation
 * scope. Resource and scope are encoded once for the life of the process; a request is then a few copies of memory.
 */

import type { AttributeInput } from './attribute-input.ts'
import { attributeKey } from './attribute-key.ts'
import { putString } from './encode-attribute.ts'
import { type AttributeList, putAttributes } from './encode-span.ts'
import {
  ResourceField,
  ResourceSpansField,
  ScopeField,
  ScopeSpansField,
  TraceRequestField,
  tag,
  WireType,
} from './fields.ts'
import { closeLength, putVarint, varintSize, Writer } from './writer.ts'

export interface ResourceInput {
  readonly attributes: { readonly [key: string]: AttributeInput }
  readonly schemaUrl?: string | undefined
}

export interface ScopeInput {
  readonly name: string
  readonly version?: string | undefined
  readonly schemaUrl?: string | undefined
  readonly attributes?: { readonly [key: string]: AttributeInput } | undefined
}

/** The fields of a ResourceSpans (or ScopeSpans) around its repeated field: `before` it and `after` it. */
export interface Envelope {
  readonly before: Uint8Array
  readonly after: Uint8Array
}

/** Spans of one scope: whole `ScopeSpans.spans` fields, as `encodeSpan` appends them. */
export interface ScopeBytes {
  readonly scope: Envelope
  readonly spans: Uint8Array
}

const resourceSpansTag = tag(TraceRequestField.resourceSpans, WireType.bytes)
const scopeSpansTag = tag(ResourceSpansField.scopeSpans, WireType.bytes)

export function encodeResource(resource: ResourceInput): Envelope {
  const attributes = attributeListOf(resource.attributes)
  const before = encodeMessage(tag(ResourceSpansField.resource, WireType.bytes), (writer, at) =>
    putAttributes(writer, at, tag(ResourceField.attributes, WireType.bytes), attributes),
  )
  return { before, after: encodeText(tag(ResourceSpansField.schemaUrl, WireType.bytes), resource.schemaUrl) }
}

export function encodeScope(scope: ScopeInput): Envelope {
  const attributes = attributeListOf(scope.attributes ?? {})
  const before = encodeMessage(tag(ScopeSpansField.scope, WireType.bytes), (writer, start) => {
    writer.reserve(start, (scope.name.length + (scope.version?.length ?? 0)) * 3 + 32)
    let at = putString(writer, start, tag(ScopeField.name, WireType.bytes), scope.name)
    if (scope.version) at = putString(writer, at, tag(ScopeField.version, WireType.bytes), scope.version)
    return putAttributes(writer, at, tag(ScopeField.attributes, WireType.bytes), attributes)
  })
  return { before, after: encodeText(tag(ScopeSpansField.schemaUrl, WireType.bytes), scope.schemaUrl) }
}

/** The bytes of one ExportTraceServiceRequest with all the given scopes under one resource. */
export function encodeEnvelope(resource: Envelope, scopes: readonly ScopeBytes[]): Uint8Array {
  let inner = resource.before.length + resource.after.length
  for (const { scope, spans } of scopes) inner += fieldSize(scopeSize(scope, spans.length))
  const request = new Uint8Array(fieldSize(inner))
  let at = putHead(request, 0, resourceSpansTag, inner, resource)
  for (const scope of scopes) at = putScope(request, at, scope)
  request.set(resource.after, at)
  return request
}

/**
 * The same request in the writer's own memory, without a copy: the spans of `scope` lie there from `start` to the writer's position.
 *
 *   [      | spans of scope |                 ]   before
 *   [ head | spans of scope | others | after  ]   after; the spans move up when the head needs more room than there is
 *
 * The result is the writer's memory: it must not be written to before nobody needs the request any more.
 */
export function encloseSpans(
  writer: Writer,
  start: number,
  resource: Envelope,
  scope: Envelope,
  others: readonly ScopeBytes[],
): Uint8Array {
  const size = scopeSize(scope, writer.position - start)
  let behind = scope.after.length + resource.after.length
  for (const other of others) behind += fieldSize(scopeSize(other.scope, other.spans.length))
  const inner = resource.before.length + fieldSize(size) + behind - scope.after.length
  const head = headSize(inner, resource) + headSize(size, scope)
  const first = Math.max(start, head)
  const end = first + writer.position - start
  writer.reserve(end, behind)
  const { bytes } = writer
  if (first > start) bytes.copyWithin(first, start, writer.position)
  const scopeAt = putHead(bytes, first - head, resourceSpansTag, inner, resource)
  putHead(bytes, scopeAt, scopeSpansTag, size, scope)
  let at = put(bytes, end, scope.after)
  for (const other of others) at = putScope(bytes, at, other)
  at = put(bytes, at, resource.after)
  writer.position = at
  return bytes.subarray(first - head, at)
}

/** Interned keys and the values of a plain object, in its order. */
export function attributeListOf(attributes: { readonly [key: string]: AttributeInput }): AttributeList {
  const list: AttributeList = []
  for (const [name, value] of Object.entries(attributes)) list.push(attributeKey(name), value)
  return list
}

/** Appends what stands in front of an envelope's repeated field; the position after it. */
function putHead(bytes: Uint8Array, at: number, fieldTag: number, size: number, envelope: Envelope): number {
  bytes[at] = fieldTag
  return put(bytes, putVarint(bytes, at + 1, size), envelope.before)
}

function putScope(bytes: Uint8Array, at: number, { scope, spans }: ScopeBytes): number {
  const first = putHead(bytes, at, scopeSpansTag, scopeSize(scope, spans.length), scope)
  return put(bytes, put(bytes, first, spans), scope.after)
}

function put(bytes: Uint8Array, at: number, part: Uint8Array): number {
  bytes.set(part, at)
  return at + part.length
}

function headSize(size: number, envelope: Envelope): number {
  return 1 + varintSize(size) + envelope.before.length
}

function scopeSize(scope: Envelope, spans: number): number {
  return scope.before.length + spans + scope.after.length
}

function fieldSize(length: number): number {
  return 1 + varintSize(length) + length
}

function encodeMessage(fieldTag: number, body: (writer: Writer, at: number) => number): Uint8Array {
  const writer = new Writer(512)
  writer.bytes[0] = fieldTag
  const end = body(writer, 2)
  writer.reserve(end, 16)
  writer.position = closeLength(writer.bytes, 2, end)
  return writer.finish()
}

function encodeText(fieldTag: number, text: string | undefined): Uint8Array {
  if (!text) return new Uint8Array(0)
  const writer = new Writer(text.length * 3 + 16)
  writer.position = putString(writer, 0, fieldTag, text)
  return writer.finish()
}
