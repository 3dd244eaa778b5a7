/** The question: who (tenant first), what, how it went, how long it took, when. Every field writes to the address. */
import { useNavigate } from '@tanstack/react-router'
import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { traceLink } from '../model/links.ts'
import type { FieldProblem, SearchState } from '../model/search-state.ts'
import { activeFilters } from '../model/search-state.ts'
import { traceIdIn } from '../model/trace-id.ts'
import { Icon } from '../ui/Icon.tsx'
import { FacetCombobox } from './FacetCombobox.tsx'
import type { ChangeSearch } from './SearchPage.tsx'
import { TimeRange } from './TimeRange.tsx'
import './FilterBar.css'

export interface FilterBarProps {
  readonly state: SearchState
  readonly change: ChangeSearch
  readonly refresh: () => void
  readonly refreshing: boolean
  readonly problems: readonly FieldProblem[]
  readonly now: number
}

export function FilterBar({ state, change, refresh, refreshing, problems, now }: FilterBarProps) {
  const [unfolded, setUnfolded] = useState(false)
  const count = activeFilters(state).length
  return (
    <search className="filter-bar" data-unfolded={unfolded}>
      <div className="filter-row">
        <FacetCombobox field="tenant" label="Tenant" state={state} change={change} />
        <TextField text={state.text ?? ''} change={change} />
        <TimeRange state={state} change={change} now={now} />
        <button
          type="button"
          className="button icon"
          aria-label="Search again"
          title="Search again (r)"
          data-busy={refreshing}
          onClick={refresh}
        >
          <Icon name="refresh" />
        </button>
        <button
          type="button"
          className="button filter-fold"
          aria-expanded={unfolded}
          onClick={() => setUnfolded(!unfolded)}
        >
          <Icon name="filter" />
          {count === 0 ? 'Filters' : `Filters (${count})`}
        </button>
      </div>
      <div className="filter-row filter-more">
        <FacetCombobox field="service" label="Service" state={state} change={change} />
        <FacetCombobox field="operation" label="Operation" state={state} change={change} />
        <FacetCombobox field="user" label="User" state={state} change={change} />
        <StatusField state={state} change={change} />
        <DurationFields state={state} change={change} problems={problems} />
      </div>
    </search>
  )
}

function TextField({ text, change }: { readonly text: string; readonly change: ChangeSearch }) {
  const [typed, setTyped] = useState(text)
  const navigate = useNavigate()
  const sent = useRef(text)
  const traceId = traceIdIn(typed)

  // The address is the truth: a link or a removed filter replaces what stands here.
  useEffect(() => {
    if (text === sent.current) return
    sent.current = text
    setTyped(text)
  }, [text])
  useEffect(() => {
    if (typed === sent.current || traceId !== undefined) return
    const timer = setTimeout(() => {
      sent.current = typed.trim() === '' ? '' : typed
      change({ text: sent.current === '' ? undefined : sent.current }, { replace: true })
    }, 350)
    return () => clearTimeout(timer)
  }, [typed, traceId, change])

  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === 'Escape') event.currentTarget.blur()
    if (event.key !== 'Enter') return
    if (traceId !== undefined) void navigate(traceLink(traceId))
    else if (typed !== sent.current) {
      sent.current = typed
      change({ text: typed === '' ? undefined : typed })
    }
  }
  return (
    <div className="filter-text">
      <Icon name="search" />
      <input
        id="search-text"
        className="field"
        type="search"
        aria-label="Text"
        aria-describedby={traceId === undefined ? undefined : 'search-text-hint'}
        placeholder="Text in names, attributes, messages, or a trace id"
        autoComplete="off"
        spellCheck={false}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={onKeyDown}
      />
      {traceId === undefined ? (
        typed === '' && <kbd title="Press / to search">/</kbd>
      ) : (
        <span id="search-text-hint" className="filter-text-hint">
          <kbd>Enter</kbd> opens the trace
        </span>
      )}
    </div>
  )
}

const STATUSES = [
  { value: undefined, label: 'Any' },
  { value: 'error', label: 'Errors' },
  { value: 'ok', label: 'OK' },
] as const

function StatusField({ state, change }: { readonly state: SearchState; readonly change: ChangeSearch }) {
  return (
    <fieldset className="segments">
      <legend className="visually-hidden">Status</legend>
      {STATUSES.map(({ value, label }) => (
        <label key={label}>
          <input
            type="radio"
            name="status"
            className="visually-hidden"
            checked={state.status === value}
            onChange={() => change({ status: value })}
          />
          {value === 'error' && <Icon name="error" size={13} />}
          {label}
        </label>
      ))}
    </fieldset>
  )
}

function DurationFields({ state, change, problems }: Pick<FilterBarProps, 'state' | 'change' | 'problems'>) {
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
      title="As 250us, 150ms, 1.5s, 2m"
      autoComplete="off"
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === 'Enter') commit()
      }}
    />
  )
}
