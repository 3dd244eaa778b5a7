/**
 * Gives an encoded span another tracestate. A tail sampler knows only when its spans are bytes already with which probability they were
 * kept, and the tracestate is where that is said.
 */
import { SpanField, tag, WireType } from './fields.ts'
import { putVarint, varintSize } from './writer.ts'

const spansTagSize = 1
const traceStateTag = tag(SpanField.traceState, WireType.bytes)

/**
 * `span` is a whole `ScopeSpans.spans` field, as `encodeSpan` writes it; `replace` maps its tracestate, empty for none, to the new one. The
 * same bytes when nothing changes.
 */
export function replaceTraceState(span: Uint8Array, replace: (text: string) => string): Uint8Array {
  let at = spansTagSize
  while ((span[at++]! & 0x80) !== 0) {}
  const body = at
  // Where the field is, or would be: behind the last one.
  let fieldStart = span.length
  let fieldEnd = span.length
  let text = ''
  while (at < span.length) {
    const start = at
    const fieldTag = readVarint(span, at)
    at = skip(span, fieldTag.end, fieldTag.value & 7)
    if (fieldTag.value !== traceStateTag) continue
    const length = readVarint(span, fieldTag.end)
    fieldStart = start
    fieldEnd = at
    text = Buffer.from(span.buffer, span.byteOffset + length.end, length.value).toString()
    break
  }
  const replaced = replace(text)
  if (replaced === text) return span
  const state = Buffer.from(replaced)
  const fieldSize = state.length === 0 ? 0 : 1 + varintSize(state.length) + state.length
  const length = span.length - body - (fieldEnd - fieldStart) + fieldSize
  const result = new Uint8Array(spansTagSize + varintSize(length) + length)
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
  result.set(span.subarray(fieldEnd), to)
  return result
}

/** The position after a field's value. */
function skip(bytes: Uint8Array, start: number, wireType: number): number {
  if (wireType === WireType.fixed64) return start + 8
  if (wireType === WireType.fixed32) return start + 4
  const { value, end } = readVarint(bytes, start)
  return wireType === WireType.bytes ? end + value : end
}

/** Of 32 bits; of longer ones, which no length or tag is, only the end counts. */
function readVarint(bytes: Uint8Array, start: number): { value: number; end: number } {
  let value = 0
  let at = start
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++]!
    if (shift < 32) value |= (byte & 0x7f) << shift
    if ((byte & 0x80) === 0) return { value: value >>> 0, end: at }
  }
}
