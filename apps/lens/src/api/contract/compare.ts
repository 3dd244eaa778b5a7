/**
 * Comparison of two cohorts: GET /api/lens/compare. Of the traces (or spans) that a search finds, some are selected, such as the slow ones;
 * which values do they have more often than the rest? docs/lens-analysis.md says how it is counted and tested.
 */

import type { SearchQuery } from './search.ts'

/**
 * The fields of a search, which say what is compared, and how it is split. `limit` counts values: 1 to 1000, default 50.
 *
 * `duration`: members of `threshold` or longer, against the shorter ones. `error`: failed ones, against the others. `selection`: those within a
 * rectangle of time and duration, against those outside of it. `filter`: what the search finds, against what another search finds and this
 * one does not. That other search is this one with the fields that are given as `other.tenant`, `other.query`, `other.start` and
 * so on; one that is given empty (`other.user=`) is taken back.
 *
 * A trace's duration, failure and begin are those of its matching spans, as in a search: of the longest, of any, of the first.
 */
export interface CompareQuery extends SearchQuery {
  readonly split: 'duration' | 'error' | 'selection' | 'filter'
  /** What is counted. Default `traces`, each of which has the values of all its spans in the time range (and of the tenant, if one is given). */
  readonly unit?: 'traces' | 'spans'
  /** For `duration`, as `150ms`, `1.5s`. */
  readonly threshold?: string
  /** For `selection`: Unix milliseconds, both inclusive. */
  readonly selectStart?: number
  readonly selectEnd?: number
  /** For `selection`: durations, both inclusive; without one, there is no bound on that side. */
  readonly selectMinDuration?: string
  readonly selectMaxDuration?: string
}

export interface CompareResponse {
  readonly unit: 'traces' | 'spans'
  readonly selected: Cohort
  readonly rest: Cohort
  /** True when the values of all members were read; else counts are of the samples, and shares estimates. */
  readonly exact: boolean
  /** More frequent among the selected; the most significant first. */
  readonly values: readonly ComparedValue[]
  /** How many there are of those, of which `values` shows the first. */
  readonly total: number
  /** How many values were tested (each that is on two members or more), which is what `falseDiscoveryRate` corrects for. */
  readonly tests: number
  /** Keys left out because their values tell members apart, as a request's id does. */
  readonly identities: readonly ComparedKey[]
  /** Keys with many values, of which only those that differ most between the cohorts are considered for `values`. */
  readonly shortened: readonly ComparedKey[]
  /** True when there are so many keys that values were left out that differ less than those considered. */
  readonly truncated: boolean
}

export interface Cohort {
  /** Members, exactly. */
  readonly total: number
  /** Members whose values were read: all, or a sample of some 3,000 in which each has the same chance. */
  readonly sampled: number
}

export interface ComparedValue {
  readonly source: ComparedSource
  /** For `field`: `tenant`, `user`, `service`, `operation`, `kind` or `status`; for `event`: `name` or `exception.type`. */
  readonly key: string
  /** The first 1,000 characters. */
  readonly value: string
  readonly valueTruncated: boolean
  /** For numeric keys of more than 20 values, which are compared by ranges: from `from`, inclusive, to `to`, exclusive; null for other values. */
  readonly range: { readonly from: number; readonly to: number } | null
  /** Members that have the value, of `Cohort.sampled`. */
  readonly selectedCount: number
  readonly restCount: number
  /** 0 to 1. */
  readonly selectedShare: number
  readonly restShare: number
  /** selectedShare / restShare; null where no member of the rest has the value. */
  readonly lift: number | null
  /** Two-sided. 0 where it is below 5e-324. */
  readonly pValue: number
  /** Log-likelihood ratio, or Fisher's exact test where a count of less than 5 is expected. */
  readonly test: 'g' | 'fisher'
  /** Benjamini-Hochberg: of the values with this rate or a smaller one, this share is expected to be chance. 0.05 is a usual bound. */
  readonly falseDiscoveryRate: number
}

export type ComparedSource = 'field' | 'attribute' | 'resource' | 'event'

export interface ComparedKey {
  readonly source: ComparedSource
  readonly key: string
  /** How many different ones were seen. */
  readonly values: number
}
