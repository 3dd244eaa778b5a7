/** All that is known of the selected span. Errors first, then what identifies it, then everything else, searchable. */
import { Link } from '@tanstack/react-router'
import { type ReactNode, useMemo, useState } from 'react'
import type { Attribute } from 'rustok-lens/contract'
import { matchingAttributes } from '../model/attributes.ts'
import { formatDuration } from '../model/duration.ts'
import { errorText } from '../model/error-text.ts'
import { searchLink } from '../model/links.ts'
import { rangeReaching, type SearchState } from '../model/search-state.ts'
import { services } from '../model/service-palette.ts'
import { formatTime, formatUtcNano } from '../model/time.ts'
import { endOf, type TraceModel } from '../model/trace-model.ts'
import { CopyButton } from '../ui/CopyButton.tsx'
import { Icon } from '../ui/Icon.tsx'
import { Text } from '../ui/Text.tsx'
import { AttributeTable } from './AttributeTable.tsx'
import { KIND_NAMES, KindIcon } from './KindIcon.tsx'
import { SpanEvents } from './SpanEvents.tsx'
import { SpanLinks } from './SpanLinks.tsx'
import './SpanPanel.css'

export interface SpanPanelProps {
  readonly model: TraceModel
  readonly span: number
  readonly select: (span: number | undefined) => void
  readonly now: number
}

export function SpanPanel({ model, span, select, now }: SpanPanelProps) {
  const view = model.spans[span]!
  const service = model.services[model.service[span]!]!.name
  const resource = model.response.resources[view.resource]
  const scope = model.response.scopes[view.scope]
  const startMs = Number(model.times.originUnixNano / 1_000_000n)
  const range = useMemo(() => rangeReaching(startMs, Date.now()), [startMs])
  const [filter, setFilter] = useState('')
  const scopeAttributes: readonly Attribute[] = [
    { key: 'otel.scope.name', type: 'string', value: scope?.name ?? '' },
    { key: 'otel.scope.version', type: 'string', value: scope?.version ?? '' },
    ...(scope?.attributes ?? []),
  ]
  const groups = [
    {
      title: 'Span',
      attributes: matchingAttributes(view.attributes, filter),
      dropped: view.droppedAttributes,
    },
    { title: 'Resource', attributes: matchingAttributes(resource?.attributes ?? [], filter), dropped: 0 },
    { title: 'Scope', attributes: matchingAttributes(scopeAttributes, filter), dropped: 0 },
  ]
  const found = groups.reduce((sum, { attributes }) => sum + attributes.length, 0)
  return (
    <aside className="trace-panel span-panel" aria-label="Span details">
      <header className="span-panel-head">
        <div className="span-panel-title">
          <KindIcon kind={view.kind} color={services.colorOf(service)} />
          <h2>
            <Text>{view.name}</Text>
          </h2>
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
          <span className="muted">{KIND_NAMES[view.kind]}</span>
        </p>
        <Timing model={model} span={span} />
      </header>
      {model.failed[span] === 1 && (
        <p className="span-panel-error">
          <Icon name="error" />
          <Text whole>{errorText(view)}</Text>
        </p>
      )}
      {model.failed[span] === 0 && view.statusMessage !== '' && (
        <p className="span-panel-message">
          <Text whole>{view.statusMessage}</Text>
        </p>
      )}
      <dl className="span-facts">
        <Fact
          name="Tenant"
          search={view.tenant === '' ? undefined : { tenant: view.tenant, ...range }}
          text={view.tenant}
        />
        <Fact
          name="User"
          search={view.user === '' ? undefined : { user: view.user, ...range }}
          text={view.user}
        />
        <Fact name="Operation" search={{ service, operation: view.name, ...range }} text={view.name} />
        <Fact name="Span id" text={view.spanId} mono />
        <Fact name="Parent" text={view.parentSpanId} mono>
          <ParentLink model={model} span={span} select={select} />
        </Fact>
        {view.traceState !== '' && <Fact name="Trace state" text={view.traceState} mono />}
        <div>
          <dt>Started</dt>
          <dd>
            <StartTime model={model} span={span} now={now} />
          </dd>
        </div>
      </dl>
      <SpanEvents model={model} span={span} />
      <SpanLinks model={model} span={span} select={select} />
      <section aria-labelledby="attributes-title">
        <div className="span-section-head">
          <h3 id="attributes-title">Attributes</h3>
          <input
            className="field"
            type="search"
            aria-label="Filter attributes"
            placeholder="Filter by key or value"
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === 'Escape') {
                event.stopPropagation()
                setFilter('')
                event.currentTarget.blur()
              }
            }}
          />
        </div>
        {groups.map(
          ({ title, attributes, dropped }) =>
            (attributes.length > 0 || dropped > 0) && (
              <div key={title} className="attribute-group">
                <h4>
                  {title} <span className="muted">{attributes.length}</span>
                </h4>
                <AttributeTable label={`${title} attributes`} attributes={attributes} range={range} />
                {dropped > 0 && (
                  <p className="span-dropped">{dropped} more were dropped by a limit at the sender.</p>
                )}
              </div>
            ),
        )}
        {found === 0 && (
          <p className="span-none">
            No attribute holds “<Text>{filter}</Text>”.
          </p>
        )}
      </section>
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
