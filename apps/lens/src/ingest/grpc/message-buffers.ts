/**
 * Memory of messages that were answered, for those that come next. Memory outside of the heap makes V8 collect the heap: 200 kB new for each message was
 * twenty full collections for half a million spans. The gRPC server joins messages in it.
 */

/** Sizes are whole multiples of it; shorter messages are cheap to allocate. */
const step = 64 * 1024
/** Longer ones are rare. */
const longest = 1024 * 1024
/** What is kept at most: that of 256 calls with 500 spans each. */
const mostKept = 64 * 1024 * 1024

export class MessageBuffers {
  /** By their size in steps. */
  readonly #free = new Map<number, ArrayBuffer[]>()
  readonly #lent = new WeakSet<ArrayBufferLike>()
  #kept = 0
  #used = false

  /** The pieces of a message, one behind the other. To be given back when nobody reads them any more, or never. */
  join(pieces: readonly Uint8Array[], length: number): Buffer {
    if (length < step || length > longest) return Buffer.concat(pieces, length)
    const steps = Math.ceil(length / step)
    const buffer = this.#take(steps)
    const joined = Buffer.from(buffer, 0, length)
    let at = 0
    for (const piece of pieces) {
      joined.set(piece, at)
      at += piece.length
    }
    this.#lent.add(buffer)
    this.#used = true
    return joined
  }

  /** Takes back what `join` returned, or a part of it; anything else is none of its own. */
  giveBack({ buffer }: Uint8Array): void {
    if (!this.#lent.delete(buffer) || this.#kept + buffer.byteLength > mostKept) return
    const steps = buffer.byteLength / step
    const free = this.#free.get(steps)
    if (free === undefined) this.#free.set(steps, [buffer as ArrayBuffer])
    else free.push(buffer as ArrayBuffer)
    this.#kept += buffer.byteLength
  }

  /** Lets go of what is kept, unless it was of use since the last call. */
  tidy(): void {
    if (!this.#used) {
      this.#free.clear()
      this.#kept = 0
    }
    this.#used = false
  }

  #take(steps: number): ArrayBuffer {
    const buffer = this.#free.get(steps)?.pop()
    if (buffer === undefined) return Buffer.allocUnsafeSlow(steps * step).buffer
    this.#kept -= buffer.byteLength
    return buffer
  }
}
