/** When: a lookback from now, or a range of two local times. */
import { type FormEvent, type KeyboardEvent, useRef, useState } from 'react'
import { DEFAULT_LOOKBACK, describeRange, LOOKBACKS, type SearchState } from '../model/search-state.ts'
import { fromDateInput, toDateInput } from '../model/time.ts'
import { Icon } from '../ui/Icon.tsx'
import type { ChangeSearch } from './change-search.ts'
import './TimeRange.css'

export interface TimeRangeProps {
  readonly state: SearchState
  readonly change: ChangeSearch
  readonly now: number
}

export function TimeRange({ state, change, now }: TimeRangeProps) {
  const [open, setOpen] = useState(false)
  const [problem, setProblem] = useState<string>()
  const opener = useRef<HTMLButtonElement>(null)
  const custom = state.start !== undefined && state.end !== undefined
  const lookback = state.lookback ?? DEFAULT_LOOKBACK
  const label = describeRange(state, now)

  const close = () => {
    setOpen(false)
    setProblem(undefined)
    opener.current?.focus()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && open) close()
  }
  const apply = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const fields = new FormData(event.currentTarget)
    const start = fromDateInput(String(fields.get('from')))
    const end = fromDateInput(String(fields.get('to')))
    if (start === undefined || end === undefined) return setProblem('Both ends need a date and a time')
    if (start >= end) return setProblem('The end is not after the start')
    change({ start, end, lookback: undefined })
    close()
  }
  return (
    <div className="time-range">
      <button
        ref={opener}
        type="button"
        className="button"
        aria-label={`Time range: ${label}`}
        aria-expanded={open}
        aria-haspopup="dialog"
        onClick={() => setOpen(!open)}
        onKeyDown={onKeyDown}
      >
        <span>{label}</span>
        <Icon name="down" />
      </button>
      {open && (
        <>
          <div className="time-range-away" aria-hidden="true" onClick={() => setOpen(false)} />
          <div
            className="time-range-pop"
            role="dialog"
            aria-label="Time range"
            onKeyDown={onKeyDown}
            onBlur={(event) => {
              if (
                event.relatedTarget !== null &&
                !event.currentTarget.parentElement?.contains(event.relatedTarget)
              )
                setOpen(false)
            }}
          >
            <div className="time-range-list">
              {LOOKBACKS.map((known) => (
                <button
                  key={known.value}
                  type="button"
                  aria-pressed={!custom && lookback === known.value}
                  onClick={() => {
                    change({ lookback: known.value, start: undefined, end: undefined })
                    close()
                  }}
                >
                  {known.label}
                  {!custom && lookback === known.value && <Icon name="check" />}
                </button>
              ))}
            </div>
            <form onSubmit={apply}>
              <label>
                <span className="label">From</span>
                <input
                  className="field"
                  type="datetime-local"
                  step="1"
                  name="from"
                  defaultValue={toDateInput(state.start ?? now - 3_600_000)}
                />
              </label>
              <label>
                <span className="label">To</span>
                <input
                  className="field"
                  type="datetime-local"
                  step="1"
                  name="to"
                  defaultValue={toDateInput(state.end ?? now)}
                />
              </label>
              {problem !== undefined && (
                <p role="alert" className="time-range-problem">
                  {problem}
                </p>
              )}
              <button type="submit" className="button primary">
                Use this range
              </button>
            </form>
          </div>
        </>
      )}
    </div>
  )
}
