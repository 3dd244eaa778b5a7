/** After a rectangle was drawn on the heatmap: what it was cut out of, the way back, and the question that it raises. */
import { Link } from '@tanstack/react-router'
import { whyLink } from '../model/links.ts'
import { describeRange, parseWithin, type SearchState, withFields } from '../model/search-state.ts'
import { Icon } from '../ui/Icon.tsx'
import type { ChangeSearch } from './change-search.ts'
import './SelectionBar.css'

export interface SelectionBarProps {
  readonly state: SearchState
  readonly change: ChangeSearch
  readonly now: number
}

export function SelectionBar({ state, change, now }: SelectionBarProps) {
  const within = state.within === undefined ? undefined : parseWithin(state.within)
  if (within === undefined || state.start === undefined || state.end === undefined) return undefined
  const { start, end, minDuration, maxDuration } = within
  const whole = withFields(state, { start, end, minDuration, maxDuration, within: undefined })
  const selection = {
    by: 'selection',
    start: state.start,
    end: state.end,
    ...(state.minDuration === undefined ? {} : { minDuration: state.minDuration }),
    ...(state.maxDuration === undefined ? {} : { maxDuration: state.maxDuration }),
  } as const
  return (
    <p className="selection-bar">
      <span>
        <Icon name="filter" size={12} /> Selected on the heatmap, out of {describeRange(whole, now)}
      </span>
      <Link className="button small" {...whyLink(whole, selection)}>
        Why are these different?
      </Link>
      <button
        type="button"
        className="button quiet small"
        onClick={() => change({ start, end, minDuration, maxDuration, within: undefined })}
      >
        <Icon name="back" size={12} />
        Show all again
      </button>
    </p>
  )
}
