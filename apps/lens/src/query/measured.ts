/**
 * What latencies are measured of: matching traces, each as long as its longest matching span and beginning with its first, or matching
 * spans. Each counts once, however often it was sent. The histogram and the heatmap both group these rows, so that they agree.
 */

import type { FilterSql } from './filter.ts'
import { sampleSql } from './sample.ts'

export type Measured = 'traces' | 'spans'

/** Rows of `first` (Unix nanoseconds), `longest` (nanoseconds) and `failed`. */
export function measuredSql(of: Measured, { where, having }: FilterSql, oneIn: number): string {
  const rows = `spans WHERE ${where}${sampleSql(oneIn)}`
  const aggregates = 'min(start) AS first, max(duration) AS longest, max(status = 2) AS failed'
  const traces = `FROM ${rows} GROUP BY trace_id ${having === '' ? '' : `HAVING ${having}`}`
  if (of === 'traces') return `SELECT ${aggregates} ${traces}`
  const ofMatching =
    having === '' ? '' : ` AND trace_id IN (SELECT trace_id FROM (SELECT trace_id, ${aggregates} ${traces}))`
  return `SELECT ${aggregates} FROM ${rows}${ofMatching} GROUP BY trace_id, span_id`
}
