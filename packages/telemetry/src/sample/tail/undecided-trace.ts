/** A trace whose local roots have not all ended, with what is known of it and the pages of its ended spans. */
import { PageChain } from './page-pool.ts'
import type { TraceFacts } from './policy.ts'

export class UndecidedTrace extends PageChain implements TraceFacts {
  readonly id0: number
  readonly id1: number
  readonly id2: number
  readonly id3: number
  randomHigh: number
  randomLow: number
  /** Whether the head keeps every trace like this one: a probability of 1 that its spans need not say. */
  certain = false
  failed = false
  slow = false
  tenant: string | undefined = undefined
  openRoots = 0
  /** Milliseconds of the monotonic clock. */
  readonly openedAt = performance.now()
  older: UndecidedTrace | undefined = undefined
  newer: UndecidedTrace | undefined = undefined

  constructor(id0: number, id1: number, id2: number, id3: number) {
    super()
    this.id0 = id0
    this.id1 = id1
    this.id2 = id2
    this.id3 = id3
    this.randomHigh = id2
    this.randomLow = id3
  }
}
