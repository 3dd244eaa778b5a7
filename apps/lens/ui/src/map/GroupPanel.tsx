/** What a node that stands for several is made of: each with its numbers, busiest first, and the way to see them apart. */
import type { MapNode } from 'rustok-lens/contract'
import { formatRate, formatShare } from '../model/amounts.ts'
import { nodeSearch } from '../model/map-search.ts'
import type { SearchState } from '../model/search-state.ts'
import { Icon } from '../ui/Icon.tsx'
import { NodeName } from './NodeName.tsx'
import { Calls, FailedShare, Longest, type NumbersProps } from './numbers.tsx'

export interface GroupPanelProps {
  readonly group: MapNode
  readonly members: readonly MapNode[]
  readonly perMinute: number
  readonly state: SearchState
  readonly choose: (id: string | undefined) => void
  /** Draws each of the members. */
  readonly takeApart: () => void
}

export function GroupPanel({ group, members, perMinute, state, choose, takeApart }: GroupPanelProps) {
  return (
    <aside className="map-panel" aria-label="Chosen node">
      <header>
        <h2>
          <NodeName node={group} />
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
        Drawn as one, for they have the same neighbours
        {group.calls > 0 &&
          `: ${formatRate(group.calls * perMinute)} in all, ${formatShare(group.failed / group.calls)} failed`}
        .
      </p>
      <p className="map-panel-links">
        <button type="button" className="button small" onClick={takeApart}>
          Draw each of them
        </button>
      </p>
      <section>
        <h3>Busiest first</h3>
        <ul>
          {members.map((member) => {
            const numbers: NumbersProps = {
              ...member,
              perMinute,
              searchFor: (which) => nodeSearch(state, member, which),
            }
            return (
              <li key={member.id}>
                <button
                  type="button"
                  className="map-panel-name"
                  title={member.name}
                  onClick={() => choose(member.id)}
                >
                  <NodeName node={member} />
                </button>
                <Calls {...numbers} />
                <FailedShare {...numbers} />
                <Longest {...numbers} />
              </li>
            )
          })}
        </ul>
      </section>
    </aside>
  )
}
