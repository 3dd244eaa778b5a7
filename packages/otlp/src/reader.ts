/**
 * A cursor over protobuf bytes for the decoders. Every read is checked against the end of the message that it is in, so that hostile
 * lengths reach nothing beyond it, and a fault names the message, the field and the byte. Strings are UTF-8 with invalid
 * sequences replaced by U+FFFD; byte fields are views of the input, not copies.
 */

import { constants } from 'node:buffer'
import { MalformedOtlpError } from './errors.ts'
import { WireType } from './fields.ts'
import { TextWindow } from './text-window.ts'

/** What a message is called and what its fields are called, for errors. */
export interface MessageType {
  readonly name: string
  readonly fields: Readonly<Record<string, number>>
}

/**
 * The most messages in one input. An empty one takes two bytes and becomes objects of a hundred or two: without a bound, 64 MiB of them fill any
 * heap. As many bytes of spans with ten attributes each hold 3.3 million.
 */
const mostMessages = 4_194_304

/** protobuf's own limit for nested messages; only unknown groups nest without the decoders knowing. */
const maxGroupDepth = 100

export class Reader {
  position = 0
  /** Where the message being read ends. */
  limit: number
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #text: TextWindow
  #message: MessageType
  #tag = 0
  #messages = 0

  constructor(bytes: Uint8Array, message: MessageType) {
    const { buffer, byteOffset, length } = bytes
    this.limit = length
    this.#bytes = new Uint8Array(buffer, byteOffset, length)
    this.#view = new DataView(buffer, byteOffset, length)
    this.#text = new TextWindow(this.#bytes, this.#view)
    this.#message = message
  }

  /** The next field's tag, read on behalf of `message`. */
  tag(message: MessageType): number {
    this.#message = message
    const start = this.position
    if (start < this.limit) {
      const byte = this.#bytes[start]!
      if (byte > 7 && byte < 0x80) {
        this.position = start + 1
        this.#tag = byte
        return byte
      }
    }
    this.#tag = 0
    this.#tag = this.#longTag()
    return this.#tag
  }

  /** Begins the nested message that comes next: its end becomes the limit. Hand the result to `leave`. */
  enter(): number {
    if (++this.#messages > mostMessages) this.fail(`more than ${mostMessages} messages`)
    const outer = this.limit
    this.limit = this.#end()
    return outer
  }

  /** Ends a nested message that was read to its limit. */
  leave(outer: number): void {
    this.limit = outer
  }

  string(): string {
    const end = this.#textEnd()
    const start = this.position
    this.position = end
    return this.#text.slice(start, end)
  }

  /** A string of low cardinality: equal bytes give the same string object. */
  internedString(): string {
    const end = this.#textEnd()
    const start = this.position
    this.position = end
    return this.#text.interned(start, end)
  }

  /** Passes over a value with a length, and says where its bytes begin; they end at `position`. */
  range(): number {
    const end = this.#end()
    const start = this.position
    this.position = end
    return start
  }

  /** As `range`, for a text: one that is too long to become a string is refused. */
  textRange(): number {
    const end = this.#textEnd()
    const start = this.position
    this.position = end
    return start
  }

  bytes(): Uint8Array {
    const end = this.#end()
    const start = this.position
    this.position = end
    return this.#bytes.subarray(start, end)
  }

  bool(): boolean {
    const start = this.position
    if (start < this.limit) {
      const byte = this.#bytes[start]!
      if (byte < 0x80) {
        this.position = start + 1
        return byte !== 0
      }
    }
    return this.int64() !== 0n
  }

  uint32(): number {
    const start = this.position
    if (start < this.limit) {
      const byte = this.#bytes[start]!
      if (byte < 0x80) {
        this.position = start + 1
        return byte
      }
    }
    return this.#varint32()
  }

  int32(): number {
    return this.uint32() | 0
  }

  int64(): bigint {
    let low = 0
    let high = 0
    let byte = 0x80
    let at = this.position
    for (let shift = 0; byte > 0x7f; shift += 7) {
      if (at >= this.limit) this.fail('the varint runs past the end of its message')
      if (shift > 63) this.fail('the varint is longer than ten bytes')
      byte = this.#bytes[at++]!
      const bits = byte & 0x7f
      if (shift < 32) low |= bits << shift
      if (shift > 24) high |= shift < 32 ? bits >>> (32 - shift) : bits << (shift - 32)
    }
    this.position = at
    if (high === 0 && low >= 0) return BigInt(low)
    return (BigInt(high) << 32n) | BigInt(low >>> 0)
  }

  /** Passes over a value of eight bytes, and says where they are. */
  fixed64Range(): number {
    return this.#advance(8)
  }

  fixed32(): number {
    const start = this.#advance(4)
    return this.#view.getUint32(start, true)
  }

  fixed64(): bigint {
    const start = this.#advance(8)
    return this.#view.getBigUint64(start, true)
  }

  double(): number {
    const start = this.#advance(8)
    return this.#view.getFloat64(start, true)
  }

  /** Passes over the value of the field whose tag was just read. */
  skip(): void {
    this.#skip(this.#tag, 0)
  }

  /** Throws the error that says where the reader is. */
  fail(reason: string, offset = this.position): never {
    const { name, fields } = this.#message
    const field = this.#tag >>> 3
    const known = Object.keys(fields).find((key) => fields[key] === field)
    throw new MalformedOtlpError(reason, field === 0 ? name : `${name}.${known ?? field}`, offset)
  }

  #advance(size: number): number {
    const start = this.position
    if (this.limit - start < size) this.fail('the value runs past the end of its message')
    this.position = start + size
    return start
  }

