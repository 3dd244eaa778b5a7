/**
 * Whether the process is short of memory: its heap nine tenths full of what is in use, or the container nine tenths full. Spans that would
 * have to wait are shed then, before the application suffers. Asked by the queue, once per batch that would; looks at most ten times a
 * second, for 20 µs.
 */
import { totalmem } from 'node:os'
import { constants, PerformanceObserver } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import { oldGenerationLimit } from './heap-limit.ts'
import { outside } from './outside.ts'

const full = 0.9
/** It is over when there is room again, not at the first byte below. */
const roomy = 0.85
const lookEveryMs = 100

export class MemoryGuard {
  #lookedAt = Number.NEGATIVE_INFINITY
  #heapIsShort = false
  #containerIsShort = false
  #collections: PerformanceObserver | undefined

  isShort(): boolean {
    const now = performance.now()
    if (now - this.#lookedAt >= lookEveryMs) {
      this.#lookedAt = now
      this.#lookAtHeap()
      this.#containerIsShort = containerUse() >= (this.#containerIsShort ? roomy : full)
    }
    return this.#heapIsShort || this.#containerIsShort
  }

  /** A heap full of garbage is healthy: V8 lets it grow before it collects. Full after a collection is short. */
  #lookAtHeap(): void {
    const use = heapUse()
    if (use < roomy) this.#relax()
    else if (use >= full) this.#watch()
  }

  #watch(): void {
    if (this.#collections !== undefined) return
    this.#collections = outside(
      () =>
        new PerformanceObserver((list) => {
          const major = list
            .getEntries()
            .some((entry) => (entry as GcEntry).detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR)
          if (major) this.#heapIsShort = heapUse() >= full
        }),
    )
    this.#collections.observe({ entryTypes: ['gc'] })
  }

  #relax(): void {
    this.#heapIsShort = false
    this.#collections?.disconnect()
    this.#collections = undefined
  }
}

interface GcEntry extends PerformanceEntry {
  readonly detail: { readonly kind: number }
}

let heapLimit: number | undefined

function heapUse(): number {
  heapLimit ??= oldGenerationLimit()
  return getHeapStatistics().used_heap_size / heapLimit
}

/** Bytes; undefined outside of containers, for which Node says 0 or more than the machine has. */
let containerLimit: number | undefined | 'unknown' = 'unknown'

function containerUse(): number {
  if (containerLimit === 'unknown') {
    const limit = process.constrainedMemory()
    containerLimit = limit > 0 && limit < totalmem() ? limit : undefined
  }
  return containerLimit === undefined ? 0 : process.memoryUsage.rss() / containerLimit
}
