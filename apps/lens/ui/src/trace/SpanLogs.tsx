/** Log records that were written within the span, by the time since it started. Those of a trace are asked for at once. */
import { useQuery } from '@tanstack/react-query'
import { traceLogsOptions } from '../api/queries.ts'
import { attributeText } from '../model/attributes.ts'
import { formatDuration } from '../model/duration.ts'
import { formatUtcNano } from '../model/time.ts'
import type { TraceModel } from '../model/trace-model.ts'
import { Text } from '../ui/Text.tsx'
import { AttributeTable } from './AttributeTable.tsx'
import './SpanEvents.css'

export function SpanLogs({ model, span }: { readonly model: TraceModel; readonly span: number }) {
  const { data } = useQuery(traceLogsOptions(model.traceId))
  const spanId = model.ids.of(span)
  const logs = data?.logs.filter((log) => log.spanId === spanId) ?? []
  if (data === undefined || logs.length === 0) return undefined
  const start = model.times.originUnixNano + BigInt(Math.round(model.times.start[span]!))
  return (
    <section className="span-events" aria-labelledby="logs-title">
      <div className="span-section-head">
        <h3 id="logs-title">
          Logs <span className="muted">{logs.length.toLocaleString()}</span>
        </h3>
      </div>
      <ol>
        {logs.map((log) => (
          <li key={log.id}>
            <details>
              <summary>
                <span className="event-time" title={formatUtcNano(BigInt(log.timeUnixNano))}>
                  +{formatDuration(Number(BigInt(log.timeUnixNano) - start))}
                </span>
                <span className="span-log-severity" data-severity={log.severity}>
                  {log.severity === 'unspecified' ? log.severityText || 'log' : log.severity}
                </span>
                <span className="event-name">
                  <Text>{attributeText(log.body) || log.eventName}</Text>
                </span>
              </summary>
              <AttributeTable label="Log attributes" attributes={log.attributes} />
            </details>
          </li>
        ))}
      </ol>
      {data.total > data.logs.length && (
        <p className="span-none">
          Of the trace’s {data.total.toLocaleString()} records, the first {data.logs.length.toLocaleString()}{' '}
          were looked at.
        </p>
      )}
    </section>
  )
}
