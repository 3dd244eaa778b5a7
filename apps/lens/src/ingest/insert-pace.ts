/** How often a few rows are inserted by themselves: a token bucket. `GroupCommit` asks it. */

/** An insert costs Lens and its engine some 40 ms of CPU however few its rows, merges of its parts included: a hundred senders' timers would fill a core. */
const interval = 500
/** Inserts that may come at once after some quiet. */
const burst = 20

export class InsertPace {
  /** When as many inserts as there may be at once will have been earned again. */
  #fullAt = Number.NEGATIVE_INFINITY

  /** An insert happens at `now`, in ms. */
  spend(now: number): void {
    this.#fullAt = Math.max(now, this.#fullAt) + interval
  }

  /** Milliseconds until the next one is due; 0 when it is. */
  wait(now: number): number {
    return Math.max(0, this.#fullAt - (burst - 1) * interval - now)
  }
}
