/** A table of the home page, by service or by tenant: what changed most on top. */
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { searchLink, tenantLink, tenantsLink } from '../model/links.ts'
import { byImportance, type StatRow } from '../model/stat-rows.ts'
import type { Period, TimeScope } from '../model/time-scope.ts'
import { Failed } from '../ui/Failed.tsx'
import { StatName } from '../ui/StatName.tsx'
import { StatTable } from '../ui/StatTable.tsx'

const FIRST = 8

export interface BreakdownProps {
  readonly title: string
  readonly of: 'service' | 'tenant'
  readonly rows: readonly StatRow[] | undefined
  /** How many there are, of which `rows` are the busiest. */
  readonly total: number | undefined
  readonly time: TimeScope
  readonly period: Period | undefined
  readonly before: Period | undefined
  readonly failure: Error | null
  readonly again: () => void
}

export function Breakdown(props: BreakdownProps) {
  const { title, of, rows, total, time, period, before, failure, again } = props
  const [all, setAll] = useState(false)
  const sorted = byImportance(rows ?? [])
  return (
    <section aria-label={title}>
      <div className="section-head">
        <h2>{title}</h2>
        <span className="muted">
          {of === 'tenant' ? (
            <Link {...tenantsLink(time)}>All {total?.toLocaleString()} tenants</Link>
          ) : (
            sorted.length > FIRST && (
              <button type="button" className="button quiet small" onClick={() => setAll(!all)}>
                {all ? 'Show fewer' : `Show all ${sorted.length.toLocaleString()}`}
              </button>
            )
          )}
        </span>
      </div>
      {failure !== null && <Failed title={`${title} could not be loaded`} error={failure} again={again} />}
      {rows === undefined && failure === null && <p className="muted">Counting…</p>}
      {period !== undefined && before !== undefined && (
        <StatTable
          label={title}
          head={
            <>
              <th scope="col">{of === 'service' ? 'Service' : 'Tenant'}</th>
              <th scope="col" className="stat-spark">
                <span className="visually-hidden">Over time</span>
              </th>
              <th scope="col">{of === 'service' ? 'Calls' : 'Requests'}</th>
              <th scope="col">{of === 'service' ? 'Failed' : 'With errors'}</th>
              <th scope="col" title="95 % take at most so long">
                p95
              </th>
            </>
          }
          rows={all ? sorted : sorted.slice(0, FIRST)}
          name={(row) => (
            <StatName
              row={row}
              to={of === 'tenant' ? tenantLink(row.name, time) : searchLink({ ...row.scope, ...time })}
            />
          )}
          time={time}
          before={before}
          minutes={(period.end - period.start + 1) / 60_000}
        />
      )}
    </section>
  )
}
