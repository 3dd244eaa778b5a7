/**
 * Numbers byte strings that come again and again, by their bytes: what an attribute looked like on the wire finds the token that was made
 * of it, without reading the attribute. One table serves one block, so that it cannot outgrow it.
 *
 *   slots    [ upper bits of the hash, entry ] …     entry 0 for none; a search looks at `longestProbe` slots at most
 *   entries  [ hash | start | length | value ] …     from 1 up
 *   bytes    one key after the other
 *
 * What a search costs is lines of the processor's cache, 30 to 80 ns: the slots are narrow, and the bytes looked at only where length and bits of the hash agree.
 */

import { copyWords } from './copy-words.ts'

/** A sender that forges collisions gets misses, which cost what a first occurrence costs, not long searches. */
const longestProbe = 8
/** Longer ones are seldom equal, and are not worth keeping twice. */
const longestKey = 2048
/** A slot is 18 bits of entry and 14 of hash: a block has no more entries than it may have bytes for, and what comes after them is not kept. */
const entryMask = 0x3_ffff
const tagMask = ~entryMask
const firstSlots = 2048
/** Of the entry itself and two slots. */
const bytesPerEntry = 24
const firstBytes = 32 * 1024

/** Differs from process to process, so that collisions cannot be prepared. */
const seed = (Math.random() * 0x1_0000_0000) | 0

/** Of the bytes in [start, end) of `view`. Two sums that do not wait for each other. */
export function hashOf(view: DataView, start: number, end: number): number {
  let one = seed ^ (end - start)
  let two = seed
  let at = start
  for (; at + 8 <= end; at += 8) {
    one = Math.imul(one ^ view.getInt32(at, true), 0x85ebca6b)
    two = Math.imul(two ^ view.getInt32(at + 4, true), 0xc2b2ae35)
    one ^= one >>> 15
    two ^= two >>> 15
  }
  if (at + 4 <= end) {
    one = Math.imul(one ^ view.getInt32(at, true), 0x85ebca6b)
    one ^= one >>> 15
    at += 4
  }
  let rest = 0
  for (; at < end; at++) rest = (rest << 8) | view.getUint8(at)
  two = Math.imul(two ^ rest, 0xc2b2ae35)
  two ^= two >>> 15
  const hash = Math.imul(one ^ Math.imul(two, 0x27d4eb2f), 0x9e3779b1)
  return hash ^ (hash >>> 16)
}

export class ByteTable {
  readonly #hashOf: typeof hashOf
  #slots = new Int32Array(firstSlots)
  #entries = new Int32Array(firstSlots * 2)
  /** Entries, the one that stands for none among them. */
  #count = 1
  #bytes = Buffer.allocUnsafeSlow(firstBytes)
  #view = new DataView(this.#bytes.buffer)
  #length = 0
  /** Of the last search. */
  #hash = 0

  /** Another hash is for tests, which want its collisions. */
  constructor(hash = hashOf) {
    this.#hashOf = hash
  }

  /** Bytes that are in use, about. */
  get size(): number {
    return this.#length + this.#count * bytesPerEntry
  }

  /** What was added for the bytes in [start, end) of `view`; -1 when nothing was. */
  find(view: DataView, start: number, end: number): number {
    const hash = this.#hashOf(view, start, end)
    this.#hash = hash
    const length = end - start
    const slots = this.#slots
    const mask = slots.length - 1
    let at = hash & mask
    for (let probe = 0; probe < longestProbe; probe++) {
      const slot = slots[at]!
      if (slot === 0) return -1
      if (((slot ^ hash) & tagMask) === 0) {
        const entries = this.#entries
        const entry = (slot & entryMask) * 4
        if (entries[entry + 2] === length && this.#isAt(entries[entry + 1]!, view, start, end)) {
          return entries[entry + 3]!
        }
      }
      at = (at + 1) & mask
    }
    return -1
  }

  /** Remembers `value`, from 0 to 2³¹, for the bytes that `find` was just asked for and did not find. False when there is no place for it. */
  add(view: DataView, start: number, end: number, value: number): boolean {
    const length = end - start
    if (length > longestKey || this.#count > entryMask) return false
    if (this.#count * 2 >= this.#slots.length) this.#grow()
    if (!place(this.#slots, this.#hash, this.#count)) return false
    if (this.#length + length > this.#bytes.length) this.#growBytes(length)
    const entry = this.#count++ * 4
    const entries = this.#entries
    entries[entry] = this.#hash
    entries[entry + 1] = this.#length
    entries[entry + 2] = length
    entries[entry + 3] = value
    copyWords(view, start, end, this.#view, this.#length)
    this.#length += length
    return true
  }

  /** Forgets everything, and keeps the memory. */
  clear(): void {
    this.#slots.fill(0)
    this.#count = 1
    this.#length = 0
  }

  #isAt(at: number, view: DataView, start: number, end: number): boolean {
    const own = this.#view
    const length = end - start
    if (length < 4) {
      for (let index = 0; index < length; index++) {
        if (view.getUint8(start + index) !== own.getUint8(at + index)) return false
      }
      return true
    }
    // The last word may overlap the one before it.
    const last = length - 4
    for (let index = 0; index < last; index += 4) {
      if (view.getInt32(start + index, true) !== own.getInt32(at + index, true)) return false
    }
    return view.getInt32(start + last, true) === own.getInt32(at + last, true)
  }

  /** Twice the slots, so that no more than half are taken. */
  #grow(): void {
    const slots = new Int32Array(this.#slots.length * 2)
    const entries = new Int32Array(slots.length * 2)
    entries.set(this.#entries)
    for (let entry = 1; entry < this.#count; entry++) place(slots, entries[entry * 4]!, entry)
    this.#slots = slots
    this.#entries = entries
  }

  #growBytes(length: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#length + length))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
    this.#view = new DataView(larger.buffer)
  }
}

/** False when the places where a search would look are taken. */
function place(slots: Int32Array, hash: number, entry: number): boolean {
  const mask = slots.length - 1
  let at = hash & mask
  for (let probe = 0; probe < longestProbe; probe++) {
    if (slots[at] === 0) {
      slots[at] = (hash & tagMask) | entry
      return true
    }
    at = (at + 1) & mask
  }
  return false
}
