/**
 * What arrives, as it arrives: traces or single spans that the search finds, the newest on top. Says what it leaves out, why it ends, and what it
 * is waiting for; while it is paused, arrivals wait.
 */
import { useEffect, useReducer, useState } from 'react'
import type { TailSkipped } from 'rustok-lens/contract'
import type { ApiError } from '../api/client.ts'
import { followTail, type TailState } from '../api/tail.ts'
import {
  DEFAULT_LOOKBACK,
  DEFAULT_RATE,
  rangeInWords,
  type SearchState,
  searchParams,
  searchQuery,
} from '../model/search-state.ts'
import {
  type Arrival,
  EMPTY_TAIL,
  MOST_KEPT,
  paused,
  resumed,
  skippedWords,
  type TailList,
  withArrivals,
  withSkipped,
} from '../model/tail-list.ts'
import { formatTime } from '../model/time.ts'
import { Icon } from '../ui/Icon.tsx'
import { Text } from '../ui/Text.tsx'
import type { ChangeSearch } from './change-search.ts'
import { LiveSpan } from './LiveSpan.tsx'
import { Notice } from './Notice.tsx'
import { TraceList } from './TraceList.tsx'
import './LiveTail.css'

export interface LiveTailProps {
  readonly state: SearchState
  readonly change: ChangeSearch
  /** What is wrong with the question, if anything is: its field underlines it. */
  readonly onRefused: (error: ApiError | undefined) => void
  readonly now: number
}

type Step =
  | { readonly type: 'arrivals'; readonly arrivals: readonly Arrival[] }
  | { readonly type: 'skipped'; readonly skipped: TailSkipped }
  | { readonly type: 'pause' | 'resume' | 'empty' }

function reduce(list: TailList, step: Step): TailList {
  switch (step.type) {
    case 'arrivals':
      return withArrivals(list, step.arrivals)
    case 'skipped':
      return withSkipped(list, step.skipped)
    case 'pause':
      return paused(list)
    case 'resume':
      return resumed(list)
    case 'empty':
      return EMPTY_TAIL
  }
}

const RATES = [5, 20, 50, 100] as const

