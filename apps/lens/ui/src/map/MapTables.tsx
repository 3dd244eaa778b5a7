/** The map as tables, for who cannot or need not look at a drawing: busiest first, each number with the traces behind it. */
import { Link } from '@tanstack/react-router'
import type { MapNode, MapResponse } from 'rustok-lens/contract'
import { searchLink } from '../model/links.ts'
import { edgeSearch, nodeSearch } from '../model/map-search.ts'
import type { SearchState } from '../model/search-state.ts'
import { NodeName } from './NodeName.tsx'
import { Calls, FailedShare, Longest, type NumbersProps } from './numbers.tsx'
import '../ui/StatTable.css'

export interface MapTablesProps {
  readonly data: MapResponse
  readonly nodes: ReadonlyMap<string, MapNode>
  readonly perMinute: number
  readonly state: SearchState
}

export function MapTables({ data, nodes, perMinute, state }: MapTablesProps) {
  const edges = data.edges.toSorted((a, b) => b.calls - a.calls)
  const busiest = data.nodes.toSorted((a, b) => b.calls - a.calls)
  return (
    <div className="map-columns">
      <section>
        <h2>Calls</h2>
        {edges.length === 0 ? (
          <p className="muted">None: no span has a parent in another service, or says what it calls.</p>
        ) : (
          <table className="stat-table map-calls" aria-label="Calls">
            <thead>
              <tr>
                <th scope="col">Caller and called</th>
                <NumberHeads />
              </tr>
            </thead>
            <tbody>
              {edges.map(({ from, to, calls, failed, p95DurationNano }) => {
                const [caller, called] = [nodes.get(from)!, nodes.get(to)!]
                return (
                  <tr key={`${from}\n${to}`}>
                    <th scope="row">
                      <Link {...searchLink(edgeSearch(state, caller, called))} className="map-pair">
                        <NodeName node={caller} /> <span className="visually-hidden">calls</span>
                        <span aria-hidden="true">→</span> <NodeName node={called} />
                      </Link>
                    </th>
                    <Cells
                      {...{ calls, failed, p95DurationNano, perMinute }}
                      searchFor={(which) => edgeSearch(state, caller, called, which)}
                    />
                  </tr>
                )
              })}
            </tbody>
          </table>
        )}
      </section>
      <section>
        <h2>Nodes</h2>
        <table className="stat-table" aria-label="Nodes">
          <thead>
            <tr>
              <th scope="col">Service or what is called</th>
              <NumberHeads />
            </tr>
          </thead>
          <tbody>
            {busiest.map((node) => (
              <tr key={node.id}>
                <th scope="row">
                  <Link {...searchLink(nodeSearch(state, node))}>
                    <NodeName node={node} />
                  </Link>
                </th>
                <Cells
                  calls={node.calls}
                  failed={node.failed}
                  p95DurationNano={node.p95DurationNano}
                  perMinute={perMinute}
                  searchFor={(which) => nodeSearch(state, node, which)}
                />
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  )
}

function Cells(props: NumbersProps) {
  return (
    <>
      <td>
        <Calls {...props} />
      </td>
      <td>
        <FailedShare {...props} />
      </td>
      <td>
        <Longest {...props} />
      </td>
    </>
  )
}

function NumberHeads() {
  return (
    <>
      <th scope="col">Calls</th>
      <th scope="col">Failed</th>
      <th scope="col" title="95 % take at most so long">
        p95
      </th>
    </>
  )
}
