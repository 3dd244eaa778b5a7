/** What happened within the span, by the time since it started. Exceptions are open, with their stack as it was printed. */
import type { EventView, SpanView } from 'rustok-lens/contract'
import { findAttribute } from '../model/attributes.ts'
import { formatDuration } from '../model/duration.ts'
import { formatUtcNano } from '../model/time.ts'
import type { TraceModel } from '../model/trace-model.ts'
import type { ValueContext } from '../model/value-links.ts'
import { Text } from '../ui/Text.tsx'
import { AttributeTable } from './AttributeTable.tsx'
import { CodeBlock } from './CodeBlock.tsx'
import './SpanEvents.css'

/** A span may carry thousands: the first ones are drawn, and the rest are counted. */
const MOST = 200

export interface SpanEventsProps {
  readonly model: TraceModel
  readonly span: number
  readonly view: SpanView
  readonly context: ValueContext
}

export function SpanEvents({ model, span, view, context }: SpanEventsProps) {
  const { events, droppedEvents } = view
  if (events.length + droppedEvents === 0) return undefined
  const start = model.times.originUnixNano + BigInt(Math.round(model.times.start[span]!))
  return (
    <section className="span-events" aria-labelledby="events-title">
      <div className="span-section-head">
        <h3 id="events-title">
          Events <span className="muted">{events.length.toLocaleString()}</span>
        </h3>
      </div>
      <ol>
        {events.slice(0, MOST).map((event, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a span's events never change
          <li key={at}>
            <SpanEvent event={event} start={start} context={context} />
          </li>
        ))}
      </ol>
      {events.length > MOST && (
        <p className="span-none">{(events.length - MOST).toLocaleString()} more are not drawn.</p>
      )}
      {droppedEvents > 0 && (
        <p className="span-dropped">{droppedEvents} more were dropped by a limit at the sender.</p>
      )}
    </section>
  )
}

interface SpanEventProps extends Pick<SpanEventsProps, 'context'> {
  readonly event: EventView
  readonly start: bigint
}

function SpanEvent({ event, start, context }: SpanEventProps) {
  const nanos = /^\d{1,20}$/.test(event.timeUnixNano) ? BigInt(event.timeUnixNano) : 0n
  const type = findAttribute(event.attributes, 'exception.type')
  const message = findAttribute(event.attributes, 'exception.message')
  const stack = findAttribute(event.attributes, 'exception.stacktrace')
  const isException = event.name === 'exception' || stack !== undefined
  const rest = isException
    ? event.attributes.filter(({ key }) => !/^exception\.(message|stacktrace)$/.test(key))
    : event.attributes
  return (
    <details open={isException} data-exception={isException}>
      <summary>
        <span className="event-time" title={formatUtcNano(nanos)}>
          {nanos === 0n ? 'no time' : `${nanos < start ? '' : '+'}${formatDuration(Number(nanos - start))}`}
        </span>
        <span className="event-name">
          <Text>{isException && type !== undefined ? type : event.name}</Text>
        </span>
        {!isException && <span className="muted">{event.attributes.length || ''}</span>}
      </summary>
      {message !== undefined && (
        <p className="event-message">
          <Text whole>{message}</Text>
        </p>
      )}
      {stack !== undefined && <CodeBlock text={stack} language="text" />}
      {rest.length > 0 && (
        <AttributeTable label="Event attributes" attributes={rest} of="event" context={context} />
      )}
    </details>
  )
}
