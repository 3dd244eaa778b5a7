/**
 * What was decided about traces, for their spans that end later. Two generations: what is not asked for while a generation fills is
 * forgotten when the next one has filled, so that memory is bounded without a clock.
 */
import { TraceMap } from './trace-map.ts'

/** Traces of one generation: at 5,000 traces a second the last six to twelve seconds, in 3 MB. A few more would double the tables. */
const maxPerGeneration = 32_000

export class DecisionMemory<D> {
  readonly #limit: number
  #young = new TraceMap<D>()
  #old = new TraceMap<D>()

  constructor(limit = maxPerGeneration) {
    this.#limit = limit
  }

  get(id0: number, id1: number, id2: number, id3: number): D | undefined {
    return this.#young.get(id0, id1, id2, id3) ?? this.#old.get(id0, id1, id2, id3)
  }

  set(id0: number, id1: number, id2: number, id3: number, decision: D): void {
    if (this.#young.size >= this.#limit) {
      const emptied = this.#old
      emptied.clear()
      this.#old = this.#young
      this.#young = emptied
    }
    this.#young.set(id0, id1, id2, id3, decision)
  }
}
