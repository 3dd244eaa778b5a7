/** Links to other spans, of this trace or of others, and the spans of this trace that link here. */
import { Link } from '@tanstack/react-router'
import type { SpanView } from 'rustok-lens/contract'
import { traceLink } from '../model/links.ts'
import { traceIdIn } from '../model/trace-id.ts'
import type { TraceModel } from '../model/trace-model.ts'
import { Text } from '../ui/Text.tsx'
import { AttributeTable } from './AttributeTable.tsx'
import './SpanLinks.css'

export interface SpanLinksProps {
  readonly model: TraceModel
  readonly span: number
  readonly view: SpanView
  readonly select: (span: number | undefined) => void
}

const MOST = 100

export function SpanLinks({ model, span, view, select }: SpanLinksProps) {
  const { links, droppedLinks } = view
  const backlinks = (model.linkedFrom.get(view.spanId) ?? []).filter((from) => from !== span)
  if (links.length + droppedLinks + backlinks.length === 0) return undefined
  return (
    <section className="span-links" aria-labelledby="links-title">
      <div className="span-section-head">
        <h3 id="links-title">
          Links <span className="muted">{(links.length + backlinks.length).toLocaleString()}</span>
        </h3>
      </div>
      <ul>
        {links.slice(0, MOST).map((link, at) => {
          const here = link.traceId === model.traceId ? model.ids.find(link.spanId) : undefined
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: a span's links never change
            <li key={at}>
              <span className="muted">to</span>
              {here !== undefined ? (
                <SpanButton model={model} span={here} select={select} />
              ) : traceIdIn(link.traceId) === undefined ? (
                <span className="span-link-other mono">
                  <Text>{`${link.traceId} ${link.spanId}`}</Text>
                </span>
              ) : (
                <Link {...traceLink(link.traceId, link.spanId)} className="span-link-other">
                  span <code>{link.spanId}</code> of trace <code>{link.traceId}</code>
                </Link>
              )}
              {link.attributes.length > 0 && (
                <AttributeTable label="Link attributes" attributes={link.attributes} />
              )}
            </li>
          )
        })}
        {backlinks.slice(0, MOST).map((from) => (
          <li key={`from ${from}`}>
            <span className="muted">from</span>
            <SpanButton model={model} span={from} select={select} />
          </li>
        ))}
      </ul>
      {droppedLinks > 0 && (
        <p className="span-dropped">{droppedLinks} more were dropped by a limit at the sender.</p>
      )}
    </section>
  )
}

function SpanButton({ model, span, select }: Omit<SpanLinksProps, 'view'>) {
  return (
    <button type="button" className="span-parent truncate" onClick={() => select(span)}>
      <Text>{model.spans[span]!.name}</Text>
    </button>
  )
}
