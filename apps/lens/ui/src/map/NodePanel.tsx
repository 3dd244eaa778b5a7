/** What is known of the chosen node: who calls it, what it calls, and the ways to its traces. */
import { Link } from '@tanstack/react-router'
import type { MapEdge, MapNode } from 'rustok-lens/contract'
import { formatRate, formatShare } from '../model/amounts.ts'
import { formatDuration } from '../model/duration.ts'
import { searchLink, whyLink } from '../model/links.ts'
import { edgeSearch, neighboursOf, nodeSearch } from '../model/map-search.ts'
import type { SearchState } from '../model/search-state.ts'
import { Icon } from '../ui/Icon.tsx'
import { KINDS, NodeName } from './NodeName.tsx'
import { Calls, FailedShare, Longest, type NumbersProps } from './numbers.tsx'

export interface NodePanelProps {
  readonly node: MapNode
  readonly nodes: ReadonlyMap<string, MapNode>
  readonly edges: readonly MapEdge[]
  readonly perMinute: number
  readonly state: SearchState
  readonly choose: (id: string | undefined) => void
}

export function NodePanel({ node, nodes, edges, perMinute, state, choose }: NodePanelProps) {
  const { callers, called } = neighboursOf(node.id, edges)
  const search = nodeSearch(state, node)
  const lists = [
    { title: 'Called by', edges: callers, other: 'from' },
    { title: 'Calls', edges: called, other: 'to' },
  ] as const
  return (
    <aside className="map-panel" aria-label="Chosen node">
      <header>
        <h2>
          <NodeName node={node} />
        </h2>
        <button
          type="button"
          className="button quiet icon small"
          aria-label="Close"
          title="Close (Esc)"
          onClick={() => choose(undefined)}
        >
          <Icon name="cross" size={12} />
        </button>
      </header>
      <p className="muted">
        {KINDS[node.kind]}
        {node.calls > 0 &&
          `, ${formatRate(node.calls * perMinute)}, ${formatShare(node.failed / node.calls)} failed`}
        {node.p95DurationNano !== null && `, 95 % within ${formatDuration(node.p95DurationNano)}`}
      </p>
      <p className="map-panel-links">
        <Link {...searchLink(search)}>Its traces</Link>
        {node.failed > 0 && (
          <Link {...searchLink(nodeSearch(state, node, 'failed'))}>Those that failed here</Link>
        )}
        {node.failed > 0 && <Link {...whyLink(search, { by: 'error' })}>Why do some fail?</Link>}
      </p>
      {lists.map(
        ({ title, edges, other }) =>
          edges.length > 0 && (
            <section key={title}>
              <h3>{title}</h3>
              <ul>
                {edges.map((edge) => {
                  const numbers: NumbersProps = {
                    ...edge,
                    perMinute,
                    searchFor: (which) =>
                      edgeSearch(state, nodes.get(edge.from)!, nodes.get(edge.to)!, which),
                  }
                  return (
                    <li key={edge[other]}>
                      <button type="button" className="map-panel-name" onClick={() => choose(edge[other])}>
                        <NodeName node={nodes.get(edge[other])!} />
                      </button>
                      <Calls {...numbers} />
                      <FailedShare {...numbers} />
                      <Longest {...numbers} />
                    </li>
                  )
                })}
              </ul>
            </section>
          ),
      )}
    </aside>
  )
}
