/** Where the spans of some traces lie: whose they are, and between which moments they began. What a page of a search reads its traces by. */

import type { QueryOptions, QueryParameters, StoreEngine } from '../store/engine.ts'

export interface TracePlace {
  readonly tenants: readonly string[]
  /** Unix nanoseconds, of the starts of its first and its last span. */
  readonly first: bigint
  readonly last: bigint
}

/** By trace id, 32 hex digits. */
export type TracePlaces = ReadonlyMap<string, TracePlace>

/** Traces that are not stored are left out. */
export async function tracePlaces(
  engine: StoreEngine,
  traceIds: readonly string[],
  options?: QueryOptions,
): Promise<TracePlaces> {
  const places = new Map<string, TracePlace>()
  if (traceIds.length === 0) return places
  const { rows } = await engine.query<{ traceId: string; tenants: string[]; first: string; last: string }>(
    `SELECT lower(hex(trace_id)) AS traceId, groupUniqArray(tenant) AS tenants, min(first_start) AS first, max(last_start) AS last
     FROM traces WHERE trace_id IN (SELECT toFixedString(unhex(arrayJoin({ids:Array(String)})), 16)) GROUP BY trace_id`,
    { ids: traceIds },
    options,
  )
  for (const { traceId, tenants, first, last } of rows) {
    places.set(traceId, { tenants, first: BigInt(first), last: BigInt(last) })
  }
  return places
}

/** Where what matched of a trace lies; the rest of it is seldom far. */
export interface MatchedTrace {
  readonly traceId: string
  /** Of a matching span. */
  readonly tenant: string
  /** Unix nanoseconds, of the starts of the first and the last matching span. */
  readonly first: string
  readonly last: string
}

/** What is asked besides, before and after what matched. */
const aroundMatch = 2_000_000_000n

/** Parameters of `spansOfIds` by which all spans of these traces are probably found; undefined when nothing is known of when they are. */
export function likelyParametersOf(traces: readonly MatchedTrace[]): PlaceParameters | undefined {
  const places = traces.map(({ traceId, tenant, first, last }): [string, TracePlace] => {
    const from = BigInt(first) - aroundMatch
    return [traceId, { tenants: [tenant], first: from < 0n ? 0n : from, last: BigInt(last) + aroundMatch }]
  })
  const parameters = parametersOf(
    traces.map(({ traceId }) => traceId),
    new Map(places),
  )
  return parameters?.whenever === true ? undefined : parameters
}

/** Whether these parameters find all spans of one of their traces, which lies there. */
export function covers({ tenants, minutes }: PlaceParameters, place: TracePlace): boolean {
  const asked = new Set(minutes)
  const last = Number(place.last / minuteNanos)
  if (last - Number(place.first / minuteNanos) >= asked.size) return false
  for (let minute = Number(place.first / minuteNanos); minute <= last; minute++) {
    if (!asked.has(minute)) return false
  }
  return place.tenants.every((tenant) => tenants.includes(tenant))
}

/** Of `spansOfIds`. */
export interface PlaceParameters extends QueryParameters {
  readonly ids: readonly string[]
  readonly tenants: readonly string[]
  readonly whenever: boolean
  readonly hours: readonly number[]
  readonly minutes: readonly number[]
}

/** In all, to be listed one by one: traces that last for days, or claim to, are looked for at any time. */
const mostMinutes = 10_000n
const minuteNanos = 60_000_000_000n

/** Parameters of `spansOfIds` for these traces; undefined when none of them is stored. */
export function parametersOf(traceIds: readonly string[], places: TracePlaces): PlaceParameters | undefined {
  const stored = traceIds.filter((id) => places.has(id))
  if (stored.length === 0) return undefined
  const found = stored.flatMap((id) => places.get(id) ?? [])
  const ranges = found.map(({ first, last }) => [first / minuteNanos, last / minuteNanos] as const)
  const whenever = ranges.reduce((sum, [first, last]) => sum + last - first + 1n, 0n) > mostMinutes
  const minutes = new Set<number>()
  if (!whenever) {
    for (const [first, last] of ranges) {
      for (let minute = first; minute <= last; minute++) minutes.add(Number(minute))
    }
  }
  return {
    ids: stored,
    tenants: [...new Set(found.flatMap(({ tenants }) => tenants))],
    whenever,
    hours: [...new Set([...minutes].map((minute) => Math.floor(minute / 60)))],
    minutes: [...minutes],
  }
}
