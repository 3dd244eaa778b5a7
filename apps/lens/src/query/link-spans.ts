/**
 * Which span is whose parent, by places instead of ids: what the waterfall of a trace needs, and a quarter of what its ids are. Ids are compared as the
 * numbers that they are, in a table of this file's own: a Map of texts takes ten times as long. Called for the spans of a trace.
 */
import { randomInt } from 'node:crypto'
import { mergeRuns } from './merge-runs.ts'

/** Of an id: `SpanContext` of https://opentelemetry.io/docs/specs/otel/trace/api/#spancontext. */
export const idBytes = 8

export interface LinkedSpans {
  /** Rows by start, of one start by id; of those with one id the first alone. */
  readonly order: Uint32Array
  /** By place in `order`: the place of the parent; -1 where none of them is. */
  readonly parents: Int32Array
  /** Places of spans that name a parent which is none of them. */
  readonly orphans: readonly number[]
}

/** Ids are `idBytes` each, one after the other, by row; a parent of zeros is none. */
export function linkSpans(starts: Float64Array, ids: Uint8Array, parentIds: Uint8Array): LinkedSpans {
  const table = new PlaceTable(ids)
  const rows = mergeRuns(starts, (a, b) => isBefore(ids, a, b))
  let count = 0
  for (const row of rows) if (table.add(row, count)) rows[count++] = row
  const order = rows.subarray(0, count)
  const wanted = words(parentIds)
  const parents = new Int32Array(count)
  const orphans: number[] = []
  for (let place = 0; place < count; place++) {
    const row = order[place]!
    const [low, high] = [wanted[2 * row]!, wanted[2 * row + 1]!]
    const isRoot = low === 0 && high === 0
    const parent = isRoot ? -1 : table.placeOf(low, high)
    parents[place] = parent
    if (parent === -1 && !isRoot) orphans.push(place)
  }
  return { order, parents, orphans }
}

/** As hexadecimal texts are ordered. */
function isBefore(ids: Uint8Array, a: number, b: number): boolean {
  for (let at = 0; at < idBytes; at++) {
    const order = ids[a * idBytes + at]! - ids[b * idBytes + at]!
    if (order !== 0) return order < 0
  }
  return false
}

function words({ buffer, byteOffset, byteLength }: Uint8Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, byteLength / 4)
}

/** Open addressing, at most half full; the seed is the process's, so that nobody sends ids that all fall into one place. */
class PlaceTable {
  readonly #words: Uint32Array
  readonly #shift: number
  readonly #mask: number
  /** One more than the row; 0 is free. */
  readonly #rows: Uint32Array
  readonly #places: Int32Array

  constructor(ids: Uint8Array) {
    this.#words = words(ids)
    const bits = Math.max(4, Math.ceil(Math.log2(this.#words.length + 1)))
    this.#shift = 32 - bits
    this.#mask = 2 ** bits - 1
    this.#rows = new Uint32Array(2 ** bits)
    this.#places = new Int32Array(2 ** bits)
  }

  /** False where the row's id is there already. */
  add(row: number, place: number): boolean {
    const slot = this.#slotOf(this.#words[2 * row]!, this.#words[2 * row + 1]!)
    if (this.#rows[slot] !== 0) return false
    this.#rows[slot] = row + 1
    this.#places[slot] = place
    return true
  }

  placeOf(low: number, high: number): number {
    const slot = this.#slotOf(low, high)
    return this.#rows[slot] === 0 ? -1 : this.#places[slot]!
  }

  /** Where the id is, or where it would be. */
  #slotOf(low: number, high: number): number {
    const mixed = Math.imul(low ^ seed, 0x9e3779b1) ^ Math.imul(high, seed)
    for (
      let slot = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b) >>> this.#shift;
      ;
      slot = (slot + 1) & this.#mask
    ) {
      const row = this.#rows[slot]! - 1
      if (row === -1 || (this.#words[2 * row] === low && this.#words[2 * row + 1] === high)) return slot
    }
  }
}

const seed = randomInt(2 ** 31) * 2 + 1
