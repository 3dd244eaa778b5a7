/**
 * Clocks that disagree. No call begins before its caller made it, and what a client waited for ended before the client did: each call from one service
 * to another so bounds by how much their clocks differ, and where zero is out of bounds, they do differ. All calls between two services are
 * taken together, so that one that fits by chance is moved like the others. Called by the trace page for the warning, and to draw the
 * trace with clocks that agree.
 */
import type { SpanKind } from 'rustok-lens/contract'
import type { SpanTree } from './span-tree.ts'

export interface ClockSkew {
  /** Places of services: the called one's clock is off from the calling one's. */
  readonly caller: number
  readonly service: number
  /** Nanoseconds to add to the called service's times; where calls differ, of the largest size. */
  readonly shift: number
  /** Calls whose times contradict the caller's, in the order of the waterfall. */
  readonly spans: readonly number[]
}

export interface SkewInput {
  readonly tree: SpanTree
  readonly times: {
    readonly start: Float64Array
    readonly duration: Float64Array
    readonly unusable: Uint8Array
  }
  readonly service: Uint16Array
  readonly failed: Uint8Array
  readonly kindOf: (span: number) => SpanKind
}

/** By what a call allows its callee to be moved. */
interface Bounds {
  readonly least: number
  readonly most: number
}

export function clockSkews(input: SkewInput): readonly ClockSkew[] {
  const pairs = pairsOf(input)
  const skews: ClockSkew[] = []
  for (const { caller, service, calls, bounds } of pairs.values()) {
    const off = calls.filter((span) => !allowsZero(boundsOf(input, span)))
    if (off.length === 0) continue
    const shifts = off.map((span) => shiftOf(bounds, boundsOf(input, span)))
    const shift = shifts.reduce((most, one) => (Math.abs(one) > Math.abs(most) ? one : most))
    skews.push({ caller, service, shift, spans: off })
  }
  return skews
}

/** By span, nanoseconds to add to its start so that clocks agree; undefined when they do. */
export function clockShifts(input: SkewInput): Float64Array | undefined {
  const pairs = pairsOf(input)
  const skewed = new Set<number>()
  for (const [key, { calls }] of pairs)
    if (calls.some((span) => !allowsZero(boundsOf(input, span)))) skewed.add(key)
  if (skewed.size === 0) return undefined
  const { tree } = input
  const shifts = new Float64Array(tree.parent.length)
  for (const span of tree.order) {
    const up = tree.parent[span]!
    if (up === -1) continue
    shifts[span] = shifts[up]!
    if (!crosses(input, span)) continue
    const key = keyOf(input, span)
    if (skewed.has(key)) shifts[span]! += shiftOf(pairs.get(key)!.bounds, boundsOf(input, span))
  }
  return shifts
}

interface Pair {
  readonly caller: number
  readonly service: number
  readonly calls: number[]
  bounds: Bounds
}

function pairsOf(input: SkewInput): ReadonlyMap<number, Pair> {
  const pairs = new Map<number, Pair>()
  const { tree, service } = input
  for (const span of tree.order) {
    if (!crosses(input, span)) continue
    const key = keyOf(input, span)
    const bounds = boundsOf(input, span)
    const pair = pairs.get(key)
    if (pair === undefined) {
      pairs.set(key, { caller: service[tree.parent[span]!]!, service: service[span]!, calls: [span], bounds })
      continue
    }
    pair.calls.push(span)
    pair.bounds = {
      least: Math.max(pair.bounds.least, bounds.least),
      most: Math.min(pair.bounds.most, bounds.most),
    }
  }
  return pairs
}

/** Whether the span and its parent tell times by clocks of their own. */
function crosses({ tree, service, times }: SkewInput, span: number): boolean {
  const up = tree.parent[span]!
  return up !== -1 && service[up] !== service[span] && times.unusable[span] === 0 && times.unusable[up] === 0
}

function keyOf({ tree, service }: SkewInput, span: number): number {
  return service[tree.parent[span]!]! * 0x10000 + service[span]!
}

function boundsOf({ tree, times, failed, kindOf }: SkewInput, span: number): Bounds {
  const up = tree.parent[span]!
  const least = times.start[up]! - times.start[span]!
  // A client that gave up was not waiting any more, and nobody waits for a consumer.
  const waits = kindOf(up) === 'client' && kindOf(span) === 'server' && failed[up] === 0
  const spare = times.duration[up]! - times.duration[span]!
  return { least, most: waits && spare >= 0 ? least + spare : Number.POSITIVE_INFINITY }
}

function allowsZero({ least, most }: Bounds): boolean {
  return least <= 0 && most >= 0
}

/** As much as all calls of the pair allow; where they contradict each other, as they do behind one name on several hosts, what this call asks for. */
function shiftOf(pair: Bounds, call: Bounds): number {
  const { least, most } = pair.least <= pair.most ? pair : call
  // Between sending and receiving as between answering and hearing: the network is as long there as back.
  if (most !== Number.POSITIVE_INFINITY) return (least + most) / 2
  return Math.max(0, least)
}
