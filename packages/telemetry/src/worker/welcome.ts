/**
 * Whether the thread that exports knows of a worker, in memory that both share. A Hello that its event loop has not come to is lost when the worker
 * ends, with all that was sent to the port in it; so a worker that ends unheard takes its spans back and delivers them itself.
 */
const waiting = 0
const heard = 1
const takenBack = 2

export class Welcome {
  readonly memory: SharedArrayBuffer
  readonly #state: Int32Array

  constructor(memory = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory
    this.#state = new Int32Array(memory)
  }

  /** The thread that exports has the port. False when it comes too late: the spans have been taken back. */
  give(): boolean {
    const given = Atomics.compareExchange(this.#state, 0, waiting, heard) !== takenBack
    Atomics.notify(this.#state, 0)
    return given
  }

  /** The worker ends, and gives the other thread `patienceMs` to turn its event loop. True when the spans are the worker's own again. */
  takeBack(patienceMs: number): boolean {
    Atomics.wait(this.#state, 0, waiting, patienceMs)
    return Atomics.compareExchange(this.#state, 0, waiting, takenBack) !== heard
  }
}
