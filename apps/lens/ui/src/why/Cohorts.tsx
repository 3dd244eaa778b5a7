/** Which traces are compared, and how they are split: the failed, the slow from a threshold on, those of a condition, or a selection of the heatmap. */
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { type FormEvent, useMemo, useState } from 'react'
import { durationsOptions } from '../api/compare.ts'
import { inTrace } from '../model/compared-value.ts'
import { exactDuration, formatDuration, parseDuration } from '../model/duration.ts'
import { searchLink, whyLink } from '../model/links.ts'
import { activeFilters, rangeInWords, type SearchState } from '../model/search-state.ts'
import { durationScale, inTwoDigits } from '../model/threshold.ts'
import type { Split, WhyState } from '../model/why-state.ts'
import { Text } from '../ui/Text.tsx'
import { ThresholdChart } from './ThresholdChart.tsx'

/** `{ a = b }` is what a person means by `a = b` of a trace. */
function withoutBraces(condition = ''): string {
  const inner = /^\{ ([^{}]*) \}$/.exec(condition)?.[1]
  return inner ?? condition
}

/** The words for those that are selected. */
export function selectedIn({ split, threshold, where }: WhyState): string {
  if (split === 'filter') return `traces with ${withoutBraces(where)}`
  if (split === 'duration')
    return `traces of ${formatDuration(parseDuration(threshold ?? '') ?? 0)} or longer`
  return split === 'selection' ? 'selected traces' : 'failed traces'
}

export interface CohortsProps {
  readonly state: WhyState
  readonly filter: SearchState
}

export function Cohorts({ state, filter }: CohortsProps) {
  const navigate = useNavigate()
  const durations = useQuery(durationsOptions(filter))
  const [typed, setTyped] = useState<string>()
  const { split = 'error' } = state
  const p95 = durations.data?.percentiles?.p95
  const scale = useMemo(() => durations.data && durationScale(durations.data), [durations.data])
  const suggested = state.threshold ?? (p95 === undefined ? '1s' : exactDuration(inTwoDigits(p95)))
  const threshold = typed ?? suggested
  const choose = (next: Split) => {
    setWhere(undefined)
    void navigate(whyLink(filter, next))
  }
  const apply = (event: FormEvent) => {
    event.preventDefault()
    if (parseDuration(threshold) !== undefined) choose({ by: 'duration', threshold })
  }
  const [where, setWhere] = useState<string>()
  const isWhere = where !== undefined || split === 'filter'
  const applyWhere = (event: FormEvent) => {
    event.preventDefault()
    const text = (where ?? withoutBraces(state.where)).trim()
    if (text === '') return
    // About some span of a trace, unless it says itself what it is about.
    choose({ by: 'filter', where: /[{]|^not\b/i.test(text) ? text : inTrace(text) })
  }
  const isWrong = parseDuration(threshold) === undefined
  const filters = activeFilters(filter)
  return (
    <div className="cohorts">
      <fieldset>
        <legend className="visually-hidden">Which traces</legend>
        <label>
          <input
            type="radio"
            name="split"
            checked={!isWhere && split === 'error'}
            onChange={() => choose({ by: 'error' })}
          />{' '}
          Failed traces
        </label>
        <label>
          <input
            type="radio"
            name="split"
            checked={!isWhere && split === 'duration'}
            onChange={() => choose({ by: 'duration', threshold: suggested })}
          />{' '}
          Slow traces
        </label>
        <label>
          <input
            type="radio"
            name="split"
            checked={isWhere}
            onChange={() => setWhere(withoutBraces(state.where))}
          />{' '}
          Traces with…
        </label>
        {split === 'selection' && (
          <label>
            <input type="radio" name="split" checked readOnly /> The selection of the heatmap
          </label>
        )}
      </fieldset>
      {isWhere && (
        <form onSubmit={applyWhere}>
          <label htmlFor="why-where" className="visually-hidden">
            Condition
          </label>
          <input
            id="why-where"
            className="field why-where"
            value={where ?? withoutBraces(state.where)}
            placeholder="http.response.status_code >= 500, or any other condition of a query"
            onChange={(event) => setWhere(event.target.value)}
          />
          <button
            type="submit"
            className="button"
            disabled={(where ?? withoutBraces(state.where)).trim() === ''}
          >
            Compare
          </button>
        </form>
      )}
      {!isWhere && split === 'duration' && (
        <form onSubmit={apply}>
          <label htmlFor="why-threshold">From</label>
          <input
            id="why-threshold"
            className="field"
            value={threshold}
            aria-invalid={isWrong}
            onChange={(event) => setTyped(event.target.value)}
          />
          <button type="submit" className="button" disabled={isWrong}>
            Compare
          </button>
          <span className="muted">
            {isWrong
              ? 'Write a number with a unit: 250us, 150ms, 1.5s'
              : p95 !== undefined && `95 % take at most ${formatDuration(p95)}`}
          </span>
        </form>
      )}
      {!isWhere && split === 'duration' && scale !== undefined && (
        <ThresholdChart
          scale={scale}
          isEstimate={durations.data?.sample.oneIn !== 1}
          threshold={parseDuration(state.threshold ?? '') ?? scale.high}
          choose={(nanos) => {
            setTyped(undefined)
            choose({ by: 'duration', threshold: exactDuration(nanos) })
          }}
        />
      )}
      <p className="cohorts-of">
        <span className="muted">
          against the others {filters.length === 0 ? `of ${rangeInWords(state)}` : 'that match'}
        </span>
        {filters.map(({ fields, name, value }) => (
          <Link
            key={name}
            to="/why"
            search={withoutFields(state, fields)}
            className="button small"
            title="Removes this filter"
          >
            <span className="visually-hidden">Remove filter </span>
            {name}{' '}
            <strong className="truncate">
              <Text>{value}</Text>
            </strong>
            <span aria-hidden="true">×</span>
          </Link>
        ))}
        <Link {...searchLink(filter)}>Change the search</Link>
      </p>
    </div>
  )
}

function withoutFields(state: WhyState, fields: readonly string[]): WhyState {
  return Object.fromEntries(Object.entries(state).filter(([name]) => !fields.includes(name))) as WhyState
}
