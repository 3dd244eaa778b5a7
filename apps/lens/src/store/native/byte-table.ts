/**
 * Numbers byte strings that come again and again, by their bytes: what an attribute looked like on the wire finds the token that was made
 * of it, without reading the attribute. One table serves one block, so that it cannot outgrow it.
 *
 *   slot = hash of the bytes   slots  [ 0 ][ 7 ][ 3 ][ 0 ] …      entry + 1, 0 for none; a search looks at `longestProbe` slots at most
 *   entry                      hashes, starts, lengths, values    the bytes lie in one buffer, one after the other
 */

/** A sender that forges collisions gets misses, which cost what a first occurrence costs, not long searches. */
const longestProbe = 8
/** Longer ones are seldom equal, and are not worth keeping twice. */
const longestKey = 2048

/** Differs from process to process, so that collisions cannot be prepared. */
const seed = (Math.random() * 0x1_0000_0000) | 0

export class ByteTable {
  #slots = new Int32Array(1024)
  #hashes = new Int32Array(512)
  #starts = new Uint32Array(512)
  #lengths = new Int32Array(512)
  #values = new Uint32Array(512)
  #count = 0
  #bytes = Buffer.allocUnsafeSlow(32 * 1024)
  #view = new DataView(this.#bytes.buffer)
  #length = 0
  /** Of the last search. */
  #hash = 0

  /** Bytes that the table holds on to. */
  get size(): number {
    return this.#length + this.#count * 24
  }

  /** What was added for the bytes in [start, end) of `view`; -1 when nothing was. */
  find(view: DataView, start: number, end: number): number {
    const length = end - start
    const hash = hashOf(view, start, end)
    this.#hash = hash
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = hash & mask, probe = 0; probe < longestProbe; slot = (slot + 1) & mask, probe++) {
      const entry = slots[slot]! - 1
      if (entry < 0) return -1
      if (this.#hashes[entry] === hash && this.#lengths[entry] === length) {
        if (this.#isAt(this.#starts[entry]!, view, start, end)) return this.#values[entry]!
      }
    }
    return -1
  }

  /** Remembers `value` for the bytes that `find` was just asked for and did not find. */
  add(view: DataView, start: number, end: number, value: number): void {
    const length = end - start
    if (length > longestKey) return
    if (this.#count === this.#hashes.length) this.#grow()
    if (!this.#place(this.#count, this.#hash)) return
    if (this.#length + length > this.#bytes.length) this.#growBytes(length)
    this.#bytes.set(new Uint8Array(view.buffer, view.byteOffset + start, length), this.#length)
    this.#hashes[this.#count] = this.#hash
    this.#starts[this.#count] = this.#length
    this.#lengths[this.#count] = length
    this.#values[this.#count] = value
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

  /** False when the places where a search would look are taken. */
  #place(entry: number, hash: number): boolean {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = hash & mask, probe = 0; probe < longestProbe; slot = (slot + 1) & mask, probe++) {
      if (slots[slot] === 0) {
        slots[slot] = entry + 1
        return true
      }
    }
    return false
  }

  /** Twice the entries, and slots so that no more than half are taken. */
  #grow(): void {
    const size = this.#hashes.length * 2
    this.#hashes = doubled(this.#hashes)
    this.#lengths = doubled(this.#lengths)
    this.#starts = doubled(this.#starts)
    this.#values = doubled(this.#values)
    this.#slots = new Int32Array(size * 2)
    for (let entry = 0; entry < this.#count; entry++) this.#place(entry, this.#hashes[entry]!)
  }

  #growBytes(length: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#length + length))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
    this.#view = new DataView(larger.buffer)
  }
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

function doubled<Values extends Int32Array | Uint32Array>(values: Values): Values {
  const Type = values.constructor as new (length: number) => Values
  const larger = new Type(values.length * 2)
  larger.set(values)
  return larger
}
