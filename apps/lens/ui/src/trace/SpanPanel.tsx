/** All that is known of the selected span. Errors first, then what identifies it, then everything else, searchable. */
import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useMemo } from 'react'
import { spanOptions } from '../api/queries.ts'
import { formatDuration } from '../model/duration.ts'
import { errorText } from '../model/error-text.ts'
import { searchLink } from '../model/links.ts'
import { rangeReaching, type SearchState } from '../model/search-state.ts'
import { services } from '../model/service-palette.ts'
import { formatTime, formatUtcNano } from '../model/time.ts'
import { endOf, type TraceModel } from '../model/trace-model.ts'
import { spanJson, wholeSpan } from '../model/whole-span.ts'
import { CopyButton } from '../ui/CopyButton.tsx'
import { Icon } from '../ui/Icon.tsx'
import { Text } from '../ui/Text.tsx'
import { KIND_NAMES, KindIcon } from './KindIcon.tsx'
import { SpanDetails } from './SpanDetails.tsx'
import { SpanPeers } from './SpanPeers.tsx'
import './SpanPanel.css'

export interface SpanPanelProps {
  readonly model: TraceModel
  readonly span: number
  readonly select: (span: number | undefined) => void
  readonly now: number
}

export function SpanPanel({ model, span, select, now }: SpanPanelProps) {
  const line = model.spans[span]!
  const service = model.services[model.service[span]!]!.name
  const startMs = Number(model.times.originUnixNano / 1_000_000n)
  const range = useMemo(() => rangeReaching(startMs, Date.now()), [startMs])
  const client = useQueryClient()
  const json = async () => {
    const answer = await client.ensureQueryData(spanOptions(model.traceId, model.ids.of(span)))
    const view = wholeSpan(answer, model, span)
    return view === undefined ? '' : spanJson(answer, view)
  }
  return (
    <aside className="trace-panel span-panel" aria-label="Span details">
      <header className="span-panel-head">
        <div className="span-panel-title">
          <KindIcon kind={line.kind} color={services.colorOf(service)} />
          <h2>
            <Text>{line.name}</Text>
          </h2>
          <CopyButton text={json} label="Copy span as JSON" icon="braces" />
          <button
            type="button"
            className="button quiet small icon"
            aria-label="Close span details"
            title="Close (Esc)"
            onClick={() => select(undefined)}
          >
            <Icon name="cross" />
          </button>
        </div>
        <p className="span-panel-service">
          <Link {...searchLink({ service, ...range })} title={`Search for service ${service.slice(0, 80)}`}>
            <Text>{service}</Text>
          </Link>
          <span className="muted">{KIND_NAMES[line.kind]}</span>
        </p>
        <Timing model={model} span={span} />
        <SpanPeers model={model} span={span} />
      </header>
      {model.failed[span] === 1 && (
        <p className="span-panel-error">
          <Icon name="error" />
          <Text whole>{errorText(line)}</Text>
        </p>
      )}
      {model.failed[span] === 0 && line.message !== '' && (
        <p className="span-panel-message">
          <Text whole>{line.message}</Text>
        </p>
      )}
      <dl className="span-facts">
        <Fact
          name="Tenant"
          search={line.tenant === '' ? undefined : { tenant: line.tenant, ...range }}
          text={line.tenant}
        />
        <Fact
          name="User"
          search={line.user === '' ? undefined : { user: line.user, ...range }}
          text={line.user}
        />
        <Fact name="Operation" search={{ service, operation: line.name, ...range }} text={line.name} />
        <Fact name="Span id" text={model.ids.of(span)} mono />
        <Fact name="Parent" text={model.ids.parentOf(span)} mono>
          <ParentLink model={model} span={span} select={select} />
        </Fact>
        <div>
          <dt>Started</dt>
          <dd>
            <StartTime model={model} span={span} now={now} />
          </dd>
        </div>
      </dl>
      <SpanDetails model={model} span={span} select={select} range={range} />
    </aside>
  )
}

/** Duration and self time, and where in the trace they lie. */
function Timing({ model, span }: { readonly model: TraceModel; readonly span: number }) {
  const { times, self } = model
  const start = times.start[span]!
  const duration = times.duration[span]!
  const percent = (part: number) => `${(part / times.length) * 100}%`
  return (
    <div className="span-timing">
      <dl>
        <div>
          <dt>Duration</dt>
          <dd>{formatDuration(duration)}</dd>
        </div>
        <div>
          <dt>Self time</dt>
          <dd>{formatDuration(self[span]!)}</dd>
        </div>
        <div>
          <dt>Starts at</dt>
          <dd>+{formatDuration(start)}</dd>
        </div>
        <div>
          <dt>Of the trace</dt>
          <dd>{((duration / times.length) * 100).toFixed(duration / times.length < 0.1 ? 1 : 0)}%</dd>
        </div>
      </dl>
      <div className="span-timing-lane" aria-hidden="true">
        <i
          style={{
            left: `min(${percent(start)}, 100% - 2px)`,
            width: `max(2px, ${percent(Math.min(duration, endOf(model, span)))})`,
            background: services.colorOf(model.services[model.service[span]!]!.name),
          }}
        />
      </div>
    </div>
  )
}

interface FactProps {
  readonly name: string
  readonly text: string
  readonly mono?: boolean
  readonly search?: SearchState | undefined
  readonly children?: ReactNode
}

function Fact({ name, text, mono = false, search, children }: FactProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {text === '' ? (
          <span className="muted">none</span>
        ) : (
          <>
            <span className={mono ? 'mono truncate' : 'truncate'}>
              <Text>{text}</Text>
            </span>
            {children}
            <span className="span-fact-actions">
              {search !== undefined && (
                <Link
                  {...searchLink(search)}
                  className="button quiet small icon"
                  aria-label={`Search for ${name.toLowerCase()} ${text.slice(0, 80)}`}
                  title={`Search for this ${name.toLowerCase()}`}
                >
                  <Icon name="search" />
                </Link>
              )}
              <CopyButton text={text} label={`Copy ${name.toLowerCase()}`} />
            </span>
          </>
        )}
      </dd>
    </div>
  )
}

function ParentLink({ model, span, select }: Pick<SpanPanelProps, 'model' | 'span' | 'select'>) {
  const parent = model.tree.parent[span]!
  if (parent === -1) return <span className="span-parent-missing">not stored</span>
  return (
    <button type="button" className="span-parent truncate" onClick={() => select(parent)}>
      <Text>{model.spans[parent]!.name}</Text>
    </button>
  )
}

function StartTime({ model, span, now }: Pick<SpanPanelProps, 'model' | 'span' | 'now'>) {
  if (model.times.unusable[span] === 1) return <span className="muted">no usable time</span>
  const nanos = model.times.originUnixNano + BigInt(Math.round(model.times.start[span]!))
  return <span title={formatUtcNano(nanos)}>{formatTime(Number(nanos / 1_000_000n), now)}</span>
}
