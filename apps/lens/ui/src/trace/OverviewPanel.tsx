/** Beside the waterfall while no span is selected: what went wrong, and where the time went. */
import { useMemo } from 'react'
import { formatDuration } from '../model/duration.ts'
import { services } from '../model/service-palette.ts'
import { spanHint } from '../model/span-hint.ts'
import { traceInsights } from '../model/trace-insights.ts'
import type { TraceModel } from '../model/trace-model.ts'
import { Icon } from '../ui/Icon.tsx'
import { Text } from '../ui/Text.tsx'
import './OverviewPanel.css'

export interface OverviewPanelProps {
  readonly model: TraceModel
  readonly select: (span: number) => void
  /** The key in the address, when it names no span of this trace. */
  readonly missing: string | undefined
}

const MOST_ERRORS = 5
const MOST_SLOW = 6
const MOST_SERVICES = 8

export function OverviewPanel({ model, select, missing }: OverviewPanelProps) {
  const { failures, slowest, totalSelf } = useMemo(() => traceInsights(model, MOST_SLOW), [model])
  const shares = useMemo(() => model.services.toSorted((a, b) => b.self - a.self), [model.services])
  const longest = Math.max(1, shares[0]?.self ?? 1)
  return (
    <aside className="trace-panel overview" aria-label="Overview">
      {missing !== undefined && (
        <p className="overview-missing" role="status">
          Span <code>{missing}</code> is not in this trace.
        </p>
      )}
      {failures.length > 0 && (
        <section>
          <h2>What went wrong</h2>
          <ol className="overview-errors">
            {failures.slice(0, MOST_ERRORS).map(({ text, spans }) => (
              <li key={spans[0]}>
                <button type="button" onClick={() => select(spans[0]!)}>
                  <Icon name="error" />
                  <span>
                    <span className="overview-error-text">
                      <Text>{text}</Text>
                    </span>
                    <SpanLine model={model} span={spans[0]!} />
                  </span>
                  {spans.length > 1 && (
                    <span className="overview-times">
                      ×{spans.length.toLocaleString()}
                      <span className="visually-hidden"> times</span>
                    </span>
                  )}
                </button>
              </li>
            ))}
          </ol>
          {failures.length > MOST_ERRORS && (
            <p className="overview-more">
              {(failures.length - MOST_ERRORS).toLocaleString()} more: <kbd>e</kbd> goes through all errors
            </p>
          )}
        </section>
      )}
      <section>
        <h2>Where the time went</h2>
        <p className="overview-note">Self time: a span ran, and none of its children did.</p>
        <ul className="overview-services">
          {shares.slice(0, MOST_SERVICES).map(({ name, self }) => (
            <li key={name}>
              <span className="truncate">
                <Text>{name}</Text>
              </span>
              <span className="overview-lane" aria-hidden="true">
                <i
                  style={{
                    width: `max(1px, ${(self / longest) * 100}%)`,
                    background: services.colorOf(name),
                  }}
                />
              </span>
              <span>{formatDuration(self)}</span>
              <span className="muted">{percent(self / totalSelf)}</span>
            </li>
          ))}
        </ul>
        {shares.length > MOST_SERVICES && (
          <p className="overview-more">{shares.length - MOST_SERVICES} more services</p>
        )}
      </section>
      <section>
        <h2>Longest by self time</h2>
        <ol className="overview-spans">
          {slowest.map((span) => (
            <li key={span}>
              <button type="button" onClick={() => select(span)}>
                <SpanLine model={model} span={span} />
                <span>{formatDuration(model.self[span]!)}</span>
                <span className="muted">{percent(model.self[span]! / totalSelf)}</span>
              </button>
            </li>
          ))}
        </ol>
      </section>
    </aside>
  )
}

function SpanLine({ model, span }: { readonly model: TraceModel; readonly span: number }) {
  const service = model.services[model.service[span]!]!.name
  const hint = spanHint(model.spans[span]!)
  return (
    <span className="overview-span">
      <span className="service-dot" style={{ background: services.colorOf(service) }} />
      <span className="truncate">
        <Text>{hint === '' ? model.spans[span]!.name : `${model.spans[span]!.name} ${hint}`}</Text>
      </span>
      <span className="muted truncate">
        <Text>{service}</Text>
      </span>
    </span>
  )
}

function percent(share: number): string {
  if (share > 0 && share < 0.01) return '<1%'
  return `${Math.round(share * 100)}%`
}
