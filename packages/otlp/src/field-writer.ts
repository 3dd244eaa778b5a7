/**
 * Writes protobuf fields of any message into a Writer: the plain way for whole requests and responses. (Spans of the telemetry pipeline
 * take the direct way, encode-span.ts.) Whether to leave out a field with its default value is the caller's choice.
 */

import { closeLength, putVarint, putVarint64, Writer } from './writer.ts'

/** Room for a tag and a length or a number: five bytes and ten, rounded up. */
const fieldRoom = 16

export class FieldWriter {
  readonly #writer = new Writer(1024)

  finish(): Uint8Array {
    return this.#writer.finish()
  }

  /** Begins a nested message; hand the result to `close`. */
  open(tag: number): number {
    const start = this.#tag(tag) + 1
    this.#writer.position = start
    return start
  }

  close(start: number): void {
    const writer = this.#writer
    writer.reserve(writer.position, fieldRoom)
    writer.position = closeLength(writer.bytes, start, writer.position)
  }

  string(tag: number, text: string): void {
    const start = this.open(tag)
    this.#writer.reserve(start, text.length * 3 + fieldRoom)
    this.#writer.position = start + this.#writer.utf8(text, start)
    this.close(start)
  }

  bytes(tag: number, bytes: Uint8Array): void {
    const writer = this.#writer
    const start = this.#tag(tag)
    const at = putVarint(writer.bytes, start, bytes.length)
    writer.reserve(at, bytes.length)
    writer.bytes.set(bytes, at)
    writer.position = at + bytes.length
  }

  uint32(tag: number, value: number): void {
    const at = this.#tag(tag)
    this.#writer.position = putVarint(this.#writer.bytes, at, value)
  }

  /** int32, int64, bool and enums: all are 64 bits of two's complement on the wire. */
  int64(tag: number, value: bigint): void {
    const at = this.#tag(tag)
    this.#writer.position = putVarint64(this.#writer.bytes, at, value)
  }

  fixed32(tag: number, value: number): void {
    const at = this.#tag(tag)
    this.#writer.view.setUint32(at, value, true)
    this.#writer.position = at + 4
  }

  fixed64(tag: number, value: bigint): void {
    const at = this.#tag(tag)
    this.#writer.view.setBigUint64(at, value, true)
    this.#writer.position = at + 8
  }

  double(tag: number, value: number): void {
    const at = this.#tag(tag)
    this.#writer.view.setFloat64(at, value, true)
    this.#writer.position = at + 8
  }

  /** Writes the tag and leaves room for a number behind it; the position of that. */
  #tag(tag: number): number {
    const writer = this.#writer
    writer.reserve(writer.position, fieldRoom)
    return putVarint(writer.bytes, writer.position, tag)
  }
}
