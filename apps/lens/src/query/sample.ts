/**
 * Which part of the traces a count looks at: all of them while they are few, else one in `oneIn`, picked by a hash of the trace id, so that
 * every count of one answer, and of the answers beside it, is of the same traces.
 */

import type { QueryOptions, StoreEngine } from '../store/engine.ts'
import { countTracesAtMost } from './count-traces.ts'
import { filterSql, isUnfiltered, type TraceFilter } from './filter.ts'

/** Spans that are counted within some 100 ms of one core; a count of 1,000 sampled traces is right to 3%. */
const mostSpans = 300_000
/** What traces have in the mean, as far as it matters here. */
export const spansOfTrace = 16

/** A power of two; 1 for all. */
export async function chooseSample(
  engine: StoreEngine,
  filter: TraceFilter,
  options?: QueryOptions,
): Promise<number> {
  const { where, parameters } = filterSql(filter, engine)
  // Stops when there are too many; the engine would read on to count what a LIMIT leaves out.
  const { rows } = await engine.query<{ spans: string }>(
    `SELECT count() AS spans FROM (SELECT 1 FROM spans WHERE ${where} LIMIT {most:UInt64})
     SETTINGS exact_rows_before_limit = 0`,
    { ...parameters, most: mostSpans + 1 },
    options,
  )
  if (Number(rows[0]?.spans ?? 0) <= mostSpans) return 1
  return oneIn(
    isUnfiltered(filter)
      ? (await countTracesAtMost(engine, filter, options)) * spansOfTrace
      : await countSpans(engine, filter, options),
  )
}

function oneIn(spans: number): number {
  return spans <= mostSpans ? 1 : 2 ** Math.ceil(Math.log2(spans / mostSpans))
}

/** Of the conditions on rows alone, repetitions included. */
export async function countSpans(
  engine: StoreEngine,
  filter: TraceFilter,
  options: QueryOptions | undefined,
): Promise<number> {
  const { where, parameters } = filterSql(filter, engine)
  const { rows } = await engine.query<{ spans: string }>(
    `SELECT count() AS spans FROM spans WHERE ${where}`,
    parameters,
    options,
  )
  return Number(rows[0]?.spans ?? 0)
}

/** To be and-ed to a condition on rows of `spans`. */
export function sampleSql(oneIn: number): string {
  return oneIn === 1 ? '' : ` AND cityHash64(trace_id) % ${oneIn} = 0`
}
