/**
 * UTF-8 strings out of a byte buffer that is read from front to back. Node's decoders cost some 200 ns a call, which would be most of the
 * time it takes to decode a span; so a stretch of the input becomes one Latin-1 string, of which ASCII strings are slices at 10 ns.
 */

import { intern, type StringDecoder } from './intern-table.ts'

/** Node's direct entries to its string decoders, which skip the argument checks of `toString`. */
interface FastBuffer extends Buffer {
  utf8Slice(start: number, end: number): string
  latin1Slice(start: number, end: number): string
}

/** Bytes made text at once, which a slice that outlives the request keeps alive. */
const windowSize = 16 * 1024
/** Beyond this length Node's vectorised decoder beats looking at the bytes here. */
const maxSliceLength = 256

export class TextWindow implements StringDecoder {
  readonly #buffer: FastBuffer
  readonly #view: DataView
  #text = ''
  #start = 0
  #end = 0

  constructor(bytes: Uint8Array, view: DataView) {
    this.#buffer = Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length) as FastBuffer
    this.#view = view
  }

  /** The text in [start, end), which the caller has checked; an invalid sequence becomes U+FFFD. */
  slice(start: number, end: number): string {
    if (end - start > maxSliceLength || !this.#isAscii(start, end)) return this.copy(start, end)
    if (end > this.#end || start < this.#start) this.#move(start)
    return this.#text.slice(start - this.#start, end - this.#start)
  }

  copy(start: number, end: number): string {
    return this.#buffer.utf8Slice(start, end)
  }

  /** The same text as one shared string, for what is expected to come again. */
  interned(start: number, end: number): string {
    return intern(this.#view, start, end, this)
  }

  #isAscii(start: number, end: number): boolean {
    const view = this.#view
    let seen = 0
    let at = start
    for (; at + 4 <= end; at += 4) seen |= view.getInt32(at, true)
    for (; at < end; at++) seen |= view.getInt8(at)
    return (seen & 0x8080_8080) === 0
  }

  #move(start: number): void {
    const end = Math.min(start + windowSize, this.#buffer.length)
    this.#text = this.#buffer.latin1Slice(start, end)
    this.#start = start
    this.#end = end
  }
}
