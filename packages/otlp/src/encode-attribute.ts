/**
 * Encodes attributes straight to bytes: KeyValue and AnyValue of opentelemetry/proto/common/v1/common.proto. The hot paths are a
 * string value that was seen before (copied whole) and short ASCII strings, safe integers and booleans; all else is general and slower.
 *
 *   KeyValue  key 1 string · value 2 AnyValue
 *   AnyValue  string 1 · bool 2 · int 3 (varint, two's complement) · double 4 (fixed64) · array 5 · kvlist 6 · bytes 7
 */
import type { AttributeInput } from './attribute-input.ts'
import type { AttributeKey } from './attribute-key.ts'
import { preparedPair } from './attribute-key.ts'
import type { Writer } from './writer.ts'
import { closeLength, putSafeInteger, putVarint, putVarint64, varintSize } from './writer.ts'

/** A value nested deeper is written as an empty AnyValue: decoders refuse deep messages (protobuf's usual limit is 100). */
const maxDepth = 32
const int64Min = -(2n ** 63n)
const int64Max = 2n ** 63n - 1n

/** More than a prepared pair, or a key of the hot path with a small number, takes. */
const hotRoom = 512
/** With a longer key, lengths might not fit one byte. */
const maxHotKeySize = 110

/** Writes `tag` and a KeyValue for each key and the value at its place; the position after them. Reserves what it needs. */
export function putAttributeColumns(
  writer: Writer,
  start: number,
  tag: number,
  keys: readonly AttributeKey[],
  values: readonly AttributeInput[],
): number {
  let { bytes, view } = writer
  let at = start
  for (let i = 0; i < values.length; i++) {
    const key = keys[i]!
    const value = values[i]
    if (at + hotRoom > bytes.length) {
      writer.reserve(at, hotRoom)
      ;({ bytes, view } = writer)
    }
    if (typeof value === 'string') {
      const pair = preparedPair(key, value)
      if (pair !== undefined) {
        bytes[at] = tag
        copyWords(view, at + 1, pair.words)
        at += pair.size + 1
      } else {
        at = putStringAttribute(writer, at, tag, key, value)
        ;({ bytes, view } = writer)
      }
      continue
    }
    if (typeof value === 'number' && value > 0 && (value | 0) === value && key.size < maxHotKeySize) {
      bytes[at] = tag
      copyWords(view, at + 2, key.words)
      const body = at + 2 + key.size
      bytes[body] = 0x12
      bytes[body + 2] = 0x18
      const end = putVarint(bytes, body + 3, value)
      bytes[body + 1] = end - body - 2
      bytes[at + 1] = end - at - 2
      at = end
      continue
    }
    at = putAttribute(writer, at, tag, key, value)
    ;({ bytes, view } = writer)
  }
  return at
}

/** Writes `tag` and the KeyValue of `key` and `value`; the position after it. Reserves what it needs. */
export function putAttribute(
  writer: Writer,
  start: number,
  tag: number,
  key: AttributeKey,
  value: AttributeInput,
): number {
  if (typeof value === 'string') {
    const prepared = preparedPair(key, value)
    if (prepared === undefined) return putStringAttribute(writer, start, tag, key, value)
    writer.reserve(start, prepared.size + 1)
    writer.bytes[start] = tag
    copyWords(writer.view, start + 1, prepared.words)
    return start + 1 + prepared.size
  }
  writer.reserve(start, key.size + 32)
  // Scalars take at most 11 bytes.
  if (key.size < maxHotKeySize && (typeof value === 'number' || typeof value === 'boolean')) {
    const { bytes, view } = writer
    bytes[start] = tag
    copyWords(view, start + 2, key.words)
    const body = start + 2 + key.size
    bytes[body] = 0x12
    const end = putScalar(writer, body + 2, value)
    bytes[body + 1] = end - body - 2
    bytes[start + 1] = end - start - 2
    return end
  }
  return putGeneralAttribute(writer, start, tag, key, value)
}

function putStringAttribute(
  writer: Writer,
  start: number,
  tag: number,
  key: AttributeKey,
  value: string,
): number {
  writer.reserve(start, key.size + value.length * 3 + 24)
  const { bytes } = writer
  // Lengths are laid out for ASCII; when the text turns out longer in UTF-8, the whole pair is written again.
  let size = value.length
  for (;;) {
    const anySize = 1 + varintSize(size) + size
    let at = start
    bytes[at++] = tag
    at = putVarint(bytes, at, key.size + 1 + varintSize(anySize) + anySize)
    copyWords(writer.view, at, key.words)
    at += key.size
    bytes[at++] = 0x12
    at = putVarint(bytes, at, anySize)
    bytes[at++] = 0x0a
    at = putVarint(bytes, at, size)
    const written = writer.utf8(value, at)
    if (written === size) return at + written
    size = written
  }
}

