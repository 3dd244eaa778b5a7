/** A buffer that grows by doubling: where the columns of a Native block gather their bytes. */

import { copyWords } from './copy-words.ts'

export class ByteBuffer {
  bytes: Buffer
  length = 0
  #view: DataView

  constructor(capacity: number) {
    this.bytes = Buffer.allocUnsafeSlow(capacity)
    this.#view = new DataView(this.bytes.buffer)
  }

  /** Makes room for `count` more bytes; a caller may then write to `bytes` at `length` and move `length` on. */
  reserve(count: number): void {
    const needed = this.length + count
    if (needed > this.bytes.length) this.#grow(needed)
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2))
    this.bytes.copy(larger, 0, 0, this.length)
    this.bytes = larger
    this.#view = new DataView(larger.buffer)
  }

  append(source: Uint8Array): void {
    this.reserve(source.length)
    this.bytes.set(source, this.length)
    this.length += source.length
  }

  /** The bytes in [start, end) of `view`, for short runs. Whether all of them are ASCII. */
  appendRange(view: DataView, start: number, end: number): boolean {
    const count = end - start
    this.reserve(count)
    const isAscii = copyWords(view, start, end, this.#view, this.length)
    this.length += count
    return isAscii
  }

  /** A whole number from 0 up to 2⁵³, of so many decimal digits. */
  appendDigits(value: number, digits: number): void {
    this.reserve(digits)
    const { bytes, length } = this
    let rest = value
    let at = length + digits
    for (; rest > 0x7fff_ffff; rest = Math.floor(rest / 10)) bytes[--at] = zero + (rest % 10)
    for (let small = rest | 0; at > length; small = (small / 10) | 0) bytes[--at] = zero + (small % 10)
    this.length = length + digits
  }

  /** LEB128, as ClickHouse writes the lengths of strings. */
  appendVarint(value: number): void {
    this.reserve(8)
    let rest = value
    while (rest > 0x7f) {
      this.bytes[this.length++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.bytes[this.length++] = rest
  }

  /** A string in UTF-8 behind its length in bytes. */
  appendString(text: string): void {
    const count = text.length
    if (count === 0) {
      this.reserve(1)
      this.bytes[this.length++] = 0
      return
    }
    this.reserve(count * 3 + 5)
    if (count < shortString) {
      // A loop beats the call into C++ for the short ASCII strings that most values are.
      const { bytes } = this
      const start = this.length + 1
      let index = 0
      for (; index < count; index++) {
        const code = text.charCodeAt(index)
        if (code > 0x7f) break
        bytes[start + index] = code
      }
      if (index === count) {
        bytes[start - 1] = count
        this.length = start + count
        return
      }
    }
    const size = Buffer.byteLength(text)
    this.appendVarint(size)
    this.length += this.bytes.write(text, this.length)
  }

  /** `prefix` and a string as one string, without making it. */
  appendPrefixed(prefix: Uint8Array, text: string): void {
    const count = text.length
    const head = prefix.length
    this.reserve(head + count * 3 + 5)
    if (count < shortString && head + count < 0x80) {
      const { bytes } = this
      const start = this.length + 1
      for (let index = 0; index < head; index++) bytes[start + index] = prefix[index]!
      const body = start + head
      let index = 0
      for (; index < count; index++) {
        const code = text.charCodeAt(index)
        if (code > 0x7f) break
        bytes[body + index] = code
      }
      if (index === count) {
        bytes[start - 1] = head + count
        this.length = body + count
        return
      }
    }
    this.appendVarint(head + Buffer.byteLength(text))
    this.bytes.set(prefix, this.length)
    this.length += head
    this.length += this.bytes.write(text, this.length)
  }

  /** Modulo 2⁶⁴, so that a negative value is an Int64. */
  appendUint64(value: bigint): void {
    this.reserve(8)
    this.#view.setBigUint64(this.length, value, true)
    this.length += 8
  }

  appendUint32(value: number): void {
    this.reserve(4)
    this.#view.setUint32(this.length, value, true)
    this.length += 4
  }

  view(): Buffer {
    return this.bytes.subarray(0, this.length)
  }
}

const zero = '0'.charCodeAt(0)
/** Below 128 the length is one byte, known before the bytes are; beyond about 40 characters the native copy wins. */
const shortString = 40
