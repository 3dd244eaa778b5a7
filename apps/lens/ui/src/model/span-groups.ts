/**
 * The spans of a trace summed up by operation or by service: how many, how long, how much of it themselves. Names and services are numbered
 * first, so that 100,000 spans are grouped by integers. Called by the span table.
 */
import { timeOnPath } from './critical-path.ts'
import type { TraceModel } from './trace-model.ts'

export interface SpanGroup {
  /** Empty for a row of a whole service. */
  readonly name: string
  /** The place in the model's services. */
  readonly service: number
  /** The first in the waterfall. */
  readonly first: number
  readonly longest: number
  readonly count: number
  /** Nanoseconds, all durations together: more than they took where they ran at once or within each other. */
  readonly total: number
  readonly self: number
  readonly median: number
  readonly max: number
  /** What the end of the root waited for. */
  readonly path: number
  readonly errors: number
}

export type GroupedBy = 'operation' | 'service'

export function spanGroups(model: TraceModel, by: GroupedBy): readonly SpanGroup[] {
  const { tree, times, self, failed, service, spans, path } = model
  const groupOf = by === 'service' ? Int32Array.from(service) : operationNumbers(model)
  const most = groupOf.reduce((high, group) => Math.max(high, group), -1) + 1
  const counts = new Int32Array(most + 1)
  for (const group of groupOf) counts[group + 1]!++
  for (let group = 0; group < most; group++) counts[group + 1]! += counts[group]!
  const next = counts.slice(0, most)
  const durations = new Float64Array(tree.count)
  const sums = Array.from({ length: most }, () => ({
    first: -1,
    longest: -1,
    total: 0,
    self: 0,
    path: 0,
    errors: 0,
  }))
  for (const span of tree.order) {
    const group = groupOf[span]!
    const sum = sums[group]!
    const duration = times.duration[span]!
    durations[next[group]!++] = duration
    if (sum.first === -1) sum.first = span
    if (sum.longest === -1 || duration > times.duration[sum.longest]!) sum.longest = span
    sum.total += duration
    sum.self += self[span]!
    sum.path += timeOnPath(path, span)
    sum.errors += failed[span]!
  }
  return sums.flatMap((sum, group) => {
    if (sum.first === -1) return []
    const sorted = durations.subarray(counts[group], counts[group + 1]).sort()
    return {
      ...sum,
      name: by === 'service' ? '' : spans[sum.first]!.name,
      service: service[sum.first]!,
      count: sorted.length,
      median: sorted[(sorted.length - 1) >> 1]!,
      max: sorted.at(-1)!,
    }
  })
}

/** By span: equal for spans of one name and service. */
export function operationNumbers({ spans, service, services }: TraceModel): Int32Array {
  const names = new Map<string, number>()
  const numbers = new Map<number, number>()
  return Int32Array.from(spans, ({ name }, span) => {
    const key = numberIn(names, name) * services.length + service[span]!
    return numberIn(numbers, key)
  })
}

function numberIn<Key>(known: Map<Key, number>, key: Key): number {
  const number = known.get(key) ?? known.size
  if (number === known.size) known.set(key, number)
  return number
}

export const TABLE_COLUMNS = ['name', 'count', 'errors', 'total', 'self', 'path', 'median', 'max'] as const
export type TableColumn = (typeof TABLE_COLUMNS)[number]

export interface TableSort {
  readonly column: TableColumn
  readonly ascending: boolean
}

/** What took the time comes first. */
const DEFAULT: TableSort = { column: 'self', ascending: false }

/** `max`, or `max-up`; of anything else the order that the table begins with. */
export function parseTableSort(text: string): TableSort {
  const column = TABLE_COLUMNS.find((name) => text === name || text === `${name}-up`)
  return column === undefined ? DEFAULT : { column, ascending: text !== column }
}

/** Undefined for the order that the table begins with. */
export function tableSortText({ column, ascending }: TableSort): string | undefined {
  if (column === DEFAULT.column && ascending === DEFAULT.ascending) return undefined
  return ascending ? `${column}-up` : column
}

export function sortedGroups(
  groups: readonly SpanGroup[],
  { column, ascending }: TableSort,
  services: TraceModel['services'],
): readonly SpanGroup[] {
  const sign = ascending ? 1 : -1
  const named = ({ name, service }: SpanGroup) => `${name}\n${services[service]!.name}`
  const byName = (a: SpanGroup, b: SpanGroup) => (named(a) < named(b) ? -1 : 1)
  return groups.toSorted((a, b) =>
    column === 'name' ? sign * byName(a, b) : sign * (a[column] - b[column]) || byName(a, b),
  )
}
