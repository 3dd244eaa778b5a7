/**
 * Keys and values of attributes as the indexes know them: all that there are in the parts of a range of time, however rare. What a sample of the spans has not seen
 * is completed from here.
 */

import { attributePrefix } from '../store/attribute-token.ts'
import { type QueryOptions, type StoreEngine, StoreUnavailableError } from '../store/engine.ts'
import { headSql, isKeySql, valueSql } from './attribute-sql.ts'
import type { AttributeField } from './attributes.ts'
import { Binder, type TokenOwner } from './binder.ts'
import type { TraceFilter } from './filter.ts'
import { partsOf, tokenOwners, tokensOfIndex } from './token-index.ts'

const limits = { seconds: 2, memoryBytes: 256 * 1024 * 1024, resultRows: 10_000 }

/** What nobody can read is not offered. */
const longestValue = 4_096

/** Most frequent first, with `prefix` in any case; undefined where the indexes cannot be read. */
export async function valuesInIndex(
  engine: StoreEngine,
  filter: TraceFilter,
  { of, key }: AttributeField,
  prefix: string,
  limit: number,
  options?: QueryOptions,
): Promise<readonly string[] | undefined> {
  const binder = new Binder(engine, 'value')
  const keyPrefix = binder.bind('String', attributePrefix(key))
  const owners = tokenOwners.filter((owner) => of === 'any' || of === owner)
  const found = await read<{ value: string }>(engine, filter, options, binder, (isInside) => {
    const values = owners.map(
      (owner) => `SELECT ${valueSql(keyPrefix)} AS value, cardinality FROM ${tokensOfIndex(owner)}
        WHERE ${isInside} AND ${isKeySql(keyPrefix)} AND length(token) <= ${longestValue}`,
    )
    return `SELECT value FROM (${values.join(' UNION ALL ')})
      WHERE value != '' AND startsWith(lowerUTF8(value), lowerUTF8(${binder.bind('String', prefix)}))
      GROUP BY value ORDER BY sum(cardinality) DESC, value LIMIT ${limit}`
  })
  return found?.map(({ value }) => value)
}

export interface IndexedKey {
  readonly owner: TokenOwner
  /** As `decodeHead` takes it. */
  readonly head: string
}

/** The same of keys, which begin with `prefix` as it is written. */
export async function keysInIndex(
  engine: StoreEngine,
  filter: TraceFilter,
  prefix: string,
  limit: number,
  options?: QueryOptions,
): Promise<readonly IndexedKey[] | undefined> {
  const binder = new Binder(engine, 'key')
  const begins = `startsWith(token, ${binder.bind('String', prefix)})`
  return read<IndexedKey>(engine, filter, options, binder, (isInside) => {
    // An event's first string is no token.
    const heads = tokenOwners.map(
      (owner) => `SELECT '${owner}' AS owner, ${headSql} AS head, cardinality FROM ${tokensOfIndex(owner)}
        WHERE ${isInside} AND ${begins} AND position(token, ':') > 0`,
    )
    return `SELECT owner, head FROM (${heads.join(' UNION ALL ')})
      GROUP BY owner, head ORDER BY sum(cardinality) DESC, head, owner LIMIT ${limit}`
  })
}

async function read<Row>(
  engine: StoreEngine,
  filter: TraceFilter,
  options: QueryOptions | undefined,
  { parameters }: Binder,
  statement: (isInside: string) => string,
): Promise<readonly Row[] | undefined> {
  if (engine.indexedParts === undefined) return undefined
  const limited = { ...options, limits }
  try {
    const { outside } = await partsOf(engine, engine.indexedParts, filter, limited)
    const text = statement('part_name NOT IN {outside:Array(String)}')
    return (await engine.query<Row>(text, { ...parameters, outside }, limited)).rows
  } catch (error) {
    options?.signal?.throwIfAborted()
    if (error instanceof StoreUnavailableError) throw error
    return undefined
  }
}
