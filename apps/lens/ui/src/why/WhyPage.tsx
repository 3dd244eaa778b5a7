/**
 * What do the failed, the slow or the selected traces of a search have that the others do not? Values in order of how sure the difference is, each
 * with exact counts of both sides and the ways on: narrow it to them, leave them out, look at them.
 */
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import type { ComparedKey, ComparedValue, CompareResponse } from 'rustok-lens/contract'
import { compareOptions, durationsOptions, filterOf } from '../api/compare.ts'
import { formatShare } from '../model/amounts.ts'
import { certaintyOf, conditionOf, formatLift, formatPart, inTrace, nameOf } from '../model/compared-value.ts'
import { exactDuration, formatDuration, parseDuration } from '../model/duration.ts'
import { searchLink, whyLink } from '../model/links.ts'
import { withCondition } from '../model/query-text.ts'
import { activeFilters, rangeInWords, type SearchState } from '../model/search-state.ts'
import type { Split, WhyState } from '../model/why-state.ts'
import { Notice } from '../search/Notice.tsx'
import { Failed } from '../ui/Failed.tsx'
import { PageHead } from '../ui/PageHead.tsx'
import { Text } from '../ui/Text.tsx'
import { usePageTitle } from '../ui/use-page-title.ts'
import './WhyPage.css'

export function WhyPage({ state }: { readonly state: WhyState }) {
  usePageTitle('Why?')
  const filter = filterOf(state)
  const isAsked = state.split !== 'duration' || parseDuration(state.threshold ?? '') !== undefined
  const { data, error, refetch, isPlaceholderData } = useQuery({ ...compareOptions(state), enabled: isAsked })
  return (
    <div className="page">
      <PageHead title="Why?" time={state}>
        <p>What do some traces have that the others do not?</p>
      </PageHead>
      <Cohorts state={state} filter={filter} />
      {error !== null && <Failed title="The comparison failed" error={error} again={() => void refetch()} />}
      {error === null && data === undefined && isAsked && (
        <p className="muted" role="status">
          Comparing…
        </p>
      )}
      {data !== undefined && (
        <div aria-busy={isPlaceholderData}>
          <Answer data={data} state={state} filter={filter} />
        </div>
      )}
    </div>
  )
}

/** The words for those that are selected. */
function selectedIn({ split, threshold }: WhyState): string {
  if (split === 'duration')
    return `traces of ${formatDuration(parseDuration(threshold ?? '') ?? 0)} or longer`
  return split === 'selection' ? 'selected traces' : 'failed traces'
}

interface CohortsProps {
  readonly state: WhyState
  readonly filter: SearchState
}

