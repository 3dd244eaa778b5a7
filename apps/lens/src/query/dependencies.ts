/** Which service calls which, how often, and how often that fails: from the table of calls, which src/calls keeps. */

import { servicesOf } from '../calls/count-calls.ts'
import type { QueryOptions, StoreEngine } from '../store/engine.ts'

export interface DependencyQuestion {
  /** Unix nanoseconds, both inclusive, of the start of the called span. */
  readonly from: bigint
  readonly to: bigint
  /** Calls between spans of this tenant; '' for those without one, undefined for all. */
  readonly tenant?: string | undefined
  /** That calls or is called. */
  readonly service?: string | undefined
}

export interface Dependency {
  readonly parent: string
  readonly child: string
  /** Spans of the child whose parent span is the parent's. */
  readonly calls: number
  /** Those whose status is an error. */
  readonly failed: number
}

/** By parent, then child. FINAL, because a call may have been counted more than once. */
export async function dependencies(
  engine: StoreEngine,
  { from, to, tenant, service }: DependencyQuestion,
  options?: QueryOptions,
): Promise<Dependency[]> {
  const { rows } = await engine.query<{ edge: string; calls: string; failed: string }>(
    `SELECT edge, count() AS calls, countIf(failed) AS failed FROM calls FINAL
     WHERE start >= {from:UInt64} AND start <= {to:UInt64} ${tenant === undefined ? '' : 'AND tenant = {tenant:String}'}
     GROUP BY edge`,
    { from, to, ...(tenant === undefined ? {} : { tenant }) },
    options,
  )
  const found = rows
    .map(({ edge, calls, failed }) => ({
      ...servicesOf(edge),
      calls: Number(calls),
      failed: Number(failed),
    }))
    .filter(({ parent, child }) => service === undefined || parent === service || child === service)
  return found.sort((a, b) => compare(a.parent, b.parent) || compare(a.child, b.child))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
