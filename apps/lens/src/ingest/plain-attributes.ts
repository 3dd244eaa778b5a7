/**
 * Writes the tokens of attributes that come in the form in which encoders write them (key, then one value: ASCII text, a whole number or a boolean)
 * straight from their bytes: no object, no string. The transcoder has whatever is different read, and written as attribute-token.ts says, which also
 * says what a token is.
 *
 *   0a ‹length› key 12 ‹length› ( 0a ‹length› text | 18 varint | 10 bool )      of a KeyValue behind its own length
 */

import { AnyValueField, KeyValueField, tag, WireType } from '@rustok/otlp/wire'
import { attributePrefix } from '../store/attribute-token.ts'
import type { ByteBuffer } from '../store/native/byte-buffer.ts'
import { ByteTable } from '../store/native/byte-table.ts'

const keyTag = tag(KeyValueField.key, WireType.bytes)
const valueTag = tag(KeyValueField.value, WireType.bytes)
const stringTag = tag(AnyValueField.stringValue, WireType.bytes)
const boolTag = tag(AnyValueField.boolValue, WireType.varint)
const intTag = tag(AnyValueField.intValue, WireType.varint)

/** Of seven bytes: 49 bits, exact in a double. Larger numbers, and those below 0, take the long way. */
const longestVarint = 7

const s = 's'.charCodeAt(0)
const i = 'i'.charCodeAt(0)
const t = 't'.charCodeAt(0)
const equals = '='.charCodeAt(0)
const yes = Buffer.from('true')
const no = Buffer.from('false')

export interface WrittenKey {
  readonly key: string
  /** `key:`, escaped. */
  readonly prefix: Uint8Array
}

export class PlainAttributes {
  readonly #tokens: ByteBuffer
  /** By the bytes of a key. */
  readonly #table = new ByteTable()
  #keys: WrittenKey[] = []
  /** Where the value of the last token begins in the buffer. */
  #value = 0

  /** `tokens` is the buffer of a dictionary's values. */
  constructor(tokens: ByteBuffer) {
    this.#tokens = tokens
  }

  get size(): number {
    return this.#table.size
  }

  clear(): void {
    this.#table.clear()
    this.#keys = []
  }

  /** The value that was written last, as text. */
  get lastValue(): string {
    return this.#tokens.bytes.toString('latin1', this.#value, this.#tokens.length)
  }

  /** Appends the token of the KeyValue in [start, end), and returns its key; undefined, with nothing appended, for one that is not plain. */
  append(bytes: Uint8Array, view: DataView, start: number, end: number): string | undefined {
    const keyStart = start + 2
    if (end - start < 6 || bytes[start] !== keyTag || bytes[start + 1]! > 0x7f) return undefined
    const keyEnd = keyStart + bytes[start + 1]!
    // The shortest value is a tag and a byte behind a tag and a length.
    if (keyEnd + 4 > end || bytes[keyEnd] !== valueTag) return undefined
    let at = keyEnd + 1
    let length = bytes[at++]!
    if (length > 0x7f) length = (length & 0x7f) | (bytes[at++]! << 7)
    if (at + length !== end || length < 2) return undefined
    const type = bytes[at++]!
    const key = this.#key(view, keyStart, keyEnd)
    if (key === undefined) return undefined
    if (type === stringTag) return this.#text(bytes, view, at, end, key)
    if (type === intTag) return this.#whole(bytes, at, end, key)
    if (type === boolTag && at + 1 === end && bytes[at]! < 2) {
      const text = bytes[at] === 1 ? yes : no
      this.#head(key, t, text.length)
      this.#tokens.append(text)
      return key.key
    }
    return undefined
  }

  #text(bytes: Uint8Array, view: DataView, start: number, end: number, key: WrittenKey): string | undefined {
    let at = start
    let length = bytes[at++]!
    if (length > 0x7f) {
      const high = bytes[at++]!
      if (high > 0x7f) return undefined
      length = (length & 0x7f) | (high << 7)
    }
    if (at + length !== end) return undefined
    const tokens = this.#tokens
    const before = tokens.length
    this.#head(key, s, length)
    if (tokens.appendRange(view, at, end)) return key.key
    // Not ASCII: it may not be UTF-8 either.
    tokens.length = before
    return undefined
  }

  #whole(bytes: Uint8Array, start: number, end: number, key: WrittenKey): string | undefined {
    if (end - start > longestVarint || bytes[end - 1]! > 0x7f) return undefined
    let value = bytes[end - 1]!
    for (let at = end - 2; at >= start; at--) {
      // One that ends sooner is followed by something else.
      if (bytes[at]! < 0x80) return undefined
      value = value * 0x80 + (bytes[at]! & 0x7f)
    }
    let digits = 1
    for (let bound = 10; value >= bound; bound *= 10) digits++
    this.#head(key, i, digits)
    this.#tokens.appendDigits(value, digits)
    return key.key
  }

  /** What stands before a value of so many bytes. */
  #head({ prefix }: WrittenKey, type: number, length: number): void {
    const tokens = this.#tokens
    const head = prefix.length
    tokens.reserve(head + length + 16)
    tokens.appendVarint(head + 2 + length)
    const { bytes } = tokens
    let at = tokens.length
    for (let index = 0; index < head; index++) bytes[at++] = prefix[index]!
    bytes[at++] = type
    bytes[at++] = equals
    tokens.length = at
    this.#value = at
  }

  #key(view: DataView, start: number, end: number): WrittenKey | undefined {
    if (start === end) return undefined
    const known = this.#table.find(view, start, end)
    if (known !== -1) return this.#keys[known]
    const key = Buffer.from(view.buffer, view.byteOffset + start, end - start).toString()
    const written = { key, prefix: Buffer.from(attributePrefix(key)) }
    if (this.#table.add(view, start, end, this.#keys.length)) this.#keys.push(written)
    return written
  }
}
