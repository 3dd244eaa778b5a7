/**
 * Rate, errors and durations of services and of their operations, straight from spans, in cells of time. Jaeger's metrics, our services and our service
 * map are made from these; red-windows.ts turns cells into the points of a chart.
 *
 * Durations are counted in bins whose bounds grow by 1.1% each (64 to the octave), as exact durations cannot be added up over windows: a quantile is within
 * 0.6% of that of the durations themselves. Calls and errors are exact.
 */

import type { QueryOptions, QueryParameters, StoreEngine } from '../store/engine.ts'

export interface RedQuestion {
  /** Undefined for all. */
  readonly services?: readonly string[] | undefined
  readonly tenant?: string | undefined
  /**
   * Kinds of the spans that count as calls. `entries`: what a service was asked to do, which is what servers and consumers do, and whatever
   * has no parent.
   */
  readonly calls: readonly number[] | 'entries'
  readonly byOperation: boolean
  readonly cells: RedCells
}

/** Time from `origin` in steps, each cut in two at `split`, so that windows whose length is no multiple of the step are whole cells, too. */
export interface RedCells {
  /** Unix nanoseconds, before 1970 for a window that reaches there. */
  readonly origin: bigint
  /** Exclusive. Both are within the 64 bits of an Int64. */
  readonly end: bigint
  readonly step: bigint
  /** 0 to step, exclusive: cells of even numbers are before it, those of odd ones after. */
  readonly split: bigint
}

export interface RedSeries {
  readonly service: string
  /** '' unless asked for by operation. */
  readonly operation: string
  /** Sorted by number; cells without a call are left out. */
  readonly cells: readonly RedCell[]
}

export interface RedCell {
  readonly cell: number
  readonly calls: number
  readonly failed: number
  /** Pairs of a bin and its calls, by bin. */
  readonly durations: readonly (readonly [bin: number, calls: number])[]
}

export const binsPerOctave = 64

interface Row {
  readonly service: string
  readonly operation: string
  readonly cell: string
  readonly calls: string
  readonly failed: string
  readonly durations: readonly (readonly [number, string])[]
}

/** By service, then operation. A span that was stored twice counts once. */
export async function redMetrics(
  engine: StoreEngine,
  question: RedQuestion,
  options?: QueryOptions,
): Promise<RedSeries[]> {
  const { cells, byOperation } = question
  const { condition, parameters } = callsSql(question)
  const offset = '(toInt64(start) - {origin:Int64})'
  const { rows } = await engine.query<Row>(
    `SELECT service, operation, cell, sum(n) AS calls, sum(f) AS failed,
       arraySort(groupArray((bin, n))) AS durations
     FROM (
       SELECT service, ${byOperation ? 'name' : "''"} AS operation, count() AS n, countIf(status = 2) AS f,
         2 * intDiv(${offset}, {step:Int64}) + (${offset} % {step:Int64} >= {split:Int64}) AS cell,
         toUInt16(floor(log2(greatest(duration, 0) + 1.) * ${binsPerOctave})) AS bin
       FROM (
         SELECT service, start, duration, status${byOperation ? ', name' : ''} FROM spans
         WHERE start >= {from:UInt64} AND start < {end:UInt64} AND ${condition}
         LIMIT 1 BY trace_id, span_id
       )
       GROUP BY service, operation, cell, bin
     )
     GROUP BY service, operation, cell ORDER BY service, operation, cell`,
    { ...parameters, ...cells, from: positive(cells.origin), end: positive(cells.end) },
    options,
  )
  const series = Map.groupBy(rows, ({ service, operation }) => JSON.stringify([service, operation]))
  return [...series.values()].map((rows) => ({
    service: rows[0]?.service ?? '',
    operation: rows[0]?.operation ?? '',
    cells: rows.map(({ cell, calls, failed, durations }) => ({
      cell: Number(cell),
      calls: Number(calls),
      failed: Number(failed),
      durations: durations.map(([bin, calls]) => [bin, Number(calls)] as const),
    })),
  }))
}

function callsSql({ services, tenant, calls }: RedQuestion): {
  condition: string
  parameters: QueryParameters
} {
  const conditions: string[] = []
  const parameters: Record<string, QueryParameters[string]> = {}
  if (services !== undefined) {
    conditions.push('service IN {services:Array(String)}')
    parameters.services = services
  }
  if (tenant !== undefined) {
    conditions.push('tenant = {tenant:String}')
    parameters.tenant = tenant
  }
  if (calls === 'entries') {
    conditions.push("(kind IN (2, 5) OR parent_span_id = toFixedString('', 8))")
  } else {
    conditions.push('kind IN {kinds:Array(Int32)}')
    parameters.kinds = calls
  }
  return { condition: conditions.join(' AND '), parameters }
}

function positive(nanos: bigint): bigint {
  return nanos < 0n ? 0n : nanos
}
