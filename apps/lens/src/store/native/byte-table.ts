/**
 * Numbers byte strings that come again and again, by their bytes: what an attribute looked like on the wire finds the token that was made
 * of it, without reading the attribute. One table serves one block, so that it cannot outgrow it.
 *
 *   slot = hash of the bytes   slots  [ hash | start | length | value ] …     length -1 for none; a search looks at `longestProbe` slots at most
 *                              bytes  one key after the other
 *
 * A search reads one line of the processor's cache in the slots and one or two of the bytes: that is what it costs, 40 to 60 ns.
 */

/** A sender that forges collisions gets misses, which cost what a first occurrence costs, not long searches. */
const longestProbe = 8
/** Longer ones are seldom equal, and are not worth keeping twice. */
const longestKey = 2048
const firstSlots = 1024

/** Differs from process to process, so that collisions cannot be prepared. */
const seed = (Math.random() * 0x1_0000_0000) | 0

export class ByteTable {
  #slots = emptySlots(firstSlots)
  #count = 0
  #bytes = Buffer.allocUnsafeSlow(32 * 1024)
  #view = new DataView(this.#bytes.buffer)
  #length = 0
  /** Of the last search. */
  #hash = 0

  /** Bytes that the table takes. */
  get size(): number {
    return this.#bytes.length + this.#slots.byteLength
  }

  /** What was added for the bytes in [start, end) of `view`; -1 when nothing was. */
  find(view: DataView, start: number, end: number): number {
    const length = end - start
    const hash = hashOf(view, start, end)
    this.#hash = hash
    const slots = this.#slots
    const mask = slots.length - 1
    let at = (hash << 2) & mask
    for (let probe = 0; probe < longestProbe; probe++) {
      const known = slots[at + 2]!
      if (known === -1) return -1
      if (slots[at] === hash && known === length && this.#isAt(slots[at + 1]!, view, start, end)) {
        return slots[at + 3]!
      }
      at = (at + 4) & mask
    }
    return -1
  }

  /** Remembers `value`, below 2³¹, for the bytes that `find` was just asked for and did not find. */
  add(view: DataView, start: number, end: number, value: number): void {
    const length = end - start
    if (length > longestKey) return
    if (this.#count * 8 >= this.#slots.length) this.#grow()
    if (!place(this.#slots, this.#hash, this.#length, length, value)) return
    if (this.#length + length > this.#bytes.length) this.#growBytes(length)
    this.#bytes.set(new Uint8Array(view.buffer, view.byteOffset + start, length), this.#length)
    this.#count++
    this.#length += length
  }

  #isAt(at: number, view: DataView, start: number, end: number): boolean {
    const own = this.#view
    let position = start
    let other = at
    for (; position + 4 <= end; position += 4, other += 4) {
      if (view.getInt32(position, true) !== own.getInt32(other, true)) return false
    }
    for (; position < end; position++, other++) {
      if (view.getUint8(position) !== own.getUint8(other)) return false
    }
    return true
  }

  /** Twice the slots, so that no more than half are taken. */
  #grow(): void {
    const old = this.#slots
    const slots = emptySlots(old.length / 2)
    for (let at = 0; at < old.length; at += 4) {
      if (old[at + 2] !== -1) place(slots, old[at]!, old[at + 1]!, old[at + 2]!, old[at + 3]!)
    }
    this.#slots = slots
  }

  #growBytes(length: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#length + length))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
    this.#view = new DataView(larger.buffer)
  }
}

function emptySlots(count: number): Int32Array {
  return new Int32Array(count * 4).fill(-1)
}

/** False when the places where a search would look are taken. */
function place(slots: Int32Array, hash: number, start: number, length: number, value: number): boolean {
  const mask = slots.length - 1
  let at = (hash << 2) & mask
  for (let probe = 0; probe < longestProbe; probe++) {
    if (slots[at + 2] === -1) {
      slots[at] = hash
      slots[at + 1] = start
      slots[at + 2] = length
      slots[at + 3] = value
      return true
    }
    at = (at + 4) & mask
  }
  return false
}

function hashOf(view: DataView, start: number, end: number): number {
  let hash = seed ^ (end - start)
  let at = start
  for (; at + 4 <= end; at += 4) {
    hash = Math.imul(hash ^ view.getInt32(at, true), 0x85ebca6b)
    hash ^= hash >>> 15
  }
  let rest = 0
  for (; at < end; at++) rest = (rest << 8) | view.getUint8(at)
  hash = Math.imul(hash ^ rest, 0xc2b2ae35)
  hash ^= hash >>> 13
  hash = Math.imul(hash, 0x9e3779b1)
  return hash ^ (hash >>> 16)
}
