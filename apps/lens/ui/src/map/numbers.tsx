/** Calls, failures and durations of a node or an edge: each of these numbers with the traces behind it. */
import { Link } from '@tanstack/react-router'
import { formatRate, formatShare } from '../model/amounts.ts'
import { formatDuration } from '../model/duration.ts'
import { searchLink } from '../model/links.ts'
import type { Which } from '../model/map-search.ts'
import type { SearchState } from '../model/search-state.ts'

export interface NumbersProps {
  readonly calls: number
  readonly failed: number
  readonly p95DurationNano: number | null
  readonly perMinute: number
  readonly searchFor: (which?: Which) => SearchState
}

export function Calls({ calls, perMinute, searchFor }: NumbersProps) {
  const rate = formatRate(calls * perMinute)
  return calls === 0 ? <span>{rate}</span> : <Link {...searchLink(searchFor())}>{rate}</Link>
}

export function FailedShare({ calls, failed, searchFor }: NumbersProps) {
  const share = formatShare(calls === 0 ? null : failed / calls)
  return failed === 0 ? (
    <span>{share}</span>
  ) : (
    <Link {...searchLink(searchFor('failed'))} data-failed={true}>
      {share}
    </Link>
  )
}

export function Longest({ p95DurationNano, searchFor }: NumbersProps) {
  return p95DurationNano === null ? (
    <span className="muted">–</span>
  ) : (
    <Link {...searchLink(searchFor(p95DurationNano))} title="95 % take at most so long: shows the others">
      {formatDuration(p95DurationNano)}
    </Link>
  )
}
