/**
 * Compares two cohorts of traces or spans: which values are on more of the selected members than of the rest, most significant first.
 *
 * Sizes are counted over all that the filter selects. Values are read of all members of a cohort when it is small, else of a sample of them:
 * those whose id hashes below a threshold, the same ones each time, so that each member has the same chance, whole traces are in or
 * out, and what is read does not grow with the store.
 */

import type { QueryOptions, StoreEngine } from '../../store/engine.ts'
import type { TraceFilter } from '../filter.ts'
import { type CohortsSql, type ComparedUnit, cohortsSql, type Split } from './cohorts.ts'
import { falseDiscoveryRates, type Significance, significance } from './significance.ts'
import { type ValueRow, type ValuesSqlParameters, valuesSql } from './values-sql.ts'

export interface Comparison {
  readonly selected: CohortSize
  readonly rest: CohortSize
  /** More frequent among the selected, most significant first. */
  readonly values: readonly ComparedValue[]
  /** Of which `values` shows the first. */
  readonly overRepresented: number
  /** How many values were tested, over- and under-represented ones. */
  readonly tests: number
  readonly identities: readonly KeyOfValues[]
  /** Keys with more values than were tested, by the number of their values. */
  readonly shortened: readonly KeyOfValues[]
  /** There were more values, of all keys, than are compared. */
  readonly truncated: boolean
}

export interface CohortSize {
  readonly total: number
  /** Members whose values were read: `total`, or fewer in a sample. */
  readonly sampled: number
}

export interface ComparedValue extends Significance {
  readonly source: ValueSource
  readonly key: string
  readonly value: string
  readonly isCut: boolean
  readonly range: NumberRange | undefined
  readonly selected: number
  readonly rest: number
  readonly falseDiscoveryRate: number
}

export type ValueSource = 'field' | 'attribute' | 'resource' | 'event'

/** From the first to below the second; negative numbers and zero likewise by their distance from zero. */
export interface NumberRange {
  readonly from: number
  readonly to: number
}

export interface KeyOfValues {
  readonly source: ValueSource
  readonly key: string
  readonly values: number
}

export interface CompareOptions extends QueryOptions {
  readonly unit: ComparedUnit
  /** Values that are returned. */
  readonly limit: number
  /** Members of a cohort whose values are read, about. */
  readonly sample?: number
}

/**
 * Enough for shares to be within 1.8 points of the whole's (95%), and for a value on a hundredth of the members to be seen thirty times. A trace
 * has some 70 values, of 2 µs each.
 */
const defaultSample = 3_000

const limits = {
  valuesPerKey: 50,
  mostValues: 5_000,
  mostExactNumbers: 20,
  fewestIdentities: 10,
  longestValue: 1_000,
} as const satisfies Partial<ValuesSqlParameters>

export async function compareCohorts(
  engine: StoreEngine,
  filter: TraceFilter,
  split: Split,
  { unit, limit, sample = defaultSample, ...options }: CompareOptions,
): Promise<Comparison> {
  const cohorts = cohortsSql(engine, filter, split, unit)
  const total = await cohortSizes(engine, cohorts, unit, options)
  const sampling = sampleOf(total, unit, sample)
  const { rows, rowsBeforeLimit } = await engine.query<ValueRow>(
    valuesSql({ unit, members: sampling.members(cohorts), where: `${cohorts.where}${sampling.rows}` }),
    {
      ...cohorts.parameters,
      ...sampling.parameters,
      ...limits,
      selectedSize: Math.max(1, Math.min(total.selected, sample)),
      restSize: Math.max(1, Math.min(total.rest, sample)),
    },
    options,
  )
  const telling = rows.filter((row) => !isSplit(row, split))
  return comparison(telling, total, limit, rowsBeforeLimit > rows.length)
}

/** That the failed ones failed is no finding. */
function isSplit({ source, name }: ValueRow, { by }: Split): boolean {
  return by === 'error' && source === 'f' && name === 'status'
}

interface Sizes {
  readonly selected: number
  readonly rest: number
}

async function cohortSizes(
  engine: StoreEngine,
  { members, parameters }: CohortsSql,
  unit: ComparedUnit,
  options: QueryOptions,
): Promise<Sizes> {
  const count = unit === 'traces' ? 'count()' : 'uniqExact(cityHash64(trace_id, span_id))'
  const { rows } = await engine.query<{ selected: number; members: string }>(
    `SELECT selected, ${count} AS members FROM (${members()}) GROUP BY selected`,
    parameters,
    options,
  )
  const size = (cohort: number) => Number(rows.find(({ selected }) => selected === cohort)?.members ?? 0)
  return { selected: size(1), rest: size(0) }
}

