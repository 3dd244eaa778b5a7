/** What changed most, in sentences: who, what, from what to what, and the ways to the traces and to what they have in common. */
import { Link } from '@tanstack/react-router'
import { describeDeviation, formatChange, formatMeasure, verbOf } from '../model/change-words.ts'
import { type Change, isNotable, wentWithAll } from '../model/changes.ts'
import { exactDuration } from '../model/duration.ts'
import { searchLink, tenantLink, whyLink } from '../model/links.ts'
import { narrowed } from '../model/scope.ts'
import { type StatRow, searchesOf } from '../model/stat-rows.ts'
import type { Period, TimeScope } from '../model/time-scope.ts'
import { Sparkline } from '../ui/Sparkline.tsx'
import { StatName } from '../ui/StatName.tsx'
import './Movers.css'

const MOST = 5

export interface MoversProps {
  readonly rows: readonly StatRow[]
  readonly time: TimeScope
  /** Traces in all. */
  readonly all: { readonly before: number; readonly now: number } | undefined
  readonly periods: { readonly range: Period; readonly before: Period } | undefined
}

export function Movers({ rows, time, all, periods }: MoversProps) {
  if (periods === undefined || all === undefined) return undefined
  // Where nothing was before, all is new, and none of it news.
  const compared = rows.some(({ before }) => before.calls > 0)
  const moved = rows
    .flatMap((row) => row.changes.map((change) => ({ row, change })))
    .filter(({ change }) => isNotable(change) && !wentWithAll(change, all))
    .sort((a, b) => b.change.score - a.change.score)
    .slice(0, MOST)
  const minutes = (periods.range.end - periods.range.start + 1) / 60_000
  return (
    <section className="movers" aria-labelledby="movers-title">
      <div className="section-head">
        <h2 id="movers-title">What changed most</h2>
        {compared && <Ranking />}
      </div>
      {!compared ? (
        <p className="muted">Nothing to compare with: the period before has no traces.</p>
      ) : moved.length === 0 ? (
        <p className="muted">
          Nothing that could not be chance: no service and no tenant is much unlike the period before.
        </p>
      ) : (
        <ol>
          {moved.map(({ row, change }) => (
            <li key={`${row.kind}\n${row.key}\n${change.aspect}`} data-worse={change.isWorse}>
              <Mover row={row} change={change} minutes={minutes} time={time} before={periods.before} />
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}

interface MoverProps {
  readonly row: StatRow
  readonly change: Change
  readonly minutes: number
  readonly time: TimeScope
  readonly before: Period
}

function Mover({ row, change, minutes, time, before }: MoverProps) {
  const { aspect } = change
  const which = { rate: 'all', errors: 'failed', duration: 'slow' } as const
  const here = searchesOf(row, row.now, time)[which[aspect]]
  const then = searchesOf(row, row.before, before)[which[aspect]]
  const whole = { ...(row.kind === 'tenant' ? row.scope : narrowed(row.scope, row.own)), ...time }
  return (
    <>
      <span className="mover-name">
        <span className="muted">{row.kind === 'tenant' ? 'Tenant' : 'Service'}</span>
        <StatName
          row={row}
          to={row.kind === 'tenant' ? tenantLink(row.name, time) : searchLink({ ...row.scope, ...time })}
        />
      </span>
      <span className="mover-what">
        {verbOf(change)}
        {aspect === 'duration' && <span className="muted"> (p95)</span>}
      </span>
      <span className="mover-numbers">
        <Link {...searchLink(then)} title="Shows the traces of the period before">
          {formatMeasure(aspect, change.before, minutes)}
        </Link>
        <span aria-hidden="true">→</span>
        <span className="visually-hidden">now </span>
        <Link {...searchLink(here)} className="mover-now">
          {formatMeasure(aspect, change.now, minutes)}
        </Link>
      </span>
      <span className="mover-change" title={describeDeviation(change)}>
        {formatChange(change)}
      </span>
      <Sparkline values={row.series} />
      <span className="mover-why">
        {aspect === 'errors' && change.isWorse && (
          <Link {...whyLink(whole, { by: 'error' })}>Why do these fail?</Link>
        )}
        {aspect === 'duration' && change.isWorse && (
          <Link {...whyLink(whole, { by: 'duration', threshold: exactDuration(change.before) })}>
            Why are these slow?
          </Link>
        )}
      </span>
    </>
  )
}

/** How the list is ordered. */
function Ranking() {
  return (
    <details className="ranking">
      <summary>How is this ranked?</summary>
      <p>
        By how unusual a change is times how large it is; what got worse counts twice. Unusual: how many
        standard errors lie between now and before (10 or more count as certain; below 3 it may be chance, and
        is left out). Large: four times as much traffic or duration, or 10 points more errors, count in full.
        Traffic that always varies must change more to be unusual, and where it only goes as that of all does,
        the figures above say so.
      </p>
    </details>
  )
}
