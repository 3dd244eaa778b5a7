/**
 * Which attributes spans have, and which values: what a search form completes a query with. To read all attributes of ten million spans
 * takes seconds, so that it looks at whole granules of rows here and there, and says at how many. What is too rare for that the indexes know,
 * of all spans together: without other conditions than a range of time.
 */

import type { AttributeKeysResponse, AttributeValuesResponse, GranuleSample } from '../api/contract.ts'
import type { QueryOptions, QueryParameters, StoreEngine } from '../store/engine.ts'
import { attributeHeadsSql, attributeOwners, attributeValuesSql, decodeHead } from './attribute-sql.ts'
import { Binder } from './binder.ts'
import { countTracesAtMost } from './count-traces.ts'
import { filterSql, isUnfiltered, type TraceFilter } from './filter.ts'
import { type IndexedKey, keysInIndex, valuesInIndex } from './indexed-attributes.ts'
import type { Field } from './language/parse-field.ts'
import { countSpans, spansOfTrace } from './sample.ts'

/** Read within some 50 ms of one core. */
const mostSpans = 60_000
/** So many rows the store reads as a whole. */
const granule = 8192

const mostKeys = 500
const mostValues = 100

export type AttributeField = Extract<Field, { type: 'attribute' }>
export type TextColumn = 'tenant' | 'user' | 'service' | 'name' | 'status_message'

/** `prefix`: in any case. Most frequent first, then those that the sample has not seen and an index knows. */
export async function attributeKeys(
  engine: StoreEngine,
  filter: TraceFilter,
  prefix: string,
  options?: QueryOptions,
): Promise<AttributeKeysResponse> {
  const { rows, parameters, sample } = await granules(engine, filter, options)
  const heads = attributeOwners.map(
    (owner, index) => `arrayMap(head -> (${index}, head), ${attributeHeadsSql(owner)})`,
  )
  const { rows: found } = await engine.query<{ owner: number; head: string; count: string }>(
    `SELECT owner, head, count() AS count
     FROM (SELECT arrayJoin(arrayConcat(${heads.join(', ')})) AS found, found.1 AS owner, found.2 AS head FROM ${rows})
     WHERE startsWith(lowerUTF8(head), lowerUTF8({prefix:String})) GROUP BY owner, head
     ORDER BY count DESC, head, owner LIMIT {limit:UInt32}`,
    { ...parameters, prefix, limit: mostKeys + 1 },
    options,
  )
  const keys: AttributeKeysResponse['keys'] = found.map(({ owner, head, count }) => ({
    of: attributeOwners[owner] ?? 'span',
    ...decodeHead(head),
    count: Number(count),
  }))
  const isComplete = sample.oneIn === 1 || !isUnfiltered(filter)
  // To list all keys of the index, it would be read whole.
  const rare =
    isComplete || prefix === '' || keys.length > mostKeys
      ? []
      : await keysInIndex(engine, filter, prefix, mostKeys + 1, options)
  const all = [...keys, ...(rare ?? []).flatMap((key) => unlessIn(keys, key))]
  const isLeftOut = !isComplete && prefix === '' && engine.indexedParts !== undefined
  return { keys: all.slice(0, mostKeys), truncated: all.length > mostKeys || isLeftOut, sample }
}

function unlessIn(keys: AttributeKeysResponse['keys'], { owner, head }: IndexedKey) {
  const rare = { of: owner, ...decodeHead(head), count: 0 }
  const isIn = keys.some(({ of, key, type }) => of === rare.of && key === rare.key && type === rare.type)
  return isIn ? [] : [rare]
}

/** Of an attribute, in a sample, then those that an index knows besides; of a column, in all rows, as those are read in a moment. Most frequent first. */
export async function attributeValues(
  engine: StoreEngine,
  filter: TraceFilter,
  field: AttributeField | TextColumn,
  prefix: string,
  options?: QueryOptions,
): Promise<AttributeValuesResponse> {
  const binder = new Binder(engine, 'value')
  const { rows, parameters, sample } =
    typeof field === 'string'
      ? await wholeColumn(engine, filter, options)
      : await granules(engine, filter, options)
  const value =
    typeof field === 'string' ? field : `arrayJoin(${attributeValuesSql(field.of, field.key, binder)})`
  const { rows: found } = await engine.query<{ value: string; count: string }>(
    `SELECT value, count() AS count FROM (SELECT ${value} AS value FROM ${rows})
     WHERE value != '' AND startsWith(lowerUTF8(value), lowerUTF8({prefix:String}))
     GROUP BY value ORDER BY count DESC, value LIMIT {limit:UInt32}`,
    { ...parameters, ...binder.parameters, prefix, limit: mostValues + 1 },
    options,
  )
  const values = found.map(({ value, count }) => ({ value, count: Number(count) }))
  const isComplete =
    typeof field === 'string' || sample.oneIn === 1 || values.length > mostValues || !isUnfiltered(filter)
  const rare = isComplete ? [] : await valuesInIndex(engine, filter, field, prefix, mostValues + 1, options)
  const seen = new Set(values.map(({ value }) => value))
  const all = [
    ...values,
    ...(rare ?? []).filter((value) => !seen.has(value)).map((value) => ({ value, count: 0 })),
  ]
  return { values: all.slice(0, mostValues), truncated: all.length > mostValues, sample }
}

interface Rows {
  /** What stands behind FROM. */
  readonly rows: string
  readonly parameters: QueryParameters
  readonly sample: GranuleSample
}

/** Once each, however often it was sent. */
function distinctSpans(where: string): string {
  return `(SELECT * FROM spans WHERE ${where} LIMIT 1 BY trace_id, span_id)`
}

/** To tell spans that were sent twice takes ten times as long as a column does, so that of many they count twice until merges drop them. */
async function wholeColumn(
  engine: StoreEngine,
  filter: TraceFilter,
  options: QueryOptions | undefined,
): Promise<Rows> {
  const { where, parameters } = filterSql(filter, engine)
  const isFew = (await countRows(engine, filter, options)) <= mostSpans
  return { rows: isFew ? distinctSpans(where) : `spans WHERE ${where}`, parameters, sample: { oneIn: 1 } }
}

/** Granules lie by tenant and time: every n-th of them is a cut through both. */
async function granules(
  engine: StoreEngine,
  filter: TraceFilter,
  options: QueryOptions | undefined,
): Promise<Rows> {
  const { where, parameters } = filterSql(filter, engine)
  const oneIn = Math.max(1, Math.floor((await countRows(engine, filter, options)) / mostSpans))
  const part = oneIn === 1 ? '' : ` AND intDiv(_part_offset, ${granule}) % ${oneIn} = 0`
  return { rows: distinctSpans(`${where}${part}`), parameters, sample: { oneIn } }
}

/** A bound where that says enough. */
async function countRows(
  engine: StoreEngine,
  filter: TraceFilter,
  options: QueryOptions | undefined,
): Promise<number> {
  const most = (await countTracesAtMost(engine, filter, options)) * spansOfTrace
  return most <= mostSpans || isUnfiltered(filter) ? most : countSpans(engine, filter, options)
}
