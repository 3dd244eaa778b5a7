/** Two traces side by side, by structure and by time: what takes longer, what is new, and what is gone. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { traceOptions } from '../api/queries.ts'
import { formatDuration } from '../model/duration.ts'
import { diffLink, diffWithLink, traceLink } from '../model/links.ts'
import { services } from '../model/service-palette.ts'
import { formatTime } from '../model/time.ts'
import { type DiffRow, diffTraces, notableRows, type Side, type TraceDiff } from '../model/trace-diff.ts'
import { traceIdIn } from '../model/trace-id.ts'
import type { TraceModel } from '../model/trace-model.ts'
import { Failed } from '../ui/Failed.tsx'
import { FailurePage } from '../ui/FailurePage.tsx'
import { Text } from '../ui/Text.tsx'
import { usePageTitle } from '../ui/use-page-title.ts'
import '../ui/PageHead.css'
import './DiffPage.css'

export interface DiffPageProps {
  readonly a: string
  readonly b: string
}

export function DiffPage({ a, b }: DiffPageProps) {
  usePageTitle('Two traces')
  const [one, other] = [traceIdIn(a), traceIdIn(b)]
  const first = useQuery({ ...traceOptions(one ?? a), enabled: one !== undefined })
  const second = useQuery({ ...traceOptions(other ?? b), enabled: other !== undefined })
  if (one === undefined || other === undefined) {
    return (
      <FailurePage title="This is not a trace id">
        <p>
          A trace id has 32 hexadecimal digits, not all zero. This address says{' '}
          <Text>{one === undefined ? a : b}</Text>.
        </p>
      </FailurePage>
    )
  }
  const failed = first.error === null ? second : first
  return (
    <div className="page">
      <div className="page-head">
        <div className="page-head-title">
          <h1>Two traces</h1>
          <p>
            By who calls what: spans of one service and name under one caller are one row.{' '}
            <Link {...diffWithLink(one)}>Compare with another</Link> ·{' '}
            <Link {...diffLink(other, one)}>The other way round</Link>
          </p>
        </div>
      </div>
      {failed.error !== null && (
        <Failed
          title="A trace could not be loaded"
          error={failed.error}
          again={() => void failed.refetch()}
        />
      )}
      {first.data === undefined || second.data === undefined ? (
        failed.error === null && (
          <p className="muted" role="status">
            Loading both traces…
          </p>
        )
      ) : (
        <Both a={first.data} b={second.data} />
      )}
    </div>
  )
}

/** Rows that a page draws at once; more are behind the button. */
const MOST_ROWS = 500

function Both({ a, b }: { readonly a: TraceModel; readonly b: TraceModel }) {
  const diff = useMemo(() => diffTraces(a, b), [a, b])
  const notable = useMemo(() => notableRows(diff), [diff])
  const [all, setAll] = useState(false)
  const [most, setMost] = useState(MOST_ROWS)
  const shown = all ? diff.rows.map((_, index) => index) : notable
  const longest = Math.max(diff.length.a, diff.length.b)
  return (
    <>
      <Summary a={a} b={b} diff={diff} />
      <div className="section-head">
        <h2>Side by side</h2>
        <label className="diff-all">
          <input type="checkbox" checked={all} onChange={() => setAll(!all)} /> Also the{' '}
          {(diff.rows.length - notable.length).toLocaleString()} rows that hardly differ
        </label>
      </div>
      {shown.length === 0 ? (
        <p className="muted">
          They hardly differ: no row by 1 % of the longer trace, and none is of one trace alone.
        </p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
        <section className="diff-scroll" aria-label="Side by side, table" tabIndex={0}>
          <table className="diff-table" aria-label="Side by side">
            <thead>
              <tr>
                <th scope="col">Service and span</th>
                <th scope="col">Spans</th>
                <th scope="col">A</th>
                <th scope="col">B</th>
                <th scope="col" className="diff-bars">
                  <span className="visually-hidden">As bars</span>
                </th>
                <th scope="col" title="Of the time in which none of its children ran">
                  Own time
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.slice(0, most).map((index) => (
                <Row key={index} row={diff.rows[index]!} longest={longest} />
              ))}
            </tbody>
          </table>
        </section>
      )}
      {shown.length > most && (
        <button type="button" className="button" onClick={() => setMost(most + MOST_ROWS)}>
          Show {Math.min(MOST_ROWS, shown.length - most).toLocaleString()} more of{' '}
          {shown.length.toLocaleString()} rows
        </button>
      )}
    </>
  )
}

interface SummaryProps {
  readonly a: TraceModel
  readonly b: TraceModel
  readonly diff: TraceDiff
}

