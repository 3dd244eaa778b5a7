/** What of the selected span is asked for when it is selected: its events, links and attributes. Drawn by the span's panel. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Attribute, SpanView, TraceResponse } from 'rustok-lens/contract'
import { spanOptions } from '../api/queries.ts'
import { matchingAttributes } from '../model/attributes.ts'
import type { SearchState } from '../model/search-state.ts'
import type { TraceModel } from '../model/trace-model.ts'
import { wholeSpan } from '../model/whole-span.ts'
import { Text } from '../ui/Text.tsx'
import { AttributeTable } from './AttributeTable.tsx'
import { SpanEvents } from './SpanEvents.tsx'
import { SpanLinks } from './SpanLinks.tsx'
import { SpanLogs } from './SpanLogs.tsx'

export interface SpanDetailsProps {
  readonly model: TraceModel
  readonly span: number
  readonly select: (span: number | undefined) => void
  readonly range: SearchState
}

export function SpanDetails(props: SpanDetailsProps) {
  const { model, span } = props
  const spanId = model.ids.of(span)
  const { data, error, isFetching, refetch } = useQuery(spanOptions(model.traceId, spanId))
  if (data === undefined && error !== null) {
    return (
      <div className="span-details-state" role="alert">
        <p>The attributes of this span could not be loaded: {error.message}</p>
        <button type="button" className="button small" disabled={isFetching} onClick={() => void refetch()}>
          Try again
        </button>
      </div>
    )
  }
  const view = data && wholeSpan(data, model, span)
  if (data === undefined || view === undefined) {
    return (
      <p className="span-details-state muted" role="status">
        {data === undefined ? 'Loading attributes…' : 'This span is no longer stored.'}
      </p>
    )
  }
  return <Details {...props} view={view} of={data} />
}

interface DetailsProps extends SpanDetailsProps {
  readonly view: SpanView
  readonly of: TraceResponse
}

function Details({ model, span, select, range, view, of }: DetailsProps) {
  const [filter, setFilter] = useState('')
  const scope = of.scopes[view.scope]
  const scopeAttributes: readonly Attribute[] = [
    { key: 'otel.scope.name', type: 'string', value: scope?.name ?? '' },
    { key: 'otel.scope.version', type: 'string', value: scope?.version ?? '' },
    ...(view.traceState === ''
      ? []
      : [{ key: 'tracestate', type: 'string' as const, value: view.traceState }]),
    ...(scope?.attributes ?? []),
  ]
  const groups = [
    {
      title: 'Span',
      owner: 'span' as const,
      attributes: matchingAttributes(view.attributes, filter),
      dropped: view.droppedAttributes,
    },
    {
      title: 'Resource',
      owner: 'resource' as const,
      attributes: matchingAttributes(of.resources[view.resource]?.attributes ?? [], filter),
      dropped: 0,
    },
    { title: 'Scope', owner: undefined, attributes: matchingAttributes(scopeAttributes, filter), dropped: 0 },
  ]
  const context = {
    service: model.services[model.service[span]!]!.name,
    operation: model.spans[span]!.name,
    range,
  }
  const found = groups.reduce((sum, { attributes }) => sum + attributes.length, 0)
  return (
    <>
      <SpanEvents model={model} span={span} view={view} context={context} />
      <SpanLogs model={model} span={span} />
      <SpanLinks model={model} span={span} view={view} select={select} />
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
          ({ title, attributes, dropped, owner }) =>
            (attributes.length > 0 || dropped > 0) && (
              <div key={title} className="attribute-group">
                <h4>
                  {title} <span className="muted">{attributes.length}</span>
                </h4>
                <AttributeTable
                  label={`${title} attributes`}
                  attributes={attributes}
                  {...(owner !== undefined && { of: owner, context })}
                />
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
    </>
  )
}
