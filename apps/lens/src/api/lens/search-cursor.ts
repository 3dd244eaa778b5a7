/**
 * Where a page of a search ended, as the text that asks for the next. It keeps the time range of the first page, which ends at the moment of
 * that search, so that traces which arrive meanwhile move nothing.
 */

import { createHash } from 'node:crypto'
import type { TraceFilter } from '../../query/filter.ts'
import { type PagePosition, type TraceOrder, traceOrders } from '../../query/trace-page.ts'
import { badParameter } from '../problem.ts'

export interface SearchCursor {
  readonly from: bigint
  readonly to: bigint
  readonly order: TraceOrder
  readonly after: PagePosition
  /** Of the first page, which the next ones repeat. */
  readonly total: number
  readonly totalIsExact: boolean
}

export function encodeCursor(
  { from, to, order, after, total, totalIsExact }: SearchCursor,
  filter: TraceFilter,
): string {
  const parts = [
    fingerprint(filter),
    traceOrders.indexOf(order),
    ...[from, to, after.rank, after.first].map(String),
    after.traceId,
    total,
    totalIsExact ? 1 : 0,
  ]
  return Buffer.from(parts.join(' ')).toString('base64url')
}

/** Throws ProblemError, also for the cursor of another search. */
export function decodeCursor(text: string, filter: TraceFilter): SearchCursor {
  const match = pattern.exec(Buffer.from(text, 'base64url').toString('latin1'))
  if (match === null) throw badParameter('cursor', 'not one that a search has answered with')
  const [, print, order = '', from = '', to = '', rank = '', first = '', traceId = '', total, exact] = match
  if (print !== fingerprint(filter)) throw badParameter('cursor', 'of a search with other fields')
  return {
    order: traceOrders[Number(order)] ?? 'newest',
    from: uint64(from),
    to: uint64(to),
    after: { rank: BigInt(rank), first: uint64(first), traceId },
    total: Number(total),
    totalIsExact: exact === '1',
  }
}

const pattern =
  /^([\w-]{11}) ([0-3]) (\d{1,20}) (\d{1,20}) (-?\d{1,18}) (\d{1,20}) ([0-9a-f]{32}) (\d{1,15}) ([01])$/

function uint64(digits: string): bigint {
  const value = BigInt(digits)
  if (value >= 2n ** 64n) throw badParameter('cursor', 'not one that a search has answered with')
  return value
}

/** Of all fields but the time range. */
function fingerprint({ from: _from, to: _to, query, ...fields }: TraceFilter): string {
  const text = JSON.stringify({ ...fields, query: query?.text }, (_, value) =>
    typeof value === 'bigint' ? String(value) : value,
  )
  return createHash('sha256').update(text).digest('base64url').slice(0, 11)
}