/** Which traces are compared, and how they are split. */
function Cohorts({ state, filter }: CohortsProps) {
  const navigate = useNavigate()
  const durations = useQuery(durationsOptions(filter))
  const [typed, setTyped] = useState<string>()
  const { split = 'error' } = state
  const p95 = durations.data?.percentiles?.p95
  const suggested = state.threshold ?? (p95 === undefined ? '1s' : exactDuration(Math.round(p95)))
  const threshold = typed ?? suggested
  const choose = (next: Split) => void navigate(whyLink(filter, next))
  const apply = (event: FormEvent) => {
    event.preventDefault()
    if (parseDuration(threshold) !== undefined) choose({ by: 'duration', threshold })
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
            checked={split === 'error'}
            onChange={() => choose({ by: 'error' })}
          />{' '}
          Failed traces
        </label>
        <label>
          <input
            type="radio"
            name="split"
            checked={split === 'duration'}
            onChange={() => choose({ by: 'duration', threshold: suggested })}
          />{' '}
          Slow traces
        </label>
        {split === 'selection' && (
          <label>
            <input type="radio" name="split" checked readOnly /> The selection of the heatmap
          </label>
        )}
      </fieldset>
      {split === 'duration' && (
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
            aria-label={`Remove ${name.toLowerCase()} filter`}
            title="Removes this filter"
          >
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

/** What explains something is among the first. */
const FIRST = 20

interface AnswerProps extends CohortsProps {
  readonly data: CompareResponse
}

function Answer({ data, state, filter }: AnswerProps) {
  const { selected, rest, values } = data
  const [all, setAll] = useState(false)
  const who = selectedIn(state)
  if (selected.total === 0 || rest.total === 0) {
    return (
      <Notice
        icon="search"
        title={selected.total === 0 ? `No ${who}` : `Nothing but ${who}`}
        actions={
          <Link {...searchLink(filter)} className="button primary">
            Look at the traces
          </Link>
        }
      >
        <p>
          {selected.total === 0
            ? `None of ${rest.total.toLocaleString()} ${rest.total === 1 ? 'trace' : 'traces'}: there is nothing to explain.`
            : `All ${selected.total.toLocaleString()}: there are no others to compare them with.`}
        </p>
      </Notice>
    )
  }
  return (
    <>
      <p className="why-counts" role="status">
        <strong>{selected.total.toLocaleString()}</strong> {who} against{' '}
        <strong>{rest.total.toLocaleString()}</strong> others
        <span className="muted">
          {data.exact
            ? ': every one was read.'
            : `: ${selected.sampled.toLocaleString()} and ${rest.sampled.toLocaleString()} of them were read, drawn evenly.`}
        </span>
      </p>
      {values.length === 0 ? (
        <p className="muted">No value is on more of them than on the others.</p>
      ) : (
        <ol className="why-values" aria-label="Values that stand out">
          {(all ? values : values.slice(0, FIRST)).map((value) => (
            <Value
              key={`${value.source}\n${value.key}\n${value.value}`}
              value={value}
              data={data}
              state={state}
              filter={filter}
            />
          ))}
        </ol>
      )}
      {!all && values.length > FIRST && (
        <p className="why-more">
          <button type="button" className="button" onClick={() => setAll(true)}>
            Show {values.length - FIRST} more
          </button>
        </p>
      )}
      <Omitted data={data} />
    </>
  )
}

interface ValueProps extends AnswerProps {
  readonly value: ComparedValue
}

function Value({ value, data, state, filter }: ValueProps) {
  const condition = conditionOf(value)
  const { words, isCertain } = certaintyOf(value)
  const narrowed = (text: string) => ({ ...state, query: withCondition(filter.query, text) })
  return (
    <li data-certain={isCertain}>
      <div className="why-value">
        <span className="muted truncate">
          <Text>{nameOf(value)}</Text>
        </span>
        <strong className="truncate" title={value.value.slice(0, 300)}>
          <Text>{value.value}</Text>
        </strong>
      </div>
      <Shares value={value} />
      <p className="why-sentence">
        On <strong>{formatPart(value.selectedCount, data.selected)}</strong> {selectedIn(state)}, and on{' '}
        {formatPart(value.restCount, data.rest)} others.{' '}
        <span className="muted">{capital([formatLift(value), words].filter(Boolean).join(', '))}.</span>
      </p>
      {condition !== undefined && (
        <p className="why-actions">
          <Link to="/why" search={narrowed(inTrace(condition))}>
            Filter by
          </Link>
          <Link to="/why" search={narrowed(`not ${inTrace(condition)}`)}>
            Exclude
          </Link>
          <Link {...searchLink(tracesOf(state, filter, inTrace(condition)))}>Show its traces</Link>
        </p>
      )}
    </li>
  )
}

function capital(text: string): string {
  return text.replace(/^./, (first) => first.toUpperCase())
}

/** The selected ones that have the value. */
function tracesOf(state: WhyState, filter: SearchState, condition: string): SearchState {
  const found = { ...filter, query: withCondition(filter.query, condition) }
  if (state.split === 'duration')
    return { ...found, ...(state.threshold && { minDuration: state.threshold }) }
  if (state.split !== 'selection') return { ...found, status: 'error' }
  const { lookback: _lookback, ...rest } = found
  const { selectStart: start, selectEnd: end, selectMinDuration: low, selectMaxDuration: high } = state
  return {
    ...rest,
    ...(start === undefined || end === undefined ? {} : { start, end }),
    ...(low === undefined ? {} : { minDuration: low }),
    ...(high === undefined ? {} : { maxDuration: high }),
  }
}

/** How large a part of each side has it, as bars and as numbers. */
function Shares({ value: { selectedShare, restShare } }: { readonly value: ComparedValue }) {
  return (
    <div className="why-shares">
      <span className="why-bar" data-side="selected">
        <i style={{ width: `${selectedShare * 100}%` }} />
      </span>
      <span>{formatShare(selectedShare)}</span>
      <span className="why-bar" data-side="rest">
        <i style={{ width: `${restShare * 100}%` }} />
      </span>
      <span className="muted">{formatShare(restShare)}</span>
    </div>
  )
}

/** What was not ranked, and why. */
function Omitted({
  data: { values, total, identities, shortened, truncated, tests },
}: {
  readonly data: CompareResponse
}) {
  return (
    <div className="why-omitted muted">
      <p>
        {values.length < total
          ? `The first ${values.length.toLocaleString()} of ${total.toLocaleString()} values`
          : `${total.toLocaleString()} values`}{' '}
        are more frequent among the selected; {tests.toLocaleString()} were tested. A small chance says that a
        difference is real, not what causes what.
      </p>
      {identities.length > 0 && <p>Left out, as each trace has its own: {namesOf(identities)}.</p>}
      {shortened.length > 0 && <p>Of many values, the most different alone: {namesOf(shortened)}.</p>}
      {truncated && <p>There are more keys than can be compared: those that differ least were left out.</p>}
    </div>
  )
}

function namesOf(keys: readonly ComparedKey[]): string {
  const names = keys.slice(0, 12).map(nameOf)
  return `${names.join(', ')}${keys.length > names.length ? ` and ${keys.length - names.length} more` : ''}`
}