/** What it comes to, in a sentence, and the rows that make most of it. */
function Summary({ a, b, diff }: SummaryProps) {
  const change = diff.length.b - diff.length.a
  const movers = diff.movers.slice(0, 3).map((index) => diff.rows[index]!)
  return (
    <section className="diff-summary" aria-label="Summary">
      <Head letter="A" model={a} />
      <Head letter="B" model={b} />
      <p>
        {Math.abs(change) < 0.005 * Math.max(diff.length.a, diff.length.b) ? (
          <strong>B takes as long as A.</strong>
        ) : (
          <strong>
            B takes {formatDuration(Math.abs(change))} {change > 0 ? 'longer' : 'less'} than A.
          </strong>
        )}
        {movers.length > 0 && (
          <>
            {' '}
            Most of what differs is in{' '}
            {movers.map((row, index) => (
              <span key={`${row.service}\n${row.name}\n${row.depth}`}>
                {index > 0 && (index === movers.length - 1 ? ' and ' : ', ')}
                <Text>{row.name}</Text> of <Text>{row.service}</Text> (<Signed nanos={row.change} />
                {row.a?.spans.length !== row.b?.spans.length &&
                  `, ${timesOf(row.b)} instead of ${timesOf(row.a)}`}
                )
              </span>
            ))}
            .
          </>
        )}
      </p>
    </section>
  )
}

const timesOf = (side: Side | undefined) =>
  side === undefined ? 'none' : `${side.spans.length.toLocaleString()} ×`

function Head({ letter, model }: { readonly letter: string; readonly model: TraceModel }) {
  const root = model.spans[model.root]
  return (
    <p className="diff-head">
      <b>{letter}</b>
      <Link {...traceLink(model.traceId)}>
        {root === undefined ? model.traceId : <Text>{root.name}</Text>}
      </Link>
      {model.tenants.map((tenant) => (
        <Text key={tenant}>{tenant}</Text>
      ))}
      <span>{formatDuration(model.times.length)}</span>
      <span className="muted">
        {model.tree.count.toLocaleString()} spans
        {model.failedOrder.length > 0 && `, ${model.failedOrder.length.toLocaleString()} failed`},{' '}
        {formatTime(Number(model.times.originUnixNano / 1_000_000n), Date.now())}
      </span>
    </p>
  )
}

function Row({ row, longest }: { readonly row: DiffRow; readonly longest: number }) {
  const { service, name, depth, a, b } = row
  const only = a === undefined ? 'new' : b === undefined ? 'gone' : undefined
  return (
    <tr data-only={only}>
      <th scope="row" style={{ paddingLeft: Math.min(depth, 24) * 14 }}>
        <span className="diff-name">
          <span className="service-dot" title={service} style={{ background: services.colorOf(service) }} />
          <span className="truncate" title={service}>
            <Text>{name}</Text>
          </span>
          {row.isEntry && (
            <span className="muted truncate">
              <Text>{service}</Text>
            </span>
          )}
          {only !== undefined && <em>{only}</em>}
          {(b?.failed ?? 0) !== (a?.failed ?? 0) && (
            <em data-failed={(b?.failed ?? 0) > (a?.failed ?? 0)}>
              {(b?.failed ?? 0) > (a?.failed ?? 0) ? 'fails' : 'fails no more'}
            </em>
          )}
        </span>
      </th>
      <td>
        {a?.spans.length === b?.spans.length
          ? (a?.spans.length ?? 0).toLocaleString()
          : `${(a?.spans.length ?? 0).toLocaleString()} → ${(b?.spans.length ?? 0).toLocaleString()}`}
      </td>
      <td>{a === undefined ? '–' : formatDuration(a.duration)}</td>
      <td>{b === undefined ? '–' : formatDuration(b.duration)}</td>
      <td className="diff-bars" aria-hidden="true">
        <i data-side="a" style={{ width: `${share(a, longest)}%` }} />
        <i data-side="b" style={{ width: `${share(b, longest)}%` }} />
      </td>
      <td>
        <Signed nanos={row.change} />
      </td>
    </tr>
  )
}

/** Spans beside each other sum up to more than their trace. */
function share(side: Side | undefined, longest: number): number {
  return side === undefined ? 0 : Math.max(0.5, Math.min(100, (100 * side.duration) / longest))
}

function Signed({ nanos }: { readonly nanos: number }) {
  if (nanos === 0) return <span className="muted">±0</span>
  return (
    <span className="diff-change" data-worse={nanos > 0}>
      {nanos > 0 ? '+' : '−'}
      {formatDuration(Math.abs(nanos))}
    </span>
  )
}
