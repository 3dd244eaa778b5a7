/** The encoded, not yet exported spans of one instrumentation scope. */
import {
  type Envelope,
  encodeScope,
  encodeSpan,
  type ScopeInput,
  type SpanRecord,
  Writer,
} from '@rustok/otlp'

/** A buffer that grew beyond this for a batch of large spans is let go: most batches are a tenth of it. */
const maxKeptCapacity = 1_048_576
/** Room for about forty spans; it grows by doubling to what a batch of this scope takes. */
const initialCapacity = 16_384

export class ScopeSpans {
  readonly envelope: Envelope
  #writer = new Writer(initialCapacity)
  #count = 0

  constructor(scope: ScopeInput) {
    this.envelope = encodeScope(scope)
  }

  get count(): number {
    return this.#count
  }

  /** Bytes added. */
  append(span: SpanRecord): number {
    const size = encodeSpan(this.#writer, span)
    this.#count++
    return size
  }

  /** Takes the last span back, which has `size` bytes. */
  removeLast(size: number): Uint8Array {
    const { bytes, position } = this.#writer
    this.#writer.position = position - size
    this.#count--
    return bytes.slice(position - size, position)
  }

  /** Puts a span back that was taken. */
  restore(span: Uint8Array): void {
    const { position } = this.#writer
    this.#writer.reserve(position, span.length)
    this.#writer.bytes.set(span, position)
    this.#writer.position = position + span.length
    this.#count++
  }

  /** The encoded spans, valid until the next `append`; the scope is empty afterwards. */
  take(): Uint8Array {
    const bytes = this.#writer.bytes.subarray(0, this.#writer.position)
    if (this.#writer.bytes.length > maxKeptCapacity) this.#writer = new Writer(initialCapacity)
    else this.#writer.position = 0
    this.#count = 0
    return bytes
  }
}
