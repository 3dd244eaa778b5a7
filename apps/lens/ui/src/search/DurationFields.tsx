/** The shortest and the longest duration, as typed: what is no duration is said, and not asked. */
import { useEffect, useState } from 'react'
import { formatDuration, parseDuration } from '../model/duration.ts'
import type { FieldProblem, SearchState } from '../model/search-state.ts'
import type { ChangeSearch } from './change-search.ts'

export interface DurationFieldsProps {
  readonly state: SearchState
  readonly change: ChangeSearch
  readonly problems: readonly FieldProblem[]
}

export function DurationFields({ state, change, problems }: DurationFieldsProps) {
  const problem = problems[0]
  return (
    <fieldset className="filter-duration" aria-label="Duration">
      <span className="combo-label" aria-hidden="true">
        Duration
      </span>
      {(['minDuration', 'maxDuration'] as const).map((field) => (
        <DurationField
          key={field}
          field={field}
          value={state[field] ?? ''}
          change={change}
          invalid={problem?.field === field}
        />
      ))}
      {problem !== undefined && (
        <p id="duration-problem" className="filter-problem" role="alert">
          {problem.message}
        </p>
      )}
    </fieldset>
  )
}

interface DurationFieldProps {
  readonly field: 'minDuration' | 'maxDuration'
  readonly value: string
  readonly change: ChangeSearch
  readonly invalid: boolean
}

function DurationField({ field, value, change, invalid }: DurationFieldProps) {
  const [typed, setTyped] = useState(value)
  const [isFocused, setFocused] = useState(false)
  useEffect(() => setTyped(value), [value])
  const commit = () => {
    const next = typed.trim()
    if (next !== value) change({ [field]: next === '' ? undefined : next })
  }
  return (
    <input
      className="filter-duration-input"
      aria-label={field === 'minDuration' ? 'Shortest duration' : 'Longest duration'}
      aria-invalid={invalid}
      aria-describedby={invalid ? 'duration-problem' : undefined}
      placeholder={field === 'minDuration' ? 'min' : 'max'}
      title={value === '' ? 'As 250us, 150ms, 1.5s, 2m' : value}
      autoComplete="off"
      value={isFocused || typed.length < 9 ? typed : rounded(typed)}
      onFocus={() => setFocused(true)}
      onChange={(event) => setTyped(event.target.value)}
      onBlur={() => {
        setFocused(false)
        commit()
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter') commit()
      }}
    />
  )
}

/** A bound from the heatmap has all its digits, which nobody reads: they are there when one edits it. */
function rounded(typed: string): string {
  const nanos = parseDuration(typed)
  return nanos === undefined ? typed : formatDuration(nanos)
}
