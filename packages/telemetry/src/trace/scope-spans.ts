/** The encoded, not yet exported spans of one instrumentation scope. */
import {
  type Envelope,
  encodeScope,
  encodeSpan,
  type ScopeInput,
  type SpanRecord,
  Writer,
} from '@rustok/otlp'

/** Room for about forty spans; it grows by doubling to what a batch of this scope takes. */
const initialCapacity = 16_384

export class ScopeSpans {
  readonly envelope: Envelope
  readonly #writer = new Writer(initialCapacity)
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

  /** The encoded spans, valid until the next `append`; the scope is empty afterwards. */
  take(): Uint8Array {
    const bytes = this.#writer.bytes.subarray(0, this.#writer.position)
    this.#writer.position = 0
    this.#count = 0
    return bytes
  }
}
