/**
 * Where the nodes of a map stand: in columns, from what is asked first to what is asked last, in an order with few crossings, and each near what it
 * is connected to. Calls that go back are drawn below. Pure, and the same for the same graph. Called by the map's page.
 *
 *   rank 0     rank 1          rank 2
 *   ┌─────┐    ┌────────┐      ┌──────────┐
 *   │ web ├───▶│ orders ├─────▶│ postgres │
 *   └──┬──┘    └────────┘      └──────────┘
 *      └──────────·───────────▶  a call that passes a column keeps room in it
 */
export interface GraphEdge {
  readonly from: string
  readonly to: string
}

export interface NodeSize {
  readonly width: number
  readonly height: number
}

export interface PlacedNode {
  readonly id: string
  /** Of its upper left corner, in pixels. */
  readonly x: number
  readonly y: number
  /** Its column, from 0. */
  readonly rank: number
}

export interface PlacedEdge<Edge extends GraphEdge> {
  readonly edge: Edge
  /** From the right side of `from` to the left side of `to`; of a call that goes back, from and to the lower sides. */
  readonly points: readonly (readonly [x: number, y: number])[]
  readonly goesBack: boolean
}

export interface Layout<Edge extends GraphEdge> {
  readonly nodes: readonly PlacedNode[]
  readonly edges: readonly PlacedEdge<Edge>[]
  readonly width: number
  readonly height: number
}

const GAP_X = 150
const GAP_Y = 22
/** Of a call that passes a column. */
const LANE = 14
/** Room for calls that go back. */
const BELOW = 46
const SWEEPS = 12

interface Item {
  readonly id: string
  readonly column: number
  readonly height: number
  order: number
  /** Of its middle. */
  y: number
}

/** Edges whose ends are not among `ids` are left out, as are loops. */
export function layOut<Edge extends GraphEdge>(
  ids: readonly string[],
  given: readonly Edge[],
  size: NodeSize,
): Layout<Edge> {
  const known = new Set(ids)
  const edges = given.filter(({ from, to }) => from !== to && known.has(from) && known.has(to))
  const back = goingBack(ids, edges)
  const forward = edges.filter((edge) => !back.has(edge))
  const rank = ranksOf(ids, forward)
  const columns: Item[][] = []
  const items = new Map<string, Item>()
  const add = (id: string, column: number, height: number) => {
    const item = { id, column, height, order: columns[column]?.length ?? 0, y: 0 }
    columns[column] ??= []
    columns[column].push(item)
    items.set(id, item)
  }
  for (const id of ids) add(id, rank.get(id)!, size.height)
  const chains = forward.map((edge, index) => {
    const chain = [edge.from]
    for (let column = rank.get(edge.from)! + 1; column < rank.get(edge.to)!; column++) {
      // No id of a caller's begins so.
      const lane = `\0${index}:${column}`
      add(lane, column, LANE)
      chain.push(lane)
    }
    return [...chain, edge.to].map((id) => items.get(id)!)
  })
  const links = chains.flatMap((chain) => chain.slice(1).map((to, at) => [chain[at]!, to] as const))
  orderColumns(columns, links)
  const height = placeColumns(columns, links)
  const xOf = (column: number) => column * (size.width + GAP_X)
  const nodes = ids.map((id): PlacedNode => {
    const column = rank.get(id)!
    return { id, x: xOf(column), y: items.get(id)!.y - size.height / 2, rank: column }
  })
  const placed = new Map(nodes.map((node) => [node.id, node]))
  const ahead = chains.map((chain, index): PlacedEdge<Edge> => {
    const start = rank.get(forward[index]!.from)!
    const points = chain.flatMap(({ y }, at): [number, number][] => {
      const [left, right] = [xOf(start + at), xOf(start + at) + size.width]
      if (at === 0) return [[right, y]]
      return at === chain.length - 1
        ? [[left, y]]
        : [
            [left, y],
            [right, y],
          ]
    })
    return { edge: forward[index]!, points, goesBack: false }
  })
  const backward = [...back].map((edge): PlacedEdge<Edge> => {
    const bottom = (id: string): [number, number] => {
      const { x, y } = placed.get(id)!
      return [x + size.width / 2, y + size.height]
    }
    return { edge, points: [bottom(edge.from), bottom(edge.to)], goesBack: true }
  })
  return {
    nodes,
    edges: [...ahead, ...backward],
    width: columns.length === 0 ? 0 : xOf(columns.length - 1) + size.width,
    height: height + (back.size > 0 ? BELOW : 0),
  }
}

/** Edges without which there is no cycle: those that lead back to where a walk came from. What nobody calls is walked from first. */
function goingBack<Edge extends GraphEdge>(ids: readonly string[], edges: readonly Edge[]): Set<Edge> {
  const from = Map.groupBy(edges, (edge) => edge.from)
  const called = new Set(edges.map(({ to }) => to))
  const state = new Map<string, 'open' | 'done'>()
  const back = new Set<Edge>()
  for (const root of [...ids.filter((id) => !called.has(id)), ...ids]) {
    if (state.has(root)) continue
    // Not by recursion: a chain may be as long as there are nodes.
    const stack = [{ id: root, next: 0 }]
    state.set(root, 'open')
    while (stack.length > 0) {
      const top = stack.at(-1)!
      const edge = from.get(top.id)?.[top.next++]
      if (edge === undefined) {
        state.set(top.id, 'done')
        stack.pop()
      } else if (state.get(edge.to) === 'open') back.add(edge)
      else if (!state.has(edge.to)) {
        state.set(edge.to, 'open')
        stack.push({ id: edge.to, next: 0 })
      }
    }
  }
  return back
}

