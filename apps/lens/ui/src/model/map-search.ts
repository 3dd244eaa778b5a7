/** The searches behind what the map shows: the traces that went through a node or over an edge, within what the map is of. */
import type { MapEdge, MapNode } from 'rustok-lens/contract'
import { attributeName, equals, withCondition } from './query-text.ts'
import type { SearchState } from './search-state.ts'

/** Of a target, spans that say they call it, or take from it. */
function nodeCondition({ name, attribute }: MapNode): string {
  return attribute === null
    ? equals('service', name)
    : equals(attributeName('span', attribute.key), attribute.value)
}

export function nodeSearch(state: SearchState, node: MapNode): SearchState {
  return narrowed(state, `{ ${nodeCondition(node)} }`)
}

export function failedNodeSearch(state: SearchState, node: MapNode): SearchState {
  return narrowed(state, `{ ${nodeCondition(node)} and status = error }`)
}

/** Between services, traces that have spans of both. */
export function edgeSearch(state: SearchState, from: MapNode, to: MapNode): SearchState {
  const [service, target] = from.kind === 'service' ? [from, to] : [to, from]
  if (target.kind === 'service')
    return narrowed(state, `{ ${nodeCondition(from)} }`, `{ ${nodeCondition(to)} }`)
  return narrowed(state, `{ ${nodeCondition(service)} and ${nodeCondition(target)} }`)
}

function narrowed(state: SearchState, ...conditions: readonly string[]): SearchState {
  const { within: _within, order: _order, live: _live, rate: _rate, ...rest } = state
  return { ...rest, query: conditions.reduce<string | undefined>(withCondition, state.query)! }
}

export interface Neighbours {
  readonly callers: readonly MapEdge[]
  readonly called: readonly MapEdge[]
}

/** Busiest first. */
export function neighboursOf(id: string, edges: readonly MapEdge[]): Neighbours {
  const busiest = (one: MapEdge, other: MapEdge) => other.calls - one.calls
  return {
    callers: edges.filter(({ to }) => to === id).sort(busiest),
    called: edges.filter(({ from }) => from === id).sort(busiest),
  }
}
