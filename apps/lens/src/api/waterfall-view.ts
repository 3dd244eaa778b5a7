/** The rows of a trace's waterfall as the contract shows them: in order, each text once, spans by their index. */

import { idBytes } from '../query/link-spans.ts'
import type { WaterfallRows } from '../query/read-waterfall.ts'
import type { NamedTexts } from '../store/native/read-columns.ts'
import type { TextColumn, WaterfallResponse } from './contract.ts'
import { spanKinds, spanStatuses } from './trace-view.ts'

export function waterfallView(traceId: string, rows: WaterfallRows): WaterfallResponse {
  const { originUnixNano, linked } = rows
  const order = Array.from(linked.order)
  const ordered = <Value>(values: ArrayLike<Value>) => order.map((row) => values[row]!)
  const sinceOrigin = (time: bigint) => Number(time - originUnixNano)
  return {
    traceId,
    originUnixNano: String(originUnixNano),
    spanIds: hexOf(rows.spanIds, order),
    parents: Array.from(linked.parents),
    missingParents: linked.orphans.map((span) => ({
      span,
      parentSpanId: hexOf(rows.parentSpanIds, [order[span]!]),
    })),
    starts: ordered(rows.starts),
    durations: order.map((row) => Math.max(0, rows.durations[row]!)),
    name: namedColumn(order, rows.names),
    kind: numberedColumn(order, rows.kinds, spanKinds),
    status: numberedColumn(order, rows.statuses, spanStatuses),
    message: textColumn(ordered(rows.messages)),
    service: namedColumn(order, rows.services),
    tenant: namedColumn(order, rows.tenants),
    user: namedColumn(order, rows.users),
    callee: namedColumn(order, rows.callees),
    operation: namedColumn(order, rows.operations),
    events: order.flatMap((row, span) => {
      const times = rows.eventTimes[row]!
      return times.length === 0 ? [] : [{ span, times: times.map(sinceOrigin) }]
    }),
    links: order.flatMap((row, span) => rows.links[row]!.map((spanId) => ({ span, spanId }))),
    dropped: order.flatMap((row, span) => (rows.isDropped[row] === 0 ? [] : [span])),
  }
}

function hexOf(ids: Uint8Array, rows: readonly number[]): string {
  const picked = Buffer.allocUnsafe(rows.length * idBytes)
  let at = 0
  for (const row of rows) {
    for (let from = row * idBytes, end = from + idBytes; from < end; from++) picked[at++] = ids[from]!
  }
  return picked.toString('hex')
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

/** The same of texts that are numbered already, in whichever order and some perhaps unused or twice. */
function namedColumn(order: readonly number[], { values, index }: NamedTexts): TextColumn {
  const places = new Int32Array(values.length).fill(-1)
  const seen = new Map<string, number>()
  const placeOf = (text: string) => {
    const known = seen.get(text) ?? seen.size
    seen.set(text, known)
    return known
  }
  const placed = order.map((row) => {
    const value = index[row]!
    if (places[value] === -1) places[value] = placeOf(values[value]!)
    return places[value]!
  })
  return { values: [...seen.keys()], index: seen.size === 1 ? [] : placed }
}

function numberedColumn(
  order: readonly number[],
  numbers: ArrayLike<number>,
  names: readonly string[],
): TextColumn {
  const index = order.map((row) => {
    const number = numbers[row]!
    return number >= 0 && number < names.length ? number : 0
  })
  return { values: names, index }
}
