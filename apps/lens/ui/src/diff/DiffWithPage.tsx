/** With which trace to compare one: a typical one of the same operation, its fastest or slowest, or any by its id. */
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import type { TraceSummary } from 'rustok-lens/contract'
import { traceOptions } from '../api/queries.ts'
import { similarOptions, similarSearch } from '../api/similar.ts'
import { formatDuration } from '../model/duration.ts'
import { diffLink, searchLink, traceLink } from '../model/links.ts'
import { traceIdIn } from '../model/trace-id.ts'
import type { TraceModel } from '../model/trace-model.ts'
import { Failed } from '../ui/Failed.tsx'
import { Text } from '../ui/Text.tsx'
import { usePageTitle } from '../ui/use-page-title.ts'
import '../ui/PageHead.css'
import './DiffPage.css'

export function DiffWithPage({ a }: { readonly a: string }) {
  usePageTitle('Compare a trace')
  const navigate = useNavigate()
  const [typed, setTyped] = useState('')
  const { data, error, refetch } = useQuery(traceOptions(traceIdIn(a) ?? a))
  const other = traceIdIn(typed)
  const compare = (event: FormEvent) => {
    event.preventDefault()
    if (other !== undefined) void navigate(diffLink(a, other))
  }
  return (
    <div className="page">
      <div className="page-head">
        <div className="page-head-title">
          <h1>Compare with which trace?</h1>
          <p>
            <Link {...traceLink(a)}>Back to the trace</Link>
          </p>
        </div>
      </div>
      {error !== null && (
        <Failed title="The trace could not be loaded" error={error} again={() => void refetch()} />
      )}
      {data !== undefined && data.root >= 0 && <Similar model={data} />}
      <form className="diff-with" onSubmit={compare}>
        <label htmlFor="diff-other">Or with any other, by its id</label>
        <input
          id="diff-other"
          className="field"
          value={typed}
          placeholder="32 hexadecimal digits, or a traceparent"
          aria-invalid={typed.trim() !== '' && other === undefined}
          onChange={(event) => setTyped(event.target.value)}
        />
        <button type="submit" className="button primary" disabled={other === undefined}>
          Compare
        </button>
      </form>
    </div>
  )
}

function Similar({ model }: { readonly model: TraceModel }) {
  const { data, error, refetch } = useQuery(similarOptions(model))
  const name = model.spans[model.root]!.name
  if (error !== null)
    return <Failed title="Similar traces could not be found" error={error} again={() => void refetch()} />
  if (data === undefined)
    return (
      <p className="muted" role="status">
        Looking for traces like it…
      </p>
    )
  if (data.length === 0)
    return (
      <p className="muted">
        No other trace began with <Text>{name}</Text> within half an hour.
      </p>
    )
  const good = data.filter(({ errorCount }) => errorCount === 0)
  const choices = [
    {
      title: 'A typical one',
      why: 'the median of those without an error',
      trace: good[Math.floor(good.length / 2)],
    },
    { title: 'The fastest', why: 'without an error', trace: good[0] },
    { title: 'The slowest', why: 'of all', trace: data.at(-1) },
    { title: 'One that failed', why: 'the median of those', trace: failedOne(data) },
  ]
  return (
    <section aria-label="Traces like it">
      <p>
        {data.length.toLocaleString()} others began with{' '}
        <strong>
          <Text>{name}</Text>
        </strong>{' '}
        within half an hour (this one took {formatDuration(model.times.length)}).{' '}
        <Link {...searchLink(similarSearch(model))}>All of them</Link>
      </p>
      <ul className="diff-choices">
        {choices.map(
          ({ title, why, trace }) =>
            trace !== undefined && (
              <li key={title}>
                <Link {...diffLink(model.traceId, trace.traceId)} className="button">
                  {title}, {formatDuration(trace.durationNano)}
                </Link>
                <span className="muted">
                  {why}
                  {trace.tenants.length > 0 && (
                    <>
                      , of <Text>{trace.tenants.join(', ')}</Text>
                    </>
                  )}
                </span>
              </li>
            ),
        )}
      </ul>
    </section>
  )
}

function failedOne(traces: readonly TraceSummary[]): TraceSummary | undefined {
  const failed = traces.filter(({ errorCount }) => errorCount > 0)
  return failed[Math.floor(failed.length / 2)]
}
