/**
 * The memory of spans that wait for their trace's decision: pages of a fixed size outside the JavaScript heap, chained per trace.
 *
 *   trace ─▶ page ─▶ page ─▶ page       an entry: [tag][bytes] span, in words of four bytes,
 *            entries run on across pages           from one page into the next
 *
 * Pages cost a trace half of one on average, so they are small; what a trace gives back is used by the next one without being cleared.
 */

/** 1 KiB: two or three spans. */
const pageWords = 256
/** Memory is taken from the system by the MiB, when it is first needed. */
const slabPages = 1024
const slabShift = 10
/** Slabs that stay when nothing waits any more; a burst's others are let go. */
const maxIdleSlabs = 4
const headerWords = 2

/** Entries in the order in which they were added; empty when `first` is negative. */
export class PageChain {
  first = -1
  last = -1
  /** Words in the last page. */
  used = 0
  entries = 0
}

export class PagePool {
  readonly #pages: number
  /** The page behind each in its chain, or in the list of free ones. */
  readonly #next: Int32Array
  #slabs: Int32Array[] = []
  #free = -1
  /** Pages from here on were never used. */
  #fresh = 0
  #inUse = 0

  constructor(bytes: number) {
    this.#pages = Math.max(1, Math.floor(bytes / (pageWords * 4)))
    this.#next = new Int32Array(this.#pages)
  }

  get bytesInUse(): number {
    return this.#inUse * pageWords * 4
  }

  /** Of the memory that it holds, in use or not. */
  get bytesHeld(): number {
    return this.#slabs.reduce((sum, { byteLength }) => sum + byteLength, 0)
  }

  /** Whether an entry of this size could ever be held. */
  holds(size: number): boolean {
    return wordsOf(size) <= this.#pages * pageWords
  }

  /** Adds an entry whose bytes stand behind two words that are left free in `source`; false when there is no room for it. */
  append(chain: PageChain, tag: number, size: number, source: Int32Array): boolean {
    const words = wordsOf(size)
    const room = chain.first < 0 ? 0 : pageWords - chain.used
    const pages = Math.ceil(Math.max(0, words - room) / pageWords)
    if (pages > this.#pages - this.#inUse) return false
    source[0] = tag
    source[1] = size
    let from = 0
    while (from < words) {
      if (chain.first < 0 || chain.used === pageWords) this.#extend(chain)
      const slab = this.#slabs[chain.last >>> slabShift]!
      const base = (chain.last & (slabPages - 1)) * pageWords + chain.used
      const count = Math.min(words - from, pageWords - chain.used)
      for (let i = 0; i < count; i++) slab[base + i] = source[from + i]!
      from += count
      chain.used += count
    }
    chain.entries++
    return true
  }

  /** Reads the entries of a chain, each into memory that `room(bytes)` gives, and calls `visit` with its tag and its size in bytes. */
  read(
    chain: PageChain,
    room: (bytes: number) => Int32Array,
    visit: (tag: number, size: number) => void,
  ): void {
    let page = chain.first
    let offset = 0
    const copy = (target: Int32Array, words: number): void => {
      let to = 0
      while (to < words) {
        if (offset === pageWords) {
          page = this.#next[page]!
          offset = 0
        }
        const slab = this.#slabs[page >>> slabShift]!
        const base = (page & (slabPages - 1)) * pageWords + offset
        const count = Math.min(words - to, pageWords - offset)
        for (let i = 0; i < count; i++) target[to + i] = slab[base + i]!
        to += count
        offset += count
      }
    }
    const header = new Int32Array(headerWords)
    for (let i = 0; i < chain.entries; i++) {
      copy(header, headerWords)
      const size = header[1]!
      copy(room(size), wordsOf(size) - headerWords)
      visit(header[0]!, size)
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
      this.#slabs.push(new Int32Array(pages * pageWords))
    }
    return fresh
  }
}

function wordsOf(size: number): number {
  return headerWords + ((size + 3) >>> 2)
}