  /** Reads a length and moves to the first byte behind it; where the value ends. */
  #end(): number {
    const length = this.uint32()
    const end = this.position + length
    if (end > this.limit) {
      this.fail(`a length of ${length} runs past the end of its message at byte ${this.limit}`)
    }
    return end
  }

  /** The engine has a longest string, and throws an error of its own beyond it. */
  #textEnd(): number {
    const end = this.#end()
    if (end - this.position > constants.MAX_STRING_LENGTH) this.fail('the string is too long')
    return end
  }

  #longTag(): number {
    const start = this.position
    const tag = this.#varint32()
    if (this.position - start > 5 || tag >>> 3 === 0) this.fail('not a field tag', start)
    return tag
  }

  /** A varint of any length; bits beyond the 32nd are dropped, as protobuf does for its 32-bit types. */
  #varint32(): number {
    let value = 0
    let at = this.position
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= this.limit) this.fail('the varint runs past the end of its message')
      const byte = this.#bytes[at++]!
      if (shift < 32) value |= (byte & 0x7f) << shift
      if (byte < 0x80) {
        this.position = at
        return value >>> 0
      }
    }
    return this.fail('the varint is longer than ten bytes')
  }

  #skip(tag: number, depth: number): void {
    switch (tag & 7) {
      case WireType.varint:
        this.#varint32()
        return
      case WireType.fixed64:
        this.#advance(8)
        return
      case WireType.bytes:
        this.position = this.#end()
        return
      case WireType.startGroup:
        this.#skipGroup(tag >>> 3, depth + 1)
        return
      case WireType.fixed32:
        this.#advance(4)
        return
      default:
        this.fail(`the wire type ${tag & 7} has no value`)
    }
  }

  #skipGroup(field: number, depth: number): void {
    if (depth > maxGroupDepth) this.fail(`groups nest more than ${maxGroupDepth} deep`)
    for (;;) {
      const tag = this.#longTag()
      if ((tag & 7) !== WireType.endGroup) {
        this.#skip(tag, depth)
      } else if (tag >>> 3 === field) {
        return
      } else {
        this.fail(`a group is closed as ${tag >>> 3}`)
      }
    }
  }
}
