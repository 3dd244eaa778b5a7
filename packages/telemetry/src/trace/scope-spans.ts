/**
 * The encoded, not yet exported spans of one instrumentation scope, in a buffer that becomes the request itself when the batch is
 * sealed: nothing is copied for a scope that has most of a batch.
 */
import {
  type Envelope,
  encloseSpans,
  encodeScope,
  encodeSpan,
  type ScopeBytes,
  type ScopeInput,
  type SpanRecord,
  Writer,
} from '@rustok/otlp'
import { Batch, copyOf } from '../export/batch.ts'
import { requestBuffers } from '../export/buffer-pool.ts'

/** Room in front of the spans for the resource, so that they need not move for it. Most resources take a few hundred bytes. */
const resourceRoom = 1024
/** A request that fills less of its buffer is copied out of it: the buffer stays for the next batch. */
const minFill = 1 / 4
/** A buffer that grew beyond this for a batch of large spans is let go: most batches are a tenth of it. */
const maxKeptCapacity = 1_048_576

export class ScopeSpans {
  readonly envelope: Envelope
  /** Where the first span begins. */
  readonly #start: number
  #writer = new Writer(0)
  #count = 0
  /** What a batch of this scope took lately: the next buffer need not grow. */
  #usualSize = 0

  constructor(scope: ScopeInput) {
    this.envelope = encodeScope(scope)
    this.#start = this.envelope.before.length + resourceRoom
  }

  get count(): number {
    return this.#count
  }

  /** Bytes of the spans. */
  get size(): number {
    return this.#count === 0 ? 0 : this.#writer.position - this.#start
  }

  /** Bytes added. */
  append(span: SpanRecord): number {
    if (this.#count === 0) this.#open()
    const size = encodeSpan(this.#writer, span)
    this.#count++
    return size
  }

  /** Adds spans that are encoded: whole `ScopeSpans.spans` fields. */
  appendEncoded(spans: Uint8Array, count: number): void {
    if (this.#count === 0) this.#open()
    const { position } = this.#writer
    this.#writer.reserve(position, spans.length)
    this.#writer.bytes.set(spans, position)
    this.#writer.position = position + spans.length
    this.#count += count
  }

  /** Takes the last span back, which has `size` bytes. */
  removeLast(size: number): Uint8Array {
    const { bytes, position } = this.#writer
    this.#writer.position = position - size
    this.#count--
    return Uint8Array.prototype.slice.call(bytes, position - size, position)
  }

  /** Makes a batch of its spans and those of `others`, all of which are empty afterwards. Give it to the scope with the most bytes. */
  seal(resource: Envelope, others: readonly ScopeSpans[]): Batch {
    const request = encloseSpans(
      this.#writer,
      this.#start,
      resource,
      this.envelope,
      others.map((other) => other.#bytes()),
    )
    let spans = this.#count
    for (const other of others) {
      spans += other.#count
      other.#clear()
    }
    const buffer = this.#writer.bytes as Buffer
    this.#usualSize = Math.min(maxKeptCapacity / 2, Math.max(request.length, this.#usualSize / 2))
    if (request.length < buffer.length * minFill) {
      const batch = new Batch(copyOf(request), spans)
      this.#clear()
      return batch
    }
    this.#writer = new Writer(0)
    this.#count = 0
    return new Batch(request, spans, buffer)
  }

  #bytes(): ScopeBytes {
    return {
      scope: this.envelope,
      spans: this.#writer.bytes.subarray(this.#start, this.#writer.position),
    }
  }

  #clear(): void {
    if (this.#writer.bytes.length > maxKeptCapacity) this.#writer = new Writer(0)
    this.#count = 0
  }

  /** A scope that has no spans holds no buffer at first, and many scopes never have any. */
  #open(): void {
    if (this.#writer.bytes.length <= this.#start) {
      this.#writer = new Writer(requestBuffers.take(this.#start + this.#usualSize))
    }
    this.#writer.position = this.#start
  }
}
