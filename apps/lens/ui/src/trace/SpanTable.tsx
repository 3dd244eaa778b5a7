/**
 * The trace summed up: operations or services with count, total, self time and what the answer waited for. A row's name leads to its spans in the
 * waterfall, its longest and its failed ones to the span itself.
 */
import { type KeyboardEvent, useMemo, useState } from 'react'
import { formatDuration } from '../model/duration.ts'
import { services } from '../model/service-palette.ts'
import {
  type GroupedBy,
  type SpanGroup,
  sortedGroups,
  spanGroups,
  type TableColumn,
  type TableSort,
} from '../model/span-groups.ts'
import type { TraceModel } from '../model/trace-model.ts'
import { Text } from '../ui/Text.tsx'
import './SpanTable.css'

export interface SpanTableProps {
  readonly model: TraceModel
  readonly by: GroupedBy
  readonly sort: TableSort
  readonly setBy: (by: GroupedBy) => void
  readonly setSort: (sort: TableSort) => void
  /** Shows the group's spans alone. */
  readonly filter: (group: SpanGroup) => void
  readonly select: (span: number) => void
}

const HEADS: readonly { readonly column: TableColumn; readonly label: string; readonly meaning: string }[] = [
  { column: 'count', label: 'Count', meaning: 'Spans' },
  { column: 'errors', label: 'Errors', meaning: 'Failed spans' },
  {
    column: 'self',
    label: 'Self time',
    meaning: 'Time in which the spans ran and none of their children did',
  },
  { column: 'path', label: 'On the path', meaning: 'What the answer waited for: together, the whole of it' },
  {
    column: 'total',
    label: 'Total',
    meaning: 'All durations together; what runs at once counts more than once',
  },
  { column: 'median', label: 'Median', meaning: 'Half of the spans took at most this' },
  { column: 'max', label: 'Longest', meaning: 'The longest span' },
]

/** Traces with more operations than this have names with numbers in them, and nobody reads them to the end. */
const AT_ONCE = 200

export function SpanTable({ model, by, sort, setBy, setSort, filter, select }: SpanTableProps) {
  const groups = useMemo(() => spanGroups(model, by), [model, by])
  const sorted = useMemo(() => sortedGroups(groups, sort, model.services), [groups, sort, model.services])
  const [shown, setShown] = useState(AT_ONCE)
  const sums = useMemo(
    () => ({
      self: Math.max(
        1,
        groups.reduce((sum, group) => sum + group.self, 0),
      ),
      path: Math.max(
        1,
        groups.reduce((sum, group) => sum + group.path, 0),
      ),
      mostSelf: groups.reduce((most, group) => Math.max(most, group.self), 1),
    }),
    [groups],
  )
  const sortBy = (column: TableColumn) =>
    setSort({ column, ascending: sort.column === column ? !sort.ascending : column === 'name' })
  const head = (column: TableColumn, label: string, meaning: string) => (
    <th
      key={column}
      scope="col"
      aria-sort={sort.column === column ? (sort.ascending ? 'ascending' : 'descending') : 'none'}
    >
      <button type="button" title={meaning} onClick={() => sortBy(column)}>
        {label}
        <span aria-hidden="true">{sort.column === column ? (sort.ascending ? '↑' : '↓') : ''}</span>
      </button>
    </th>
  )
  return (
    <section className="span-table-view" aria-label="Span table">
      <div className="span-table-by">
        <fieldset className="view-switch">
          <legend className="visually-hidden">Rows</legend>
          {(['operation', 'service'] as const).map((name) => (
            <label key={name}>
              <input type="radio" name="span-table-by" checked={by === name} onChange={() => setBy(name)} />
              <span>{name === 'operation' ? 'By operation' : 'By service'}</span>
            </label>
          ))}
        </fieldset>
        <span className="muted">
          {groups.length.toLocaleString()}{' '}
          {by === 'operation'
            ? groups.length === 1
              ? 'operation'
              : 'operations'
            : groups.length === 1
              ? 'service'
              : 'services'}
        </span>
      </div>
      <table className="span-table" onKeyDown={moveBetweenRows}>
        <caption className="visually-hidden">Spans by {by}; a name shows its spans in the waterfall</caption>
        <thead>
          <tr>
            {head('name', by === 'operation' ? 'Operation' : 'Service', 'By name')}
            {HEADS.map(({ column, label, meaning }) => head(column, label, meaning))}
          </tr>
        </thead>
        <tbody>
          {sorted.slice(0, shown).map((group) => {
            const service = model.services[group.service]!.name
            return (
              <tr key={group.first}>
                <th scope="row">
                  <button
                    type="button"
                    className="span-table-name"
                    title={group.count === 1 ? 'Show this span' : 'Show only these in the waterfall'}
                    onClick={() => filter(group)}
                  >
                    <span className="service-dot" style={{ background: services.colorOf(service) }} />
                    <span className="truncate">
                      <Text>{by === 'operation' ? group.name : service}</Text>
                    </span>
                    {by === 'operation' && (
                      <span className="muted truncate">
                        <Text>{service}</Text>
                      </span>
                    )}
                  </button>
                </th>
                <td>{group.count.toLocaleString()}</td>
                <td data-failed={group.errors > 0}>
                  {group.errors === 0 ? (
                    <span className="muted">–</span>
                  ) : (
                    <button
                      type="button"
                      title="Show the first that failed"
                      onClick={() => select(firstFailed(model, group, by))}
                    >
                      {group.errors.toLocaleString()}
                    </button>
                  )}
                </td>
                <td className="span-table-self">
                  <span className="span-table-lane" aria-hidden="true">
                    <i
                      style={{
                        width: `${(group.self / sums.mostSelf) * 100}%`,
                        background: services.colorOf(service),
                      }}
                    />
                  </span>
                  <span>{formatDuration(group.self)}</span>
                  <span className="muted">{percent(group.self / sums.self)}</span>
                </td>
                <td>{group.path === 0 ? <span className="muted">–</span> : formatDuration(group.path)}</td>
                <td>{formatDuration(group.total)}</td>
                <td>{formatDuration(group.median)}</td>
                <td>
                  <button type="button" title="Show the longest" onClick={() => select(group.longest)}>
                    {formatDuration(group.max)}
                  </button>
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
      {sorted.length > shown && (
        <p className="span-table-more">
          <button type="button" className="button" onClick={() => setShown(shown + 5 * AT_ONCE)}>
            Show {Math.min(5 * AT_ONCE, sorted.length - shown).toLocaleString()} more
          </button>
        </p>
      )}
    </section>
  )
}

function firstFailed(model: TraceModel, group: SpanGroup, by: GroupedBy): number {
  const isOf = (span: number) =>
    model.service[span] === group.service && (by === 'service' || model.spans[span]!.name === group.name)
  return model.failedOrder.find(isOf) ?? group.first
}

/** Up and down go from name to name. */
function moveBetweenRows(event: KeyboardEvent<HTMLTableElement>): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
  const names = [...event.currentTarget.querySelectorAll<HTMLElement>('.span-table-name')]
  const row = (event.target as Element).closest('tr')?.querySelector<HTMLElement>('.span-table-name')
  const here = row == null ? -1 : names.indexOf(row)
  const next = names[here + (event.key === 'ArrowDown' ? 1 : -1)]
  if (next === undefined) return
  event.preventDefault()
  next.focus()
}

function percent(share: number): string {
  if (share > 0 && share < 0.01) return '<1%'
  return `${Math.round(share * 100)}%`
}
