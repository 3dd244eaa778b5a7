/** A page of the traces that a search finds: in which order, behind which position, and how many there are. */

import type { QueryParameters } from '../store/engine.ts'
import type { MatchedTrace, TracePlaces } from './trace-places.ts'

/** By when the first matching span began, by the longest matching span, or by how many matching spans failed or there are. */
export const traceOrders = ['newest', 'longest', 'errors', 'spans'] as const
export type TraceOrder = (typeof traceOrders)[number]

export interface Page {
  readonly limit: number
  readonly order?: TraceOrder | undefined
  /** Begins behind it. */
  readonly after?: PagePosition | undefined
  /** Called with what the page will probably hold, before that is certain, perhaps more than once: what shows it can be read meanwhile. */
  readonly expect?: ((traces: readonly MatchedTrace[]) => void) | undefined
}

/** Of a trace in its order: largest `rank` first, then the newest, then by id. */
export interface PagePosition {
  readonly rank: bigint
  /** Unix nanoseconds at which the first matching span began. */
  readonly first: bigint
  readonly traceId: string
}

export interface FoundPage {
  /** 32 hex digits each, in order. */
  readonly traceIds: readonly string[]
  /** How many traces match behind `after`, exactly unless `totalIsExact` is false: then there are at least so many. */
  readonly total: number
  readonly totalIsExact: boolean
  /** Of the last trace, if others follow. */
  readonly last: PagePosition | undefined
  /** Of these traces and perhaps more, when they had to be known. */
  readonly places?: TracePlaces
}

/** For WHERE over rows of (trace_id, first), of one rank. */
export const isBehindFirst = `(first < {first:UInt64} OR first = {first:UInt64} AND trace_id > ${positionId()})`
/** The same with `rank`. */
export const isBehind = `(rank < {rank:Int64} OR rank = {rank:Int64} AND ${isBehindFirst})`

export function positionParameters(after: PagePosition | undefined): QueryParameters {
  return after === undefined ? {} : { ...after }
}

function positionId(): string {
  return 'toFixedString(unhex({traceId:String}), 16)'
}
