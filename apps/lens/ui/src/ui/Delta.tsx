/**
 * How a number differs from the period before: an arrow and the size of it, in the colour of errors when it is worse and hardly chance. A link to
 * the traces of the period before.
 */
import { Link } from '@tanstack/react-router'
import { describeDeviation, formatChange, formatMeasure } from '../model/change-words.ts'
import { type Change, isNotable } from '../model/changes.ts'
import { searchLink } from '../model/links.ts'
import type { SearchState } from '../model/search-state.ts'
import './Delta.css'

export interface DeltaProps {
  readonly change: Change | undefined
  /** Of a period: rates are by the minute. */
  readonly minutes: number
  /** The traces of the period before. */
  readonly search: SearchState
  /** Also what may well be chance. */
  readonly always?: boolean
}

export function Delta({ change, minutes, search, always = false }: DeltaProps) {
  if (change === undefined) return undefined
  const notable = isNotable(change)
  if (!notable && !always) return undefined
  const { aspect, before, now, isWorse } = change
  const was = formatMeasure(aspect, before, minutes)
  const arrow = now > before ? '▲' : now < before ? '▼' : ''
  return (
    <Link
      {...searchLink(search)}
      className="delta"
      data-tone={notable ? (isWorse ? 'worse' : 'better') : 'chance'}
      title={`${was} in the period before: ${
        notable ? describeDeviation(change) : 'a difference that may well be chance'
      }. Shows the traces of then.`}
    >
      <span aria-hidden="true">{arrow}</span>
      <span className="visually-hidden">
        {now > before ? 'up' : 'down'} from {was},{' '}
      </span>
      {formatChange(change)}
    </Link>
  )
}
