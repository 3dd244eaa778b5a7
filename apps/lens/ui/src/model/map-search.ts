/** The searches behind what the map shows: the traces that went through a node or over an edge, within what the map is of. */
import type { MapEdge, MapNode } from 'rustok-lens/contract'
import { exactDuration } from './duration.ts'
import { attributeName, equals, withCondition } from './query-text.ts'
import type { SearchState } from './search-state.ts'

/** Of a target, spans that say they call it, or take from it. */
function nodeCondition({ name, attribute }: MapNode): string {
  return attribute === null
    ? equals('service', name)
    : equals(attributeName('span', attribute.key), attribute.value)
}

/** Which of the spans: those that failed, or of at least so many nanoseconds; without it all of them. */
export type Which = 'failed' | number

function spansOf(which: Which | undefined, ...conditions: readonly string[]): string {
  const last =
    which === undefined ? [] : [which === 'failed' ? 'status = error' : `duration >= ${exactDuration(which)}`]
  return `{ ${[...conditions, ...last].join(' and ')} }`
}

export function nodeSearch(state: SearchState, node: MapNode, which?: Which): SearchState {
  return narrowed(ordered(state, which), spansOf(which, nodeCondition(node)))
}

/** Between services, traces that have spans of both; it is the called one that failed, or took so long. */
export function edgeSearch(state: SearchState, from: MapNode, to: MapNode, which?: Which): SearchState {
  const [service, target] = from.kind === 'service' ? [from, to] : [to, from]
  if (target.kind === 'service')
    return narrowed(
      ordered(state, which),
      spansOf(undefined, nodeCondition(from)),
      spansOf(which, nodeCondition(to)),
    )
  return narrowed(ordered(state, which), spansOf(which, nodeCondition(service), nodeCondition(target)))
}

/** The slow ones, the longest first; all others as searches are. */
function ordered({ order: _order, ...state }: SearchState, which: Which | undefined): SearchState {
  return typeof which === 'number' ? { ...state, order: 'longest' } : state
}

function narrowed(state: SearchState, ...conditions: readonly string[]): SearchState {
  const { within: _within, live: _live, rate: _rate, ...rest } = state
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
