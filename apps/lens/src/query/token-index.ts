/**
 * The indexes of attributes themselves: which parts of `spans` lie in a range of time, and which of them have an index to be read. It holds every token of a part once, sorted,
 * with how many rows have it. docs/adr/0017-conditions-by-tokens.md says why it is read.
 */

import type { QueryOptions, StoreEngine } from '../store/engine.ts'
import type { IndexedParts } from '../store/indexed-parts.ts'
import type { TokenOwner } from './binder.ts'
import { type TraceFilter, timeRange } from './filter.ts'

export const tokenOwners = ['span', 'event'] as const satisfies readonly TokenOwner[]

/** Of an owner, and the column that it is of. */
export const tokenIndexes = {
  span: { name: 'attribute_tokens', column: 'attributes' },
  event: { name: 'event_tokens', column: 'arrayFlatten(events)' },
} as const satisfies Record<TokenOwner, unknown>

/** Rows of (part_name, token, cardinality), to be read FROM. */
export function tokensOfIndex(owner: TokenOwner): string {
  return `mergeTreeTextIndex(currentDatabase(), 'spans', '${tokenIndexes[owner].name}')`
}

/** Of `spans`. */
const granule = 2_048

export interface Parts {
  /** In which nothing of the time range is. */
  readonly outside: readonly string[]
  /** Of which the indexes tell all. */
  readonly indexed: readonly string[]
  /** Rows of the others, at most. */
  readonly unindexed: number
}

/** Rejects with what the engine says where it cannot show its indexes. */
export async function partsOf(
  engine: StoreEngine,
  known: IndexedParts,
  { from, to }: Pick<TraceFilter, 'from' | 'to'>,
  options: QueryOptions,
): Promise<Parts> {
  const { rows: parts } = await engine.query<{ name: string; granules: string }>(
    `SELECT part_name AS name, toUInt64(arraySum(range -> range.2 - range.1, ranges)) AS granules
     FROM mergeTreeAnalyzeIndexes(currentDatabase(), 'spans', ${timeRange})`,
    { from, to },
    options,
  )
  known.keep(new Set(parts.map(({ name }) => name)))
  const inside = parts.filter(({ granules }) => granules !== '0')
  const unseen = inside.filter(({ name }) => !known.has(name)).map(({ name }) => name)
  if (unseen.length > 0) {
    const { rows: found } = await engine.query<{ name: string }>(
      `SELECT DISTINCT part_name AS name FROM ${tokensOfIndex('span')} WHERE part_name IN {unseen:Array(String)}`,
      { unseen },
      options,
    )
    known.add(found.map(({ name }) => name))
  }
  const indexed = inside.filter(({ name }) => known.has(name))
  const others = inside.filter(({ name }) => !known.has(name))
  return {
    outside: parts.filter(({ granules }) => granules === '0').map(({ name }) => name),
    indexed: indexed.map(({ name }) => name),
    unindexed: others.reduce((sum, { granules }) => sum + Number(granules), 0) * granule,
  }
}
