/** Outlines of some traces, each over all of its spans: their root, their times, their spans per service. What Jaeger's v3 calls summaries. */

import type { QueryOptions, StoreEngine } from '../store/engine.ts'
import { findSpansOf } from './trace-places.ts'

export interface TraceOutline {
  readonly traceId: string
  /** Of the earliest span without a parent; undefined when there is none. */
  readonly root: { readonly service: string; readonly name: string } | undefined
  readonly startUnixNano: bigint
  readonly endUnixNano: bigint
  readonly spans: number
  readonly errors: number
  /** Spans with a parent that is not stored. */
  readonly orphans: number
  /** By name. */
  readonly services: readonly { readonly name: string; readonly spans: number; readonly errors: number }[]
}

interface ServicePart {
  readonly traceId: string
  readonly service: string
  readonly spans: string
  readonly errors: string
  readonly orphans: string
  readonly firstStart: string
  readonly lastEnd: string
  readonly roots: string
  readonly rootName: string
  readonly rootStart: string
}

const noParent = "parent_span_id = toFixedString('', 8)"

// A span that was stored twice is one here: LIMIT 1 BY.
const serviceParts = (where: string) => `
  SELECT lower(hex(trace_id)) AS traceId, service, count() AS spans, countIf(status = 2) AS errors,
    countIf(is_orphan) AS orphans, min(start) AS firstStart, max(start + toUInt64(greatest(duration, 0))) AS lastEnd,
    countIf(is_root) AS roots, argMinIf(name, (start, span_id), is_root) AS rootName, minIf(start, is_root) AS rootStart
  FROM (
    SELECT trace_id, span_id, service, status, start, duration, name, ${noParent} AS is_root,
      NOT is_root AND (trace_id, parent_span_id) NOT IN (
        SELECT trace_id, span_id FROM spans WHERE ${where}
      ) AS is_orphan
    FROM spans WHERE ${where} LIMIT 1 BY trace_id, span_id
  )
  GROUP BY trace_id, service ORDER BY trace_id, service`

/** In the order of `traceIds`. Traces that are not stored are left out. */
export async function outlineTraces(
  engine: StoreEngine,
  traceIds: readonly string[],
  options?: QueryOptions,
): Promise<TraceOutline[]> {
  if (traceIds.length === 0) return []
  const spans = await findSpansOf(engine, traceIds, options)
  if (spans === undefined) return []
  const { rows } = await engine.query<ServicePart>(serviceParts(spans.where), spans.parameters, options)
  const parts = Map.groupBy(rows, ({ traceId }) => traceId)
  return traceIds.flatMap((id) => {
    const ofTrace = parts.get(id)
    return ofTrace === undefined ? [] : [outline(id, ofTrace)]
  })
}

function outline(traceId: string, parts: readonly ServicePart[]): TraceOutline {
  const root = parts
    .filter(({ roots }) => roots !== '0')
    .reduce<ServicePart | undefined>(
      (a, b) => (a === undefined || BigInt(b.rootStart) < BigInt(a.rootStart) ? b : a),
      undefined,
    )
  const starts = parts.map(({ firstStart }) => BigInt(firstStart))
  const ends = parts.map(({ lastEnd }) => BigInt(lastEnd))
  const sum = (field: 'spans' | 'errors' | 'orphans') =>
    parts.reduce((total, part) => total + Number(part[field]), 0)
  return {
    traceId,
    root: root === undefined ? undefined : { service: root.service, name: root.rootName },
    startUnixNano: starts.reduce((a, b) => (b < a ? b : a)),
    endUnixNano: ends.reduce((a, b) => (b > a ? b : a)),
    spans: sum('spans'),
    errors: sum('errors'),
    orphans: sum('orphans'),
    services: parts.map(({ service, spans, errors }) => ({
      name: service,
      spans: Number(spans),
      errors: Number(errors),
    })),
  }
}
