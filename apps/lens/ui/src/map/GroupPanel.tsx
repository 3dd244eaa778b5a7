/** What a node that stands for several is made of: each with its numbers, busiest first, and the way to see them apart. */
import type { MapNode } from 'rustok-lens/contract'
import { formatRate, formatShare } from '../model/amounts.ts'
import { formatDuration } from '../model/duration.ts'
import { Icon } from '../ui/Icon.tsx'
import { NodeName } from './NodeName.tsx'

export interface GroupPanelProps {
  readonly group: MapNode
  readonly members: readonly MapNode[]
  readonly perMinute: number
  readonly choose: (id: string | undefined) => void
  /** Draws each of the members. */
  readonly takeApart: () => void
}

export function GroupPanel({ group, members, perMinute, choose, takeApart }: GroupPanelProps) {
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
          {members.map((member) => (
            <li key={member.id}>
              <button
                type="button"
                className="map-panel-name"
                title={member.name}
                onClick={() => choose(member.id)}
              >
                <NodeName node={member} />
              </button>
              <span>{formatRate(member.calls * perMinute)}</span>
              <span data-failed={member.failed > 0}>
                {formatShare(member.calls === 0 ? null : member.failed / member.calls)}
              </span>
              <span title="95 % take at most so long">
                {member.p95DurationNano === null ? '–' : formatDuration(member.p95DurationNano)}
              </span>
            </li>
          ))}
        </ul>
      </section>
    </aside>
  )
}
