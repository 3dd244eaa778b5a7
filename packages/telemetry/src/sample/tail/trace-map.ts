/**
 * A map by trace id: open addressing over the id's four words, so that a look-up makes neither a string nor a boxed number. Every span that
 * ends with tail sampling on is looked up here.
 */
import { randomFillSync } from 'node:crypto'

const initialSlots = 256

export class TraceMap<V> {
  #words = new Int32Array(initialSlots * 4)
  #values: (V | undefined)[] = Array.from({ length: initialSlots })
  #mask = initialSlots - 1
  #size = 0

  get size(): number {
    return this.#size
  }

  get(id0: number, id1: number, id2: number, id3: number): V | undefined {
    return this.#values[this.#find(id0, id1, id2, id3)]
  }

  set(id0: number, id1: number, id2: number, id3: number, value: V): void {
    let slot = this.#find(id0, id1, id2, id3)
    if (this.#values[slot] === undefined) {
      // At most half full: a probe is then one or two steps.
      if ((this.#size + 1) * 2 > this.#mask) {
        this.#grow()
        slot = this.#find(id0, id1, id2, id3)
      }
      this.#size++
      const words = this.#words
      words[slot * 4] = id0
      words[slot * 4 + 1] = id1
      words[slot * 4 + 2] = id2
      words[slot * 4 + 3] = id3
    }
    this.#values[slot] = value
  }

  delete(id0: number, id1: number, id2: number, id3: number): void {
    let hole = this.#find(id0, id1, id2, id3)
    if (this.#values[hole] === undefined) return
    this.#size--
    // What lies behind moves up, so that probes that began before the hole still find it.
    const mask = this.#mask
    for (let slot = (hole + 1) & mask; this.#values[slot] !== undefined; slot = (slot + 1) & mask) {
      const home = this.#homeOf(slot)
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue
      this.#words.copyWithin(hole * 4, slot * 4, slot * 4 + 4)
      this.#values[hole] = this.#values[slot]
      hole = slot
    }
    this.#values[hole] = undefined
  }

  clear(): void {
    this.#values.fill(undefined)
    this.#size = 0
  }

  /** The slot of the id, or the empty one where it would go. */
  #find(id0: number, id1: number, id2: number, id3: number): number {
    const words = this.#words
    const mask = this.#mask
    let slot = hash(id0, id1, id2, id3) & mask
    while (this.#values[slot] !== undefined) {
      const at = slot * 4
      if (words[at + 3] === id3 && words[at + 2] === id2 && words[at + 1] === id1 && words[at] === id0) break
      slot = (slot + 1) & mask
    }
    return slot
  }

  #homeOf(slot: number): number {
    const words = this.#words
    const at = slot * 4
    return hash(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!) & this.#mask
  }

  #grow(): void {
    const words = this.#words
    const values = this.#values
    const slots = values.length * 2
    this.#words = new Int32Array(slots * 4)
    this.#values = Array.from({ length: slots })
    this.#mask = slots - 1
    for (let slot = 0; slot < values.length; slot++) {
      if (values[slot] === undefined) continue
      const at = slot * 4
      const to = this.#find(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!)
      this.#words.set(words.subarray(at, at + 4), to * 4)
      this.#values[to] = values[slot]
    }
  }
}

/** Callers choose their trace ids: without a secret they could choose ids that all fall into one slot. */
const seed = randomFillSync(new Int32Array(4)).map((word) => word | 1)
const [seed0, seed1, seed2, seed3] = seed as unknown as [number, number, number, number]

function hash(id0: number, id1: number, id2: number, id3: number): number {
  const mixed =
    Math.imul(id0 ^ (id0 >>> 15), seed0) ^
    Math.imul(id1 ^ (id1 >>> 13), seed1) ^
    Math.imul(id2 ^ (id2 >>> 16), seed2) ^
    Math.imul(id3 ^ (id3 >>> 14), seed3)
  return mixed ^ (mixed >>> 15)
}
