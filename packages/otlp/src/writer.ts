/**
 * A growable buffer of protobuf bytes. The encoders keep the position in a local variable while they write and store it
 * back once, so the fields are public. Strings go through Node's own UTF-8 writer, which replaces lone surrogates by U+FFFD.
 */

/** Slack behind every reservation: prepared bytes are copied in words of eight and may overshoot by seven. */
const slack = 8

interface FastBuffer extends Buffer {
  /** Node's direct entry to its UTF-8 writer: half the cost of `write(…, 'utf8')` for a short string. */
  utf8Write?(text: string, offset: number, length: number): number
}

export class Writer {
  bytes: Uint8Array
  view: DataView
  position = 0
  #buffer: FastBuffer

  /** Begins with that many bytes of memory, or with memory of the caller's, which spans its whole ArrayBuffer. */
  constructor(memory: number | Buffer = 4096) {
    this.#buffer = typeof memory === 'number' ? Buffer.allocUnsafeSlow(memory + slack) : memory
    this.bytes = this.#buffer
    this.view = new DataView(this.#buffer.buffer)
  }

  /** Makes room for `size` more bytes after `position`; `bytes` and `view` may be other objects afterwards. */
  reserve(position: number, size: number): void {
    if (position + size + slack <= this.bytes.length) return
    const grown: FastBuffer = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, position + size + slack))
    grown.set(this.bytes.subarray(0, position))
    this.#buffer = grown
    this.bytes = grown
    this.view = new DataView(grown.buffer)
  }

  /** Writes `text` as UTF-8 where room was reserved (three bytes per UTF-16 unit suffice); the number of bytes. */
  utf8(text: string, position: number): number {
    const buffer = this.#buffer
    if (buffer.utf8Write !== undefined) return buffer.utf8Write(text, position, text.length * 3)
    return buffer.write(text, position, 'utf8')
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.bytes.slice(0, this.position)
  }
}

/** Bytes that `value` (0 to 2^32-1) takes as a varint. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1
  if (value < 0x4000) return 2
  if (value < 0x20_0000) return 3
  return value < 0x1000_0000 ? 4 : 5
}

/** Writes `value` (0 to 2^32-1); the position after it. */
export function putVarint(bytes: Uint8Array, position: number, value: number): number {
  let rest = value
  let at = position
  while (rest > 0x7f) {
    bytes[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  bytes[at++] = rest
  return at
}

/** Writes a 64-bit varint in two's complement; the position after it. At most ten bytes. */
export function putVarint64(bytes: Uint8Array, position: number, value: bigint): number {
  let rest = BigInt.asUintN(64, value)
  let at = position
  while (rest > 0x7fn) {
    bytes[at++] = Number(rest & 0x7fn) | 0x80
    rest >>= 7n
  }
  bytes[at++] = Number(rest)
  return at
}

/** Writes a safe integer as a 64-bit varint; the position after it. */
export function putSafeInteger(bytes: Uint8Array, position: number, value: number): number {
  if (value >= 0 && value <= 0xffff_ffff) return putVarint(bytes, position, value)
  return putVarint64(bytes, position, BigInt(value))
}

/**
 * Puts a length in front of the message at [start, end), where one byte was left free for it, and moves the message when it needs
 * more; the message's end. The caller has reserved five bytes more than it wrote.
 */
export function closeLength(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start
  if (length < 0x80) {
    bytes[start - 1] = length
    return end
  }
  const shift = varintSize(length) - 1
  bytes.copyWithin(start + shift, start, end)
  putVarint(bytes, start - 1, length)
  return end + shift
}
