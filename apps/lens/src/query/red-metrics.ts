/**
 * Rate, errors and durations of services and of their operations in cells of time. Jaeger's metrics, our services and our service map are made from these;
 * red-windows.ts turns cells into the points of a chart. What services were asked to do has a table of its own, sorted for this; spans of other kinds are read
 * where all spans are.
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
  /** Pairs of a bin and its calls, in no order. */
  readonly durations: readonly (readonly [bin: number, calls: number])[]
}

export const binsPerOctave = 64

interface Row {
  readonly service: string
  readonly operation: string
  /** What these four say at one index is of one cell and bin; in no order. */
  readonly cells: readonly string[]
  readonly bins: readonly number[]
  readonly calls: readonly string[]
  readonly failures: readonly string[]
}

/** By service, then operation. A span that was stored twice counts once. */
export async function redMetrics(
  engine: StoreEngine,
  question: RedQuestion,
  options?: QueryOptions,
): Promise<RedSeries[]> {
  const { cells, byOperation } = question
  const keys = byOperation ? 'service, name' : 'service'
  const { calls, parameters } = callsSql(question)
  const { rows } = await engine.query<Row>(
    `SELECT service, ${byOperation ? 'name' : "''"} AS operation,
       groupArray(cell) AS cells, groupArray(bin) AS bins, groupArray(n) AS calls, groupArray(f) AS failures
     FROM (
       SELECT ${keys}, count() AS n, countIf(failed) AS f,
         2 * intDiv(toInt64(start) - {origin:Int64} AS since, {step:Int64}) + (since % {step:Int64} >= {split:Int64}) AS cell,
         toUInt16(floor(log2(greatest(duration, 0) + 1.) * ${binsPerOctave})) AS bin
       FROM ${calls} GROUP BY ${keys}, cell, bin
     )
     GROUP BY ${keys} ORDER BY service, operation`,
    { ...parameters, ...cells, from: positive(cells.origin), end: positive(cells.end) },
    options,
  )
  return rows.map((row) => ({ service: row.service, operation: row.operation, cells: cellsOf(row) }))
}

interface GrowingCell extends RedCell {
  calls: number
  failed: number
  readonly durations: [bin: number, calls: number][]
}

function cellsOf({ cells, bins, calls, failures }: Row): RedCell[] {
  const found = new Map<number, GrowingCell>()
  for (const [index, bin] of bins.entries()) {
    const number = Number(cells[index])
    const cell = found.get(number) ?? { cell: number, calls: 0, failed: 0, durations: [] }
    found.set(number, cell)
    const n = Number(calls[index])
    cell.calls += n
    cell.failed += Number(failures[index])
    cell.durations.push([bin, n])
  }
  return [...found.values()].sort((a, b) => a.cell - b.cell)
}

/** For FROM: rows of `service`, `name`, `start`, `duration` and `failed`, each call once; up to the end of its WHERE. */
function callsSql({ services, tenant, calls, byOperation }: RedQuestion): {
  calls: string
  parameters: QueryParameters
} {
  const conditions = ['start >= {from:UInt64} AND start < {end:UInt64}']
  const parameters: Record<string, QueryParameters[string]> = {}
  if (services !== undefined) {
    conditions.push('service IN {services:Array(String)}')
    parameters.services = services
  }
  if (tenant !== undefined) {
    conditions.push('tenant = {tenant:String}')
    parameters.tenant = tenant
  }
  if (calls !== 'entries') {
    conditions.push('kind IN {kinds:Array(Int32)}')
    parameters.kinds = calls
  }
  const where = conditions.join(' AND ')
  if (calls === 'entries' || calls.every((kind) => entryKinds.includes(kind))) {
    return { calls: `entries FINAL WHERE ${where}`, parameters }
  }
  const columns = `service, start, duration, status = 2 AS failed${byOperation ? ', name' : ''}`
  return { calls: `(SELECT ${columns} FROM spans WHERE ${where} LIMIT 1 BY trace_id, span_id)`, parameters }
}

/** SERVER and CONSUMER: all spans of these are in `entries`, and of others those without a parent. */
const entryKinds: readonly number[] = [2, 5]

function positive(nanos: bigint): bigint {
  return nanos < 0n ? 0n : nanos
}
