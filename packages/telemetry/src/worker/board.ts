/**
 * Memory that a thread that exports shares with all workers of its process: whether it still takes spans, and the context in which each
 * worker was created, which a worker must know before its first line runs and so cannot be told by a message.
 *
 *   Int32  open | slot 0: thread id, bytes of the context, the context … | slot 1 …
 */

/** Workers that may be on their way up at a time before one loses its context; a kibibyte each, touched when it is used. */
const slots = 128
const slotBytes = 1024
const headBytes = 8
export const maxRecordBytes = slotBytes - headBytes
const firstSlot = 2
/**
 * A worker is started a moment before it is announced. Where its creator does not announce workers (another thread, without tracing), this is
 * what its start takes longer.
 */
const announcementMs = 100

export class Board {
  readonly memory: SharedArrayBuffer
  readonly #words: Int32Array

  constructor(memory = new SharedArrayBuffer(firstSlot * 4 + slots * slotBytes)) {
    this.memory = memory
    this.#words = new Int32Array(memory)
  }

  /** Whether the thread that exports takes spans. */
  get open(): boolean {
    return Atomics.load(this.#words, 0) === 1
  }

  set open(open: boolean) {
    Atomics.store(this.#words, 0, open ? 1 : 0)
  }

  /** Leaves `record` for a worker that is starting; an empty one says that there is nothing. */
  announce(threadId: number, record: Uint8Array): void {
    const { word, bytes } = this.#slotOf(threadId)
    bytes.set(record)
    Atomics.store(this.#words, word + 1, record.length)
    Atomics.store(this.#words, word, threadId)
    Atomics.notify(this.#words, word)
  }

  /** What was left for this worker; it is gone afterwards. */
  takeRecord(threadId: number): Uint8Array {
    const { word, bytes } = this.#slotOf(threadId)
    const found = Atomics.load(this.#words, word)
    if (found !== threadId) Atomics.wait(this.#words, word, found, announcementMs)
    if (Atomics.load(this.#words, word) !== threadId) return new Uint8Array(0)
    const record = bytes.slice(0, Atomics.load(this.#words, word + 1))
    Atomics.store(this.#words, word, 0)
    return record
  }

  #slotOf(threadId: number): { word: number; bytes: Uint8Array } {
    const word = firstSlot + ((threadId % slots) * slotBytes) / 4
    return { word, bytes: new Uint8Array(this.memory, word * 4 + headBytes, maxRecordBytes) }
  }
}
