/**
 * Where the spans of some traces lie: whose they are, and between which moments they began. By it their spans are found in the primary key of `spans`: a few granules are
 * read, however far apart the traces are. Two statements: as one, with subqueries, it took three times as long.
 */

import type { QueryOptions, StoreEngine } from '../store/engine.ts'

export interface TracePlace {
  readonly tenants: readonly string[]
  /** Unix nanoseconds, of the starts of its first and its last span. */
  readonly first: bigint
  readonly last: bigint
}

/** By trace id, 32 hex digits. */
export type TracePlaces = ReadonlyMap<string, TracePlace>

/** The spans of these traces, 32 hex digits each; undefined when none of them is stored. */
export async function findSpansOf(
  engine: StoreEngine,
  traceIds: readonly string[],
  options?: QueryOptions,
): Promise<SpansOf | undefined> {
  return spansOf(traceIds, await tracePlaces(engine, traceIds, options))
}

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

/** By which all spans of these traces are probably found; undefined when nothing is known of when they are. */
export function likelySpansOf(traces: readonly MatchedTrace[]): SpansOf | undefined {
  const places = traces.map(({ traceId, tenant, first, last }): [string, TracePlace] => {
    const from = BigInt(first) - aroundMatch
    return [traceId, { tenants: [tenant], first: from < 0n ? 0n : from, last: BigInt(last) + aroundMatch }]
  })
  const likely = spansOf(
    traces.map(({ traceId }) => traceId),
    new Map(places),
  )
  return likely?.by === 'tenant' ? undefined : likely
}

/** Whether all spans of one of their traces, which lies there, are found. */
export function covers({ by, parameters: { tenants, minutes } }: SpansOf, place: TracePlace): boolean {
  const key = (minute: number, tenant = '') => (by === 'place' ? `${minute} ${tenant}` : `${minute}`)
  const asked = new Set(minutes.map((minute, index) => key(minute, tenants[index])))
  const [first, last] = [Number(place.first / minuteNanos), Number(place.last / minuteNanos)]
  if (last - first >= minutes.length) return false
  return place.tenants.every((tenant) => {
    for (let minute = first; minute <= last; minute++) if (!asked.has(key(minute, tenant))) return false
    return tenants.includes(tenant)
  })
}

/** A condition on rows of `spans`, with its parameters. */
export interface SpansOf {
  /** By places: `tenants`, `hours` and `minutes` belong together, one each. By parts: any of each. By tenants: at any time. */
  readonly by: 'place' | 'parts' | 'tenant'
  readonly where: string
  readonly parameters: {
    readonly ids: readonly string[]
    readonly tenants: readonly string[]
    readonly hours: readonly number[]
    readonly minutes: readonly number[]
  }
}

const ofIds = 'trace_id IN (SELECT toFixedString(unhex(arrayJoin({ids:Array(String)})), 16))'
const hour = 'intDiv(start, 3600000000000)'
const minute = 'intDiv(start, 60000000000)'
const hours = '{hours:Array(UInt64)}'
const minutes = '{minutes:Array(UInt64)}'
const tenants = '{tenants:Array(String)}'

/** By parts, fifty traces of a day had eight times as many rows read as by places. */
const conditions: Readonly<Record<SpansOf['by'], string>> = {
  place: `(${ofIds} AND (${hour}, tenant, ${minute}) IN arrayZip(${hours}, ${tenants}, ${minutes}))`,
  parts: `(${ofIds} AND tenant IN ${tenants} AND ${hour} IN ${hours} AND ${minute} IN ${minutes})`,
  tenant: `(${ofIds} AND tenant IN ${tenants})`,
}

/** They travel in an address, tenants included. */
const mostPlaces = 2_000
/** In all, to be listed one by one: traces that last for days, or claim to, are looked for at any time. */
const mostMinutes = 10_000n
const minuteNanos = 60_000_000_000n

/** The spans of these traces; undefined when none of them is stored. */
export function spansOf(traceIds: readonly string[], places: TracePlaces): SpansOf | undefined {
  const ids = traceIds.filter((id) => places.has(id))
  if (ids.length === 0) return undefined
  const found = ids.flatMap((id) => places.get(id) ?? [])
  const tenants = distinct(found.flatMap(({ tenants }) => tenants))
  const lengths = found.map(({ first, last }) => last / minuteNanos - first / minuteNanos + 1n)
  if (lengths.reduce((sum, length) => sum + length, 0n) > mostMinutes) {
    return { by: 'tenant', where: conditions.tenant, parameters: { ids, tenants, hours: [], minutes: [] } }
  }
  const byTenant = new Map(tenants.map((tenant) => [tenant, new Set<number>()]))
  for (const { tenants, first, last } of found) {
    for (let minute = Number(first / minuteNanos); minute <= Number(last / minuteNanos); minute++) {
      for (const tenant of tenants) byTenant.get(tenant)?.add(minute)
    }
  }
  const pairs = [...byTenant].flatMap(([tenant, own]) => [...own].map((minute) => ({ tenant, minute })))
  const minutes = pairs.map(({ minute }) => minute)
  if (pairs.length <= mostPlaces) {
    const owners = pairs.map(({ tenant }) => tenant)
    const parameters = { ids, tenants: owners, hours: minutes.map(hourOf), minutes }
    return { by: 'place', where: conditions.place, parameters }
  }
  const parameters = { ids, tenants, hours: distinct(minutes.map(hourOf)), minutes: distinct(minutes) }
  return { by: 'parts', where: conditions.parts, parameters }
}

function hourOf(minute: number): number {
  return Math.floor(minute / 60)
}

function distinct<Value>(values: readonly Value[]): Value[] {
  return [...new Set(values)]
}
