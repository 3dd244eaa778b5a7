/**
 * One sealed request on its way, in borrowed or in its own memory. While it is sent it stays where its spans were encoded; when it has
 * to wait long it is copied to memory of its exact size, because an outage may last and the borrowed buffer is larger.
 */
import { requestBuffers } from './buffer-pool.ts'

export class Batch {
  readonly spans: number
  #request: Uint8Array
  #borrowed: Buffer | undefined

  /** `borrowed` is the pooled buffer that the request lies in. */
  constructor(request: Uint8Array, spans: number, borrowed?: Buffer) {
    this.#request = request
    this.spans = spans
    this.#borrowed = borrowed
  }

  /** An ExportTraceServiceRequest; valid until `release`. */
  get request(): Uint8Array {
    return this.#request
  }

  /** Moves to memory of its own. `inUse` says that somebody may still read the old one, which is then not given back. */
  settle(inUse = false): void {
    if (this.#borrowed === undefined) return
    this.#request = copyOf(this.#request)
    this.#giveBack(inUse)
  }

  /** The end of the batch: its memory is used for others, unless somebody may still read it. */
  release(inUse = false): void {
    this.#giveBack(inUse)
  }

  #giveBack(inUse: boolean): void {
    if (this.#borrowed !== undefined && !inUse) requestBuffers.give(this.#borrowed)
    this.#borrowed = undefined
  }
}

/** In an ArrayBuffer of its own: a slice of Node's small-buffer pool would keep its neighbours alive. */
export function copyOf(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  copy.set(bytes)
  return copy
}
