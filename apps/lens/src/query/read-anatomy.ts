/** Reads what the anatomy of a trace is made from: outlines of its spans, without their attributes, events and links. */

import type { QueryOptions, StoreEngine } from '../store/engine.ts'
import { type SpanOutline, type TraceAnatomy, traceAnatomy } from './trace-anatomy.ts'
import { spansOfPlace, withPlace } from './trace-ids.ts'

/** A trace that is longer is looked at in part, its first spans. */
const mostSpans = 200_000

interface Row extends Omit<SpanOutline, 'start' | 'duration' | 'failed'> {
  readonly start: string
  readonly duration: string
  readonly failed: number
}

export interface ReadAnatomy extends TraceAnatomy {
  /** Unix nanoseconds that the outlines' times are after. */
  readonly start: bigint
  readonly spansRead: number
}

/** Undefined when the trace is not stored. */
export async function readAnatomy(
  engine: StoreEngine,
  traceId: string,
  options?: QueryOptions,
): Promise<ReadAnatomy | undefined> {
  const { rows } = await engine.query<Row>(
    `${withPlace} SELECT lower(hex(span_id)) AS spanId,
       if(parent_span_id = toFixedString('', 8), '', lower(hex(parent_span_id))) AS parentSpanId,
       service, name, start, duration, status = 2 AS failed, status_message AS message
     FROM spans PREWHERE ${spansOfPlace} ORDER BY start, span_id LIMIT 1 BY trace_id, span_id LIMIT {most:UInt32}`,
    { id: traceId, most: mostSpans },
    options,
  )
  const [first] = rows
  if (first === undefined) return undefined
  const start = BigInt(first.start)
  const outlines = rows.map((row) => ({
    ...row,
    start: Number(BigInt(row.start) - start),
    duration: Number(row.duration),
    failed: row.failed === 1,
  }))
  return { ...traceAnatomy(outlines), start, spansRead: outlines.length }
}
