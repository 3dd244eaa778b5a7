/**
 * The memory of spans that wait for their trace's decision: pages of a fixed size outside the JavaScript heap, chained per trace.
 *
 *   trace ─▶ page ─▶ page ─▶ page       an entry: [tag][bytes] span, running on
 *                                                  from one page into the next
 *
 * Pages cost a trace half of one on average, so they are small; what a trace gives back is used by the next one without being cleared.
 */

/** 1 KiB: two or three spans. */
const pageBytes = 1024
/** Memory is taken from the system by the MiB, when it is first needed. */
const slabPages = 1024
const slabShift = 10
/** Slabs that stay when nothing waits any more; a burst's others are let go. */
const maxIdleSlabs = 4
/** What `append` wants free in front of a span, for the entry's head. */
export const headBytes = 8
const head = Buffer.alloc(headBytes)

/** Entries in the order in which they were added; empty when `first` is negative. */
export class PageChain {
  first = -1
  last = -1
  /** Bytes in the last page. */
  used = 0
  entries = 0
}

export class PagePool {
  readonly #pages: number
  /** The page behind each in its chain, or in the list of free ones. */
  readonly #next: Int32Array
  #slabs: Buffer[] = []
  #free = -1
  /** Pages from here on were never used. */
  #fresh = 0
  #inUse = 0

  constructor(bytes: number) {
    this.#pages = Math.max(1, Math.floor(bytes / pageBytes))
    this.#next = new Int32Array(this.#pages)
  }

  get bytesInUse(): number {
    return this.#inUse * pageBytes
  }

  /** Whether an entry of this size could ever be held. */
  holds(size: number): boolean {
    return headBytes + size <= this.#pages * pageBytes
  }

  /** Adds the entry whose span stands in `source` behind `headBytes` that are left free; false when there is no room for it. */
  append(chain: PageChain, tag: number, size: number, source: Buffer): boolean {
    const total = headBytes + size
    const room = chain.first < 0 ? 0 : pageBytes - chain.used
    if (total > room && Math.ceil((total - room) / pageBytes) > this.#pages - this.#inUse) return false
    source.writeInt32LE(tag, 0)
    source.writeInt32LE(size, 4)
    let from = 0
    while (from < total) {
      if (chain.first < 0 || chain.used === pageBytes) this.#extend(chain)
      const count = Math.min(total - from, pageBytes - chain.used)
      const to = (chain.last & (slabPages - 1)) * pageBytes + chain.used
      source.copy(this.#slabs[chain.last >>> slabShift]!, to, from, from + count)
      from += count
      chain.used += count
    }
    chain.entries++
    return true
  }

  /** Reads the spans of a chain, each into memory that `room(bytes)` gives, and calls `visit` with its tag and its size in bytes. */
  read(chain: PageChain, room: (bytes: number) => Buffer, visit: (tag: number, size: number) => void): void {
    let page = chain.first
    let offset = 0
    const copy = (target: Buffer, size: number): void => {
      let to = 0
      while (to < size) {
        if (offset === pageBytes) {
          page = this.#next[page]!
          offset = 0
        }
        const from = (page & (slabPages - 1)) * pageBytes + offset
        const count = Math.min(size - to, pageBytes - offset)
        this.#slabs[page >>> slabShift]!.copy(target, to, from, from + count)
        to += count
        offset += count
      }
    }
    for (let i = 0; i < chain.entries; i++) {
      copy(head, headBytes)
      const tag = head.readInt32LE(0)
      const size = head.readInt32LE(4)
      copy(room(size), size)
      visit(tag, size)
    }
  }

  /** Takes the pages of a chain back. */
  release(chain: PageChain): void {
    if (chain.first < 0) return
    let count = 1
    for (let page = chain.first; page !== chain.last; page = this.#next[page]!) count++
    this.#next[chain.last] = this.#free
    this.#free = chain.first
    this.#inUse -= count
    chain.first = -1
    chain.last = -1
    chain.used = 0
    chain.entries = 0
    if (this.#inUse === 0 && this.#slabs.length > maxIdleSlabs) {
      this.#slabs.length = maxIdleSlabs
      this.#free = -1
      this.#fresh = 0
    }
  }

  #extend(chain: PageChain): void {
    const page = this.#take()
    if (chain.first < 0) chain.first = page
    else this.#next[chain.last] = page
    chain.last = page
    chain.used = 0
  }

  #take(): number {
    this.#inUse++
    const page = this.#free
    if (page >= 0) {
      this.#free = this.#next[page]!
      return page
    }
    const fresh = this.#fresh++
    if (fresh >>> slabShift === this.#slabs.length) {
      const pages = Math.min(slabPages, this.#pages - fresh)
      this.#slabs.push(Buffer.allocUnsafeSlow(pages * pageBytes))
    }
    return fresh
  }
}
