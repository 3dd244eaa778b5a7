/** A CompareQuery from a query string. What is compared is told by the parameters of a search; this adds how it is split. */

import { parseDuration } from '../../duration.ts'
import type { ComparedUnit, Split } from '../../query/compare/cohorts.ts'
import type { TraceFilter } from '../../query/filter.ts'
import type { CompareQuery } from '../contract/compare.ts'
import { badParameter, ProblemError } from '../problem.ts'
import { searchParameters } from '../search-parameters.ts'
import { takeParameters } from './own-parameters.ts'

export interface CompareParameters {
  readonly filter: TraceFilter
  readonly split: Split
  readonly unit: ComparedUnit
  readonly limit: number
}

const ownNames = [
  'split',
  'unit',
  'threshold',
  'selectStart',
  'selectEnd',
  'selectMinDuration',
  'selectMaxDuration',
] as const satisfies readonly (keyof CompareQuery)[]
type Own = Partial<Record<(typeof ownNames)[number], string>>

const otherPrefix = 'other.'
/** Of a JavaScript Date. */
const latestMs = 8.64e15
const longestDuration = 2n ** 63n - 1n

/** Throws ProblemError. `now` is in Unix milliseconds. */
export function compareParameters(query: unknown, now: number): CompareParameters {
  const { own, rest } = takeParameters(query, ownNames)
  const theirs = Object.entries(rest).filter(([name]) => name.startsWith(otherPrefix))
  const ours = Object.fromEntries(Object.entries(rest).filter(([name]) => !name.startsWith(otherPrefix)))
  const { filter, limit } = searchParameters(ours, now)
  if (own.split !== 'filter') {
    const [stray] = theirs
    if (stray !== undefined) throw badParameter(stray[0], 'is for split=filter alone')
    return { filter, limit, unit: unit(own), split: split(own, filter) }
  }
  if (theirs.length === 0) throw badParameter('split', 'filter needs another search, such as other.tenant')
  return { filter, limit, unit: unit(own), split: { by: 'filter', other: otherFilter(ours, theirs, now) } }
}

type Given = Readonly<Record<string, unknown>>

/** What is wrong with a field of the other search is told by the name that it was given by. */
function otherFilter(ours: Given, theirs: readonly (readonly [string, unknown])[], now: number): TraceFilter {
  const changed = Object.fromEntries(theirs.map(([name, value]) => [name.slice(otherPrefix.length), value]))
  try {
    return searchParameters({ ...ours, ...changed }, now).filter
  } catch (error) {
    if (!(error instanceof ProblemError) || !Object.hasOwn(changed, error.problem.parameter ?? ''))
      throw error
    const { parameter, detail } = error.problem
    const names = { parameter: `${otherPrefix}${parameter}`, detail: `${otherPrefix}${detail}` }
    throw new ProblemError({ ...error.problem, ...names })
  }
}

function unit({ unit }: Own): ComparedUnit {
  if (unit === undefined || unit === 'traces') return 'traces'
  if (unit === 'spans') return unit
  throw badParameter('unit', `${JSON.stringify(unit)} is neither traces nor spans`)
}

function split(own: Own, filter: TraceFilter): Split {
  switch (own.split) {
    case 'error':
      return { by: 'error' }
    case 'duration': {
      if (own.threshold === undefined)
        throw badParameter('threshold', 'split=duration needs one, such as 500ms')
      return { by: 'duration', threshold: duration(own, 'threshold') ?? 0n }
    }
    case 'selection':
      return selection(own, filter)
    default:
      throw badParameter(
        'split',
        own.split === undefined
          ? 'missing; there are duration, error, selection and filter'
          : `${JSON.stringify(own.split)} is none of duration, error, selection and filter`,
      )
  }
}

function selection(own: Own, { from, to }: TraceFilter): Split {
  const start = milliseconds(own, 'selectStart')
  const end = milliseconds(own, 'selectEnd')
  const rectangle = {
    by: 'selection',
    from: start === undefined ? from : BigInt(start) * 1_000_000n,
    to: end === undefined ? to : BigInt(end) * 1_000_000n + 999_999n,
    shortest: duration(own, 'selectMinDuration') ?? -longestDuration,
    longest: duration(own, 'selectMaxDuration') ?? longestDuration,
  } as const
  if (rectangle.from > rectangle.to) throw badParameter('selectStart', 'later than selectEnd')
  if (rectangle.shortest > rectangle.longest) {
    throw badParameter('selectMinDuration', 'longer than selectMaxDuration')
  }
  return rectangle
}

function duration(
  own: Own,
  name: 'threshold' | 'selectMinDuration' | 'selectMaxDuration',
): bigint | undefined {
  const text = own[name]
  if (text === undefined) return undefined
  const nanos = parseDuration(text)
  if (nanos === undefined) {
    throw badParameter(name, `${JSON.stringify(text)} is no duration such as 150ms, 1.5s or 2m`)
  }
  return nanos
}

function milliseconds(own: Own, name: 'selectStart' | 'selectEnd'): number | undefined {
  const text = own[name]
  if (text === undefined) return undefined
  const number = Number(text)
  // The engine's nanoseconds end in the year 2554.
  if (!/^\d+(\.\d+)?$/.test(text) || number > Math.min(latestMs, 18_446_744_073_709)) {
    throw badParameter(name, `${JSON.stringify(text)} is no time in Unix milliseconds`)
  }
  return Math.floor(number)
}