/** The longest way to each. */
function ranksOf(ids: readonly string[], forward: readonly GraphEdge[]): ReadonlyMap<string, number> {
  const from = Map.groupBy(forward, (edge) => edge.from)
  const waiting = new Map(ids.map((id) => [id, 0]))
  for (const { to } of forward) waiting.set(to, waiting.get(to)! + 1)
  const rank = new Map(ids.map((id) => [id, 0]))
  const ready = ids.filter((id) => waiting.get(id) === 0)
  for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
    for (const { to } of from.get(id) ?? []) {
      rank.set(to, Math.max(rank.get(to)!, rank.get(id)! + 1))
      waiting.set(to, waiting.get(to)! - 1)
      if (waiting.get(to) === 0) ready.push(to)
    }
  }
  return rank
}

type Links = readonly (readonly [Item, Item])[]

/** Each column by the means of its neighbours' places, forth and back; the best order that was seen stays. */
function orderColumns(columns: readonly Item[][], links: Links): void {
  const before = Map.groupBy(links, ([, to]) => to)
  const after = Map.groupBy(links, ([from]) => from)
  let best = Number.POSITIVE_INFINITY
  let kept: number[][] = []
  const keep = () => {
    const found = crossingsOf(links)
    if (found >= best) return
    best = found
    kept = columns.map((column) => column.map(({ order }) => order))
  }
  keep()
  const items = columns.map((column) => [...column])
  for (let sweep = 0; sweep < SWEEPS && best > 0; sweep++) {
    const forth = sweep % 2 === 0
    for (const column of forth ? items : items.toReversed()) {
      const wanted = new Map(
        column.map((item) => {
          const neighbours = forth
            ? (before.get(item) ?? []).map(([from]) => from)
            : (after.get(item) ?? []).map(([, to]) => to)
          return [item, neighbours.length === 0 ? item.order : mean(neighbours.map(({ order }) => order))]
        }),
      )
      column.sort((a, b) => wanted.get(a)! - wanted.get(b)! || a.order - b.order)
      for (const [order, item] of column.entries()) item.order = order
    }
    keep()
  }
  for (const [index, column] of columns.entries()) {
    for (const [at, item] of column.entries()) item.order = kept[index]![at]!
    column.sort((a, b) => a.order - b.order)
  }
}

function crossingsOf(links: Links): number {
  let count = 0
  for (const side of Map.groupBy(links, ([from]) => from.column).values()) {
    for (const [index, [a, b]] of side.entries()) {
      for (const [c, d] of side.slice(index + 1)) {
        if ((a.order - c.order) * (b.order - d.order) < 0) count++
      }
    }
  }
  return count
}

/** Sets `y` of all; returns the height. */
function placeColumns(columns: readonly Item[][], links: Links): number {
  for (const column of columns) place(column, stacked(column))
  const neighbours = new Map<Item, Item[]>()
  for (const [from, to] of links) {
    neighbours.set(from, [...(neighbours.get(from) ?? []), to])
    neighbours.set(to, [...(neighbours.get(to) ?? []), from])
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (const column of sweep % 2 === 0 ? columns : columns.toReversed()) {
      place(
        column,
        column.map((item) => {
          const ys = (neighbours.get(item) ?? []).map(({ y }) => y)
          return ys.length === 0 ? item.y : mean(ys)
        }),
      )
    }
  }
  const all = columns.flat()
  const top = Math.min(...all.map(({ y, height }) => y - height / 2))
  for (const item of all) item.y -= top
  return all.length === 0 ? 0 : Math.max(...all.map(({ y, height }) => y + height / 2))
}

/** Middles, from 0, one below the other. */
function stacked(column: readonly Item[]): number[] {
  let end = 0
  return column.map(({ height }) => {
    const middle = end + height / 2
    end += height + GAP_Y
    return middle
  })
}

/** As near to where each wants to be as their order and their heights allow: least squares, by pooling those that would overlap. */
function place(column: readonly Item[], wanted: readonly number[]): void {
  const offsets = stacked(column)
  interface Pool {
    sum: number
    count: number
  }
  const pools: Pool[] = []
  for (const [at, want] of wanted.entries()) {
    pools.push({ sum: want - offsets[at]!, count: 1 })
    for (let last = pools.at(-1)!, previous = pools.at(-2); previous !== undefined; previous = pools.at(-2)) {
      if (previous.sum / previous.count <= last.sum / last.count) break
      previous.sum += last.sum
      previous.count += last.count
      pools.pop()
      last = previous
    }
  }
  let at = 0
  for (const { sum, count } of pools) {
    for (let member = 0; member < count; member++, at++) column[at]!.y = sum / count + offsets[at]!
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