function putGeneralAttribute(
  writer: Writer,
  start: number,
  tag: number,
  key: AttributeKey,
  value: AttributeInput,
): number {
  writer.reserve(start, key.size + 32)
  writer.bytes[start] = tag
  copyWords(writer.view, start + 2, key.words)
  let at = start + 2 + key.size
  writer.bytes[at] = 0x12
  const anyStart = at + 2
  at = putAnyValue(writer, anyStart, value, 0)
  writer.reserve(at, 16)
  at = closeLength(writer.bytes, anyStart, at)
  return closeLength(writer.bytes, start + 2, at)
}

/** Writes the body of an AnyValue; the position after it. Reserves what it needs. */
function putAnyValue(writer: Writer, start: number, value: AttributeInput, depth: number): number {
  switch (typeof value) {
    case 'string':
      writer.reserve(start, value.length * 3 + 16)
      return putString(writer, start, 0x0a, value)
    case 'number':
    case 'boolean':
      writer.reserve(start, 16)
      return putScalar(writer, start, value)
    case 'bigint':
      if (value < int64Min || value > int64Max) return putAnyValue(writer, start, value.toString(), depth)
      writer.reserve(start, 16)
      writer.bytes[start] = 0x18
      return putVarint64(writer.bytes, start + 1, value)
    case 'object':
      break
    default:
      return start
  }
  if (value === null || depth >= maxDepth) return start
  if (value instanceof Uint8Array) return putBytes(writer, start, 0x3a, value)
  return Array.isArray(value)
    ? putArray(writer, start, value, depth)
    : putKeyValueList(writer, start, value as { readonly [key: string]: AttributeInput }, depth)
}

/** ArrayValue { values 1 AnyValue } in AnyValue field 5. */
function putArray(writer: Writer, start: number, values: readonly AttributeInput[], depth: number): number {
  writer.reserve(start, 16)
  writer.bytes[start] = 0x2a
  let at = start + 2
  for (const value of values) {
    writer.reserve(at, 16)
    writer.bytes[at] = 0x0a
    const end = putAnyValue(writer, at + 2, value, depth + 1)
    writer.reserve(end, 16)
    at = closeLength(writer.bytes, at + 2, end)
  }
  writer.reserve(at, 16)
  return closeLength(writer.bytes, start + 2, at)
}

/** KeyValueList { values 1 KeyValue } in AnyValue field 6. */
function putKeyValueList(
  writer: Writer,
  start: number,
  values: { readonly [key: string]: AttributeInput },
  depth: number,
): number {
  writer.reserve(start, 16)
  writer.bytes[start] = 0x32
  let at = start + 2
  for (const [name, value] of Object.entries(values)) {
    const pairStart = at + 2
    writer.reserve(at, name.length * 3 + 32)
    writer.bytes[at] = 0x0a
    let end = putString(writer, pairStart, 0x0a, name)
    writer.bytes[end] = 0x12
    const anyStart = end + 2
    end = putAnyValue(writer, anyStart, value, depth + 1)
    writer.reserve(end, 16)
    end = closeLength(writer.bytes, anyStart, end)
    at = closeLength(writer.bytes, pairStart, end)
  }
  writer.reserve(at, 16)
  return closeLength(writer.bytes, start + 2, at)
}

function putScalar(writer: Writer, start: number, value: number | boolean): number {
  const { bytes } = writer
  if (typeof value === 'boolean') {
    bytes[start] = 0x10
    bytes[start + 1] = value ? 1 : 0
    return start + 2
  }
  if (Number.isSafeInteger(value) && (value !== 0 || 1 / value > 0)) {
    bytes[start] = 0x18
    return putSafeInteger(bytes, start + 1, value)
  }
  bytes[start] = 0x21
  writer.view.setFloat64(start + 1, value, true)
  return start + 9
}

function putBytes(writer: Writer, start: number, tag: number, value: Uint8Array): number {
  writer.reserve(start, value.length + 16)
  writer.bytes[start] = tag
  const at = putVarint(writer.bytes, start + 1, value.length)
  writer.bytes.set(value, at)
  return at + value.length
}

/** Writes a string field; the position after it. The caller has reserved three bytes per UTF-16 unit and eight more. */
export function putString(writer: Writer, start: number, tag: number, value: string): number {
  const { bytes } = writer
  bytes[start] = tag
  let size = value.length
  for (;;) {
    const at = putVarint(bytes, start + 1, size)
    const written = writer.utf8(value, at)
    if (written === size) return at + written
    size = written
  }
}

/**
 * Copies whole words of eight bytes: up to seven bytes past the end, which the next write covers or the reservation's slack takes.
 * For the 20 to 60 bytes of a pair this is twice as fast as words of four, and as `Uint8Array.set`; optimised code makes no BigInt.
 */
export function copyWords(view: DataView, start: number, words: BigInt64Array): void {
  const count = words.length
  for (let i = 0, at = start; i < count; i++, at += 8) view.setBigInt64(at, words[i]!, true)
}
