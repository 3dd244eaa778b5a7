/** What was decided about a trace; shared by all that were decided alike. */
import type { SampledReason } from '../../export/ledger.ts'
import { Threshold } from '../threshold.ts'

export type Outcome = Kept | LetGo

export interface Kept {
  readonly kept: true
  /**
   * What its spans say of the probability that they were kept with: at least this threshold, where the one that they came with is known;
   * `as it is`: chance had no part in it; `unknown`: it depended on what else there was.
   */
  readonly threshold: Threshold | 'as it is' | 'unknown'
}

export interface LetGo {
  readonly kept: false
  readonly reason: SampledReason
}

export const keptAsItIs: Kept = { kept: true, threshold: 'as it is' }
/** For its own sake, whatever its trace id. */
export const keptForSure: Kept = { kept: true, threshold: Threshold.zero }
export const keptBySupply: Kept = { kept: true, threshold: 'unknown' }
export const sampledOut: LetGo = { kept: false, reason: 'tail_sampled' }
export const overBudget: LetGo = { kept: false, reason: 'tenant_budget' }

/** A share of all traces, and what is decided about one that is within it. */
export interface Rate {
  /** Undefined keeps none. */
  readonly threshold: Threshold | undefined
  readonly kept: Kept
}

export function makeRate(share: number): Rate {
  const threshold = Threshold.ofProbability(share)
  return { threshold, kept: { kept: true, threshold: threshold ?? 'unknown' } }
}
