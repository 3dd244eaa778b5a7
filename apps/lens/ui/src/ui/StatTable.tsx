/**
 * A table of services, operations, tenants or users: traffic, errors and durations, each with its change, each a link to the traces behind it. The
 * page gives the head's cells, so that it may sort by them, and the order of the rows.
 */
import { Link } from '@tanstack/react-router'
import { memo, type ReactNode } from 'react'
import { formatCount, formatRate, formatShare } from '../model/amounts.ts'
import type { Aspect } from '../model/changes.ts'
import { formatDuration } from '../model/duration.ts'
import { searchLink } from '../model/links.ts'
import { type RowSearches, type StatRow, searchesOf } from '../model/stat-rows.ts'
import type { Period, TimeScope } from '../model/time-scope.ts'
import { Delta } from './Delta.tsx'
import { Sparkline } from './Sparkline.tsx'
import './StatTable.css'

export interface StatTableProps {
  readonly label: string
  /** The heads of the columns, with their `<th>`. */
  readonly head: ReactNode
  readonly rows: readonly StatRow[]
  /** The cell that names the row. */
  readonly name: (row: StatRow) => ReactNode
  /** Further cells. */
  readonly more?: (row: StatRow) => ReactNode
  readonly time: TimeScope
  readonly before: Period
  readonly minutes: number
  /** With the median and the 99th percentile beside the 95th. */
  readonly percentiles?: boolean
  /** Shows changes that may well be chance, too. */
  readonly allChanges?: boolean
}

export function StatTable(props: StatTableProps) {
  const { label, head, rows, name, more, ...rest } = props
  // Where nothing was before, all is new, and none of it news.
  const compared = rows.some(({ before }) => before.calls > 0)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <section className="stat-table-scroll" aria-label={`${label}, table`} tabIndex={0}>
      <table className="stat-table" aria-label={label}>
        <thead>
          <tr>{head}</tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key} data-silent={row.now.calls === 0}>
              <th scope="row">{name(row)}</th>
              <StatCells row={row} compared={compared} {...rest} />
              {more?.(row)}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

type StatCellsProps = Pick<StatTableProps, 'time' | 'before' | 'minutes' | 'percentiles' | 'allChanges'> & {
  readonly row: StatRow
  readonly compared: boolean
}

const StatCells = memo(function StatCells({ row, compared, ...props }: StatCellsProps) {
  const { now } = row
  const { time, before, minutes, percentiles = false, allChanges = false } = props
  const here = searchesOf(row, now, time)
  const then = searchesOf(row, row.before, before)
  const delta = (aspect: Aspect, search: RowSearches[keyof RowSearches]) => (
    <Delta
      change={compared ? row.changes.find((change) => change.aspect === aspect) : undefined}
      minutes={minutes}
      search={search}
      always={allChanges}
    />
  )
  const duration = (nanos: number | null) =>
    nanos === null ? (
      <span className="muted">–</span>
    ) : (
      <Link {...searchLink(searchesOf(row, { ...now, p95: nanos }, time).slow)}>{formatDuration(nanos)}</Link>
    )
  return (
    <>
      <td className="stat-spark">
        <Sparkline values={row.series} />
      </td>
      <td>
        <Link {...searchLink(here.all)} title={`${formatCount(now.calls)} in all`}>
          {formatRate(now.calls / minutes)}
        </Link>
        {delta('rate', then.all)}
      </td>
      <td data-failed={now.failed > 0}>
        {now.calls === 0 ? (
          <span className="muted">–</span>
        ) : (
          <Link
            {...searchLink(here.failed)}
            title={`${formatCount(now.failed)} of ${formatCount(now.calls)}`}
          >
            {formatShare(now.failed / now.calls)}
          </Link>
        )}
        {delta('errors', then.failed)}
      </td>
      {percentiles && <td className="stat-wide">{duration(now.p50)}</td>}
      <td>
        {duration(now.p95)}
        {delta('duration', then.slow)}
      </td>
      {percentiles && <td className="stat-wide">{duration(now.p99)}</td>}
    </>
  )
})
