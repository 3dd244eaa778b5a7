/**
 * Memory for requests, used again and again. A fresh buffer for every batch would cost more than making its spans: V8 answers the growth
 * of memory outside of its heap with full collections of a heap that holds no garbage. Bounded: what does not fit is left to the collector.
 */

/** Buffers are powers of two from here, so that those of one batch fit the next. */
const minSize = 16_384
/** Larger ones are for rare batches of large spans, and are not kept. */
const maxSize = 1_048_576
/** Those of the requests on the wire, and of the batches that are filled meanwhile. */
const maxFree = 8
/** A buffer is not lent to somebody who needs much less: a scope with few spans may hold it for long. */
const maxTimesWanted = 4

export class BufferPool {
  readonly #free: Buffer[] = []

  /** A buffer of at least `size` bytes, alone in its ArrayBuffer, with anything in it. */
  take(size: number): Buffer {
    let best = -1
    for (let i = 0; i < this.#free.length; i++) {
      const { length } = this.#free[i]!
      if (length < size || length > Math.max(minSize, size * maxTimesWanted)) continue
      if (best === -1 || length < this.#free[best]!.length) best = i
    }
    if (best !== -1) return this.#free.splice(best, 1)[0]!
    let length = minSize
    while (length < size) length *= 2
    return Buffer.allocUnsafeSlow(length)
  }

  /** Takes a buffer that nobody reads or writes any more, the kernel included. */
  give(buffer: Buffer): void {
    if (buffer.length < minSize || buffer.length > maxSize) return
    // The latest are the warmest, and of the sizes that are in use now.
    if (this.#free.length === maxFree) this.#free.shift()
    this.#free.push(buffer)
  }
}

/** For all pipelines of the process. */
export const requestBuffers = new BufferPool()
