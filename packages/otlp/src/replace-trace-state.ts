/**
 * Gives an encoded span another tracestate. A tail sampler knows only when its spans are bytes already with which probability they were
 * kept, and the tracestate is where that is said.
 */
import { SpanField, tag, WireType } from './fields.ts'
import { putVarint, varintSize } from './writer.ts'

const spansTagSize = 1
const traceStateTag = tag(SpanField.traceState, WireType.bytes)

/** Memory for larger spans is not kept. */
const maxKeptBytes = 65_536
/** Where results are written: one for all, because whoever asks copies the result at once. */
let memory = new Uint8Array(4096)
/** The last tracestate that was written: the spans of a trace share theirs. */
let lastText = ''
let lastState: Uint8Array = new Uint8Array()

/**
 * `span` is a whole `ScopeSpans.spans` field, as `encodeSpan` writes it; `replace` maps its tracestate, empty for none, to the new one. The
 * same bytes when nothing changes; otherwise valid until the next call.
 */
export function replaceTraceState(span: Uint8Array, replace: (text: string) => string): Uint8Array {
  readVarint(span, spansTagSize)
  const body = end
  // Where the field is, or would be: behind the last one.
  let fieldStart = span.length
  let fieldEnd = span.length
  let text = ''
  for (let at = body; at < span.length; ) {
    const start = at
    const fieldTag = readVarint(span, at)
    const value = end
    at = skip(span, value, fieldTag & 7)
    if (fieldTag !== traceStateTag) continue
    const length = readVarint(span, value)
    fieldStart = start
    fieldEnd = at
    text = Buffer.from(span.buffer, span.byteOffset + end, length).toString()
    break
  }
  const replaced = replace(text)
  if (replaced === text) return span
  if (replaced !== lastText) {
    lastText = replaced
    lastState = Buffer.from(replaced)
  }
  const state = lastState
  const fieldSize = state.length === 0 ? 0 : 1 + varintSize(state.length) + state.length
  const length = span.length - body - (fieldEnd - fieldStart) + fieldSize
  const size = spansTagSize + varintSize(length) + length
  if (size > memory.length && size <= maxKeptBytes) memory = new Uint8Array(size * 2)
  const result = size <= maxKeptBytes ? memory : new Uint8Array(size)
  result[0] = span[0]!
  let to = putVarint(result, spansTagSize, length)
  result.set(span.subarray(body, fieldStart), to)
  to += fieldStart - body
  if (state.length > 0) {
    result[to] = traceStateTag
    to = putVarint(result, to + 1, state.length)
    result.set(state, to)
    to += state.length
  }
  if (fieldEnd < span.length) result.set(span.subarray(fieldEnd), to)
  return result.subarray(0, size)
}

/** The position after a field's value. */
function skip(bytes: Uint8Array, start: number, wireType: number): number {
  if (wireType === WireType.fixed64) return start + 8
  if (wireType === WireType.fixed32) return start + 4
  const value = readVarint(bytes, start)
  return wireType === WireType.bytes ? end + value : end
}

/** Where readVarint stopped: an object for both results would be garbage. */
let end = 0

/** Of 32 bits; of longer ones, which no length or tag is, only the end counts. */
function readVarint(bytes: Uint8Array, start: number): number {
  let value = 0
  let at = start
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++]!
    if (shift < 32) value |= (byte & 0x7f) << shift
    if ((byte & 0x80) !== 0) continue
    end = at
    return value >>> 0
  }
}