interface Sampling {
  readonly members: (cohorts: CohortsSql) => string
  /** A condition that all members' rows satisfy, with its AND: cheaper than looking each row up among the members. */
  readonly rows: string
  readonly parameters: Readonly<Record<string, bigint>>
}

function sampleOf(total: Sizes, unit: ComparedUnit, sample: number): Sampling {
  if (total.selected <= sample && total.rest <= sample) {
    return { members: ({ members }) => members(), rows: '', parameters: {} }
  }
  const hash = unit === 'traces' ? 'cityHash64(trace_id)' : 'cityHash64(trace_id, span_id)'
  const selectedBelow = threshold(total.selected, sample)
  const restBelow = threshold(total.rest, sample)
  const rows = ` AND ${hash} <= {anyBelow:UInt64}`
  return {
    members: ({ members }) => `SELECT * FROM (${members(rows)})
      WHERE ${hash} <= if(selected, {selectedBelow:UInt64}, {restBelow:UInt64})`,
    rows,
    parameters: {
      selectedBelow,
      restBelow,
      anyBelow: selectedBelow > restBelow ? selectedBelow : restBelow,
    },
  }
}

function threshold(size: number, sample: number): bigint {
  const everything = 2n ** 64n - 1n
  return size <= sample ? everything : (everything * BigInt(sample)) / BigInt(size)
}

function comparison(rows: readonly ValueRow[], total: Sizes, limit: number, truncated: boolean): Comparison {
  const members = rows.find(({ source }) => source === 'm')
  const sampled = { selected: Number(members?.selected ?? 0), rest: Number(members?.rest ?? 0) }
  const tests = Number(members?.tests ?? 0)
  const tested = rows
    .filter(({ source, isIdentity }) => source !== 'm' && isIdentity === 0)
    .map((row) => testedValue(row, sampled))
    .sort((a, b) => a.logP - b.logP)
  const rates = falseDiscoveryRates(
    tested.map(({ logP }) => logP),
    tests,
  )
  const overRepresented = tested
    .map((value, index) => ({ ...value, falseDiscoveryRate: rates[index] ?? 1 }))
    .filter(({ selected, rest }) => selected * sampled.rest > rest * sampled.selected)
  return {
    selected: { total: total.selected, sampled: sampled.selected },
    rest: { total: total.rest, sampled: sampled.rest },
    values: overRepresented.slice(0, limit),
    overRepresented: overRepresented.length,
    tests,
    identities: rows.filter(({ isIdentity }) => isIdentity === 1).map(keyOf),
    shortened: shortenedKeys(rows),
    truncated,
  }
}

function testedValue(row: ValueRow, sizes: Sizes): Omit<ComparedValue, 'falseDiscoveryRate'> {
  const counts = { selected: Number(row.selected), rest: Number(row.rest) }
  const { source, key } = keyOf(row)
  return {
    source,
    key,
    value: row.value,
    isCut: row.isCut === 1,
    range: row.type === 'n' ? rangeOf(row.value) : undefined,
    ...counts,
    ...significance(counts, sizes),
  }
}

function shortenedKeys(rows: readonly ValueRow[]): KeyOfValues[] {
  const keys = Map.groupBy(
    rows.filter(({ source, isIdentity }) => source !== 'm' && isIdentity === 0),
    ({ source, name }) => source + name,
  )
  return [...keys.values()].flatMap((values) => {
    const [first] = values
    return first !== undefined &&
      values.length === limits.valuesPerKey &&
      Number(first.values) > values.length
      ? [keyOf(first)]
      : []
  })
}

function keyOf({ source, name, values }: ValueRow): KeyOfValues {
  return {
    source: sources[source as keyof typeof sources],
    key: name.includes('\\') ? name.replace(/\\(.)/g, '$1') : name,
    values: Number(values),
  }
}

const sources = { f: 'field', a: 'attribute', r: 'resource', e: 'event' } as const

/** `2e3` stands for the numbers from 2000 to below 5000, `-2e3` for those from -2000 to above -5000. */
function rangeOf(text: string): NumberRange {
  if (text === '0') return { from: 0, to: 0 }
  const [, sign = '', digit = '1', exponent = '0'] = /^(-?)([125])e(-?\d+)$/.exec(text) ?? []
  const next = { 1: '2', 2: '5', 5: '10' }[digit]
  return { from: Number(`${sign}${digit}e${exponent}`), to: Number(`${sign}${next}e${exponent}`) }
}
