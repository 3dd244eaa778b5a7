/** The lists of a trace's waterfall as the contract shows them: each text once, spans by their index. */

import type { WaterfallRow } from '../query/read-waterfall.ts'
import type { TextColumn, WaterfallResponse } from './contract.ts'
import { spanKinds, spanStatuses } from './trace-view.ts'

export function waterfallView(traceId: string, row: WaterfallRow): WaterfallResponse {
  const indexes = new Map<string, number>()
  const odd = new Set([...row.events, ...row.links].map(([id]) => id).concat(row.dropped))
  if (odd.size > 0) {
    for (let index = 0; index < row.spanIds.length; index++) {
      const id = row.spanIds[index]!
      if (odd.has(id)) indexes.set(id, index)
    }
  }
  const span = (id: string) => indexes.get(id) ?? 0
  return {
    traceId,
    originUnixNano: row.originUnixNano,
    spanIds: row.spanIds,
    parentSpanIds: row.parentSpanIds,
    starts: row.starts,
    durations: row.durations.map((duration) => Math.max(0, duration)),
    name: textColumn(row.names),
    kind: namedColumn(row.kinds, spanKinds),
    status: namedColumn(row.statuses, spanStatuses),
    message: textColumn(row.messages),
    service: textColumn(row.services),
    tenant: textColumn(row.tenants),
    user: textColumn(row.users),
    callee: textColumn(row.callees),
    operation: textColumn(row.operations),
    events: row.events.map(([id, times]) => ({ span: span(id), times })),
    links: row.links.flatMap(([id, linked]) => linked.map((spanId) => ({ span: span(id), spanId }))),
    dropped: row.dropped.map(span),
  }
}

/** Each value once, in the order of their first sight. */
function textColumn(texts: readonly string[]): TextColumn {
  const places = new Map<string, number>()
  const index = texts.map((text) => {
    const known = places.get(text)
    if (known !== undefined) return known
    places.set(text, places.size)
    return places.size - 1
  })
  return { values: [...places.keys()], index: places.size === 1 ? [] : index }
}

function namedColumn(numbers: readonly number[], names: readonly string[]): TextColumn {
  return { values: names, index: numbers.map((number) => (number < names.length ? number : 0)) }
}
