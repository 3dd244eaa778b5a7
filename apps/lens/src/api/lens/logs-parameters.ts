/** A LogsQuery from a query string: everything that a user can get wrong is told by the name of its parameter. */

import type { LogFilter } from '../../query/logs/log-filter.ts'
import type { LogCursor } from '../../query/logs/read-logs.ts'
import { badParameter } from '../problem.ts'
import { searchParameters } from '../search-parameters.ts'
import { parseTraceId } from '../trace-id.ts'
import { severityNames } from './log-view.ts'
import { takeParameters } from './own-parameters.ts'

const ownNames = ['eventName', 'severity', 'text', 'traceId', 'spanId', 'limit', 'cursor'] as const
/** Of a search of traces, what a search of logs has, too. */
const sharedNames = ['tenant', 'user', 'service', 'start', 'end', 'lookback']
type Own = Partial<Record<(typeof ownNames)[number], string>>

const defaultLimit = 100
const largestLimit = 1000
const longestText = 1024
const mostWords = 16
/** The engine's times end here. */
const endOfTime = 2n ** 64n - 1n

export interface LogsQuestion {
  readonly filter: LogFilter
  readonly limit: number
  readonly after: LogCursor | undefined
}

/** Throws ProblemError. `now` is in Unix milliseconds. */
export function logsQuestion(query: unknown, now: number): LogsQuestion {
  const { own, rest } = takeParameters(query, ownNames)
  for (const name of Object.keys(rest)) {
    if (sharedNames.includes(name)) continue
    throw badParameter(name, `unknown; there are ${[...sharedNames, ...ownNames].join(', ')}`)
  }
  const { from, to, tenant, user, service } = searchParameters(rest, now).filter
  const traceId = traceIdOf(own)
  const isTimed = ['start', 'end', 'lookback'].some((name) => rest[name] !== undefined && rest[name] !== '')
  const ofAnyTime = traceId !== undefined && !isTimed
  return {
    filter: {
      from: ofAnyTime ? 0n : from,
      to: ofAnyTime ? endOfTime : to,
      tenant,
      user,
      service,
      eventName: own.eventName,
      minSeverity: severityOf(own),
      words: wordsOf(own),
      traceId,
      spanId: spanIdOf(own),
    },
    limit: limitOf(own.limit, defaultLimit, largestLimit),
    after: cursorOf(own),
  }
}

export function limitOf(limit: string | undefined, otherwise: number, largest: number): number {
  if (limit === undefined) return otherwise
  const number = Number(limit)
  if (!/^\d{1,6}$/.test(limit) || number < 1 || number > largest) {
    throw badParameter('limit', `${JSON.stringify(limit)} is no number from 1 to ${largest}`)
  }
  return number
}

/** All of a trace's, whenever they were. */
export function logsOfTrace(traceId: string): LogFilter {
  return { from: 0n, to: endOfTime, traceId }
}

export function cursorText({ timeUnixNano, id }: LogCursor): string {
  return `${timeUnixNano}-${id}`
}

function cursorOf({ cursor }: Own): LogCursor | undefined {
  if (cursor === undefined) return undefined
  const [, time, id] = /^(\d{1,20})-(\d{1,20})$/.exec(cursor) ?? []
  const after =
    time === undefined || id === undefined ? undefined : { timeUnixNano: BigInt(time), id: BigInt(id) }
  if (after === undefined || after.timeUnixNano > endOfTime || after.id > endOfTime) {
    throw badParameter('cursor', 'expected the `next` of a page')
  }
  return after
}

function severityOf({ severity }: Own): number | undefined {
  if (severity === undefined) return undefined
  const index = (severityNames as readonly string[]).indexOf(severity.toLowerCase())
  const number = index === -1 ? Number(severity) : index * 4 + 1
  if (!Number.isInteger(number) || number < 1 || number > 24) {
    throw badParameter('severity', `expected ${severityNames.join(', ')} or a number from 1 to 24`)
  }
  return number
}

function wordsOf({ text }: Own): string[] | undefined {
  if (text === undefined) return undefined
  if (text.length > longestText) throw badParameter('text', `longer than ${longestText} characters`)
  const words = text.split(/\s+/).filter((word) => word !== '')
  if (words.length > mostWords) throw badParameter('text', `more than ${mostWords} words`)
  return words
}

function traceIdOf({ traceId }: Own): string | undefined {
  const parsed = traceId === undefined ? undefined : parseTraceId(traceId)
  if (traceId !== undefined && parsed === undefined)
    throw badParameter('traceId', 'expected 32 or 16 hex digits')
  return parsed
}

function spanIdOf({ spanId }: Own): string | undefined {
  if (spanId !== undefined && !/^[0-9a-f]{16}$/i.test(spanId))
    throw badParameter('spanId', 'expected 16 hex digits')
  return spanId?.toLowerCase()
}
