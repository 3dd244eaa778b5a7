/** Values that stand out, for a reader: those that come in the same numbers stand together, and those that may be chance are told apart. The page Why? draws them. */
import type { ComparedValue } from 'rustok-lens/contract'
import { certaintyOf } from './compared-value.ts'

/** The one that tells most stands for all: they are on as many of the selected, and as many of the others, as it is. */
export interface ValueGroup {
  readonly first: ComparedValue
  readonly alike: readonly ComparedValue[]
}

export interface RankedValues {
  readonly certain: readonly ValueGroup[]
  readonly uncertain: readonly ValueGroup[]
}

/** What says why rather than what, the plainest first: an exception explains more than the ROLLBACK that follows it. */
const TELLING: readonly RegExp[] = [
  /^exception\.type$/,
  /^error\.type$/,
  /^(http\.response\.status_code|rpc\..*status_code|db\.response\.status_code)$/,
  /^(tenant|user|tenant_id|user_id)$/,
  /version|flag|variant|release|deploy/,
  /^(http\.route|graphql\.operation\.name|messaging\.destination\.name)$/,
  /^service$|^service\.name$/,
  /^operation$/,
]

function rankOf({ key }: ComparedValue): number {
  const rank = TELLING.findIndex((pattern) => pattern.test(key))
  return rank === -1 ? TELLING.length : rank
}

/** In the order that they come in. */
export function rankedValues(values: readonly ComparedValue[]): RankedValues {
  const groups = new Map<string, { first: ComparedValue; alike: ComparedValue[] }>()
  for (const value of values) {
    const counts = `${value.selectedCount} ${value.restCount}`
    const group = groups.get(counts)
    if (group === undefined) groups.set(counts, { first: value, alike: [] })
    else if (rankOf(value) < rankOf(group.first)) {
      group.alike.unshift(group.first)
      group.first = value
    } else group.alike.push(value)
  }
  const all = [...groups.values()]
  return {
    certain: all.filter(({ first }) => certaintyOf(first).isCertain),
    uncertain: all.filter(({ first }) => !certaintyOf(first).isCertain),
  }
}