export function LiveTail({ state, change, onRefused, now }: LiveTailProps) {
  const unit = state.live ?? 'traces'
  const rate = state.rate ?? DEFAULT_RATE
  const [list, step] = useReducer(reduce, EMPTY_TAIL)
  const [connection, setConnection] = useState<TailState>({ kind: 'connecting' })
  const [attempt, setAttempt] = useState(0)
  const { start: _start, end: _end, limit: _limit, ...question } = searchQuery(state)
  const asked = searchParams(question).toString()

  // biome-ignore lint/correctness/useExhaustiveDependencies: `asked` is the question, and an attempt asks it again
  useEffect(() => {
    const controller = new AbortController()
    step({ type: 'empty' })
    void followTail(
      { query: question, unit, rate },
      {
        onState: (next) => {
          setConnection(next)
          onRefused(next.kind === 'refused' ? next.error : undefined)
        },
        onArrivals: (arrivals) => step({ type: 'arrivals', arrivals }),
        onSkipped: (skipped) => step({ type: 'skipped', skipped }),
      },
      controller.signal,
    )
    return () => controller.abort()
  }, [asked, unit, rate, attempt])

  const { shown, waiting, isPaused, arrived } = list
  const left = skippedWords(list)
  const isRunning =
    connection.kind === 'open' || connection.kind === 'lost' || connection.kind === 'connecting'
  return (
    <section className="live" aria-label="Live tail">
      <div className="live-head">
        <p role="status">
          <i className="live-dot" data-on={connection.kind === 'open' && !isPaused} />
          <span>{isPaused ? 'Paused' : stateWords(connection, now)}</span>
        </p>
        <p className="muted">
          {arrived.toLocaleString()} {arrived === 1 ? unit.slice(0, -1) : unit} arrived
          {arrived > MOST_KEPT && `, the last ${MOST_KEPT} are kept`}
        </p>
        <div className="live-tools">
          <fieldset className="segments live-unit">
            <legend className="visually-hidden">What is shown</legend>
            {(['traces', 'spans'] as const).map((one) => (
              <label key={one}>
                <input
                  type="radio"
                  name="live-unit"
                  className="visually-hidden"
                  checked={unit === one}
                  onChange={() => change({ live: one })}
                />
                {one === 'traces' ? 'Traces' : 'Spans'}
              </label>
            ))}
          </fieldset>
          <label className="live-rate">
            <span className="muted">At most</span>
            <select
              className="field"
              aria-label={`${unit === 'traces' ? 'Traces' : 'Spans'} a second`}
              value={rate}
              onChange={(event) => change({ rate: Number(event.target.value) })}
            >
              {[...new Set([...RATES, rate])]
                .sort((a, b) => a - b)
                .map((one) => (
                  <option key={one} value={one}>
                    {one} a second
                  </option>
                ))}
            </select>
          </label>
          {isRunning && (
            <button
              type="button"
              className="button"
              aria-pressed={isPaused}
              title="Pause or go on (p)"
              data-tail-pause
              onClick={() => step({ type: isPaused ? 'resume' : 'pause' })}
            >
              {isPaused
                ? waiting.length === 0
                  ? 'Go on'
                  : `Show ${waiting.length === MOST_KEPT ? `the last ${MOST_KEPT}` : waiting.length.toLocaleString()} and go on`
                : 'Pause'}
            </button>
          )}
        </div>
      </div>
      {left !== undefined && (
        <p className="live-left" role="status">
          <Icon name="warning" size={13} /> {left}
        </p>
      )}
      <Ending connection={connection} again={() => setAttempt(attempt + 1)} />
      {shown.length > 0 ? (
        <Arrivals shown={shown} state={state} change={change} now={now} />
      ) : (
        isRunning && (
          <Notice icon="search" title={isPaused ? 'Paused before anything arrived' : 'Listening'}>
            <p>
              {unit === 'traces' ? 'Traces' : 'Spans'} that match appear here a second or two after Lens has
              taken them. Spans that began before{' '}
              {rangeInWords({ lookback: state.lookback ?? DEFAULT_LOOKBACK })} are left out.
            </p>
          </Notice>
        )
      )}
    </section>
  )
}

function stateWords(connection: TailState, now: number): string {
  switch (connection.kind) {
    case 'connecting':
      return 'Connecting…'
    case 'open':
      return `Live since ${formatTime(connection.sinceMs, now).replace(/\.\d{3}$/, '')}`
    case 'lost':
      return `${connection.why.replace(/\.$/, '')}. Trying again…`
    case 'ended':
    case 'refused':
      return 'Ended'
  }
}

/** Why the tail is over, and what to do. */
function Ending({ connection, again }: { readonly connection: TailState; readonly again: () => void }) {
  if (connection.kind !== 'ended' && connection.kind !== 'refused') return undefined
  const action = (
    <button type="button" className="button primary" onClick={again}>
      Try again
    </button>
  )
  if (connection.kind === 'refused') {
    const { title, message } = connection.error
    return (
      <Notice icon="error" tone="error" title={title} actions={action}>
        <p>
          <Text whole>{message}</Text>
        </p>
      </Notice>
    )
  }
  return connection.reason === 'access' ? (
    <Notice icon="warning" title="What you may see has changed" actions={action}>
      <p>The token was taken back, or sees other tenants than it did when this began.</p>
    </Notice>
  ) : (
    <Notice icon="error" tone="error" title="Lens could not go on" actions={action}>
      <p>Its log says why. What is stored can be searched all the same.</p>
    </Notice>
  )
}

interface ArrivalsProps extends Omit<LiveTailProps, 'onRefused'> {
  readonly shown: readonly Arrival[]
}

function Arrivals({ shown, state, change, now }: ArrivalsProps) {
  const traces = shown.flatMap((arrival) => (arrival.unit === 'traces' ? [arrival.trace] : []))
  if (traces.length > 0) return <TraceList traces={traces} state={state} change={change} now={now} />
  return (
    <ol className="live-spans" aria-label="Spans">
      {shown.map(
        (arrival) =>
          arrival.unit === 'spans' && (
            <LiveSpan key={arrival.key} span={arrival.span} change={change} now={now} />
          ),
      )}
    </ol>
  )
}
