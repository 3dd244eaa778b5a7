/**
 * What do the failed, the slow or the selected traces of a search have that the others do not? Values in order of how sure the difference is, each
 * with exact counts of both sides and the ways on: narrow it to them, leave them out, look at them.
 */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { ComparedKey, ComparedValue, CompareResponse } from 'rustok-lens/contract'
import { compareOptions, filterOf } from '../api/compare.ts'
import { formatShare } from '../model/amounts.ts'
import { certaintyOf, conditionOf, formatLift, formatPart, inTrace, nameOf } from '../model/compared-value.ts'
import { parseDuration } from '../model/duration.ts'
import { searchLink } from '../model/links.ts'
import { hasCondition, withCondition } from '../model/query-text.ts'
import type { SearchState } from '../model/search-state.ts'
import { rankedValues, type ValueGroup } from '../model/value-groups.ts'
import type { WhyState } from '../model/why-state.ts'
import { Notice } from '../search/Notice.tsx'
import { Failed } from '../ui/Failed.tsx'
import { PageHead } from '../ui/PageHead.tsx'
import { Text } from '../ui/Text.tsx'
import { usePageTitle } from '../ui/use-page-title.ts'
import { Cohorts, type CohortsProps, selectedIn } from './Cohorts.tsx'
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

/** What explains something is among the first. */
const FIRST = 20
/** Of what may be chance. */
const FEW = 5

interface AnswerProps extends CohortsProps {
  readonly data: CompareResponse
}

function Answer({ data, state, filter }: AnswerProps) {
  const { selected, rest } = data
  // What the selected ones were chosen by explains nothing.
  const values = data.values.filter((value) => !isTheCondition(value, state.where))
  const { certain, uncertain } = rankedValues(values)
  const groups = [...certain, ...uncertain]
  const [all, setAll] = useState(false)
  const shown = all ? groups : groups.slice(0, certain.length === 0 ? FEW : Math.min(FIRST, certain.length))
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
      {certain[0] !== undefined && <Lead value={certain[0].first} more={certain.length - 1} who={who} />}
      {certain.length === 0 && (
        <p className="muted">
          {uncertain.length === 0
            ? 'No value is on more of them than on the others.'
            : 'Nothing stands out for sure: each of these differences may be chance.'}
        </p>
      )}
      <ol className="why-values" aria-label="Values that stand out">
        {shown.map((group) => (
          <Value
            key={`${group.first.source}\n${group.first.key}\n${group.first.value}`}
            group={group}
            data={data}
            state={state}
            filter={filter}
          />
        ))}
      </ol>
      {shown.length < groups.length && (
        <p className="why-more">
          <button type="button" className="button" onClick={() => setAll(true)}>
            Show {groups.length - shown.length} more{certain.length <= FIRST && ', which may be chance'}
          </button>
        </p>
      )}
      <Omitted data={data} />
    </>
  )
}

interface LeadProps {
  readonly value: ComparedValue
  /** How many others stand out. */
  readonly more: number
  readonly who: string
}

/** The answer in one sentence. */
function Lead({ value, more, who }: LeadProps) {
  return (
    <p className="why-lead">
      <span className="truncate">
        <Text>{nameOf(value)}</Text>{' '}
        <strong>
          <Text>{value.value}</Text>
        </strong>
      </span>{' '}
      is on {formatShare(value.selectedShare)} of the {who}, and on{' '}
      {value.restCount === 0 ? 'none' : formatShare(value.restShare)} of the others
      {more > 0 && `; ${more === 1 ? 'one more value stands' : `${more} more values stand`} out`}.
    </p>
  )
}

function isTheCondition(value: ComparedValue, where: string | undefined): boolean {
  const condition = conditionOf(value)
  return condition !== undefined && where !== undefined && hasCondition(where, inTrace(condition))
}

interface ValueProps extends AnswerProps {
  readonly group: ValueGroup
}

function Value({ group: { first: value, alike }, data, state, filter }: ValueProps) {
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
      {alike.length > 0 && <Alike values={alike} narrowed={narrowed} />}
    </li>
  )
}

interface AlikeProps {
  readonly values: readonly ComparedValue[]
  readonly narrowed: (condition: string) => WhyState
}

/** Usually one thing under several names: a route, its operation, its statement. */
function Alike({ values, narrowed }: AlikeProps) {
  return (
    <details className="why-alike">
      <summary>
        {values.length === 1 ? 'One more value is' : `${values.length} more values are`} on the same numbers
      </summary>
      <ul>
        {values.map((value) => {
          const condition = conditionOf(value)
          const name = (
            <>
              <span className="muted">
                <Text>{nameOf(value)}</Text>
              </span>{' '}
              <Text>{value.value}</Text>
            </>
          )
          return (
            <li key={`${value.source}\n${value.key}\n${value.value}`} className="truncate">
              {condition === undefined ? (
                name
              ) : (
                <Link to="/why" search={narrowed(inTrace(condition))} title="Filter by">
                  {name}
                </Link>
              )}
            </li>
          )
        })}
      </ul>
    </details>
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
  if (state.split === 'filter') return { ...found, query: withCondition(found.query, state.where ?? '') }
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
