/**
 * Proves, before anything is timed, that a mode does what it is measured for: the application answers as without tracing, and every request
 * becomes one whole trace under a server span that says which request it was.
 */
import { type AnyValue, decodeTraceRequest, type Span, SpanKind } from '@rustok/otlp'
import type { Child } from '../child/child.ts'
import type { SinkCalls } from '../sink/sink.ts'
import { prove } from '../suite.ts'
import type { LoadCalls } from './load.ts'
import { MeasuredServer } from './measured-server.ts'
import type { Scenario, ScenarioMode } from './scenarios.ts'

const requests = 20

export interface SpanCount {
  /** Of the mode's own start: a look-up of the collector's address, for example. */
  readonly atStart: number
  readonly perRequest: number
}

/** How many spans the mode makes, once that they are right is proved. */
export async function proveWork(
  { app, title, request, body }: Scenario,
  { mode, spansPerRequest }: ScenarioMode,
  load: Child<LoadCalls>,
  sink: Child<SinkCalls>,
): Promise<SpanCount> {
  const who = `${mode.label}, ${title}`
  const server = await MeasuredServer.start(app, mode, sink, { keep: true, profileTo: undefined })
  const answer = await load.call('probe', { port: server.port, request, count: requests })
  prove(answer === body, `${who}: answered ${answer.slice(0, 200)}`)
  const { kept, faults } = await server.stop()
  prove(faults.length === 0, `${who}: the receiver could not read a request: ${faults[0]}`)
  const spans = kept
    .flatMap((bytes) => decodeTraceRequest(bytes).resourceSpans)
    .flatMap(({ scopeSpans }) => scopeSpans)
    .flatMap((scope) => scope.spans)
  const traces = [...Map.groupBy(spans, ({ traceId }) => hex(traceId)).values()]
  const ofRequests = traces.filter((trace) => trace.some(({ kind }) => kind === SpanKind.SPAN_KIND_SERVER))
  const wantedTraces = mode.register === undefined ? 0 : requests
  prove(
    ofRequests.length === wantedTraces,
    `${who}: ${ofRequests.length} traces of ${requests} requests, not ${wantedTraces}`,
  )
  for (const trace of ofRequests) checkTrace(who, trace, pathOf(request))
  const made = ofRequests.flat().length
  const perRequest = spansPerRequest ?? Math.round(made / requests)
  prove(
    made === perRequest * requests,
    `${who}: ${made} spans of ${requests} requests, not ${perRequest} of each`,
  )
  return { atStart: spans.length - made, perRequest }
}

/** One root, which is the server span with the request's method, path and status; all others hang below it. */
function checkTrace(who: string, trace: readonly Span[], path: string): void {
  const ids = new Set(trace.map(({ spanId }) => hex(spanId)))
  const roots = trace.filter(({ parentSpanId }) => parentSpanId.length === 0)
  const orphans = trace.filter(({ parentSpanId }) => parentSpanId.length > 0 && !ids.has(hex(parentSpanId)))
  prove(roots.length === 1 && orphans.length === 0, `${who}: a trace is not one tree`)
  const [root] = roots as [Span]
  prove(root.kind === SpanKind.SPAN_KIND_SERVER, `${who}: the root '${root.name}' is no server span`)
  const attributes = new Map<string, AnyValue>(root.attributes.map(({ key, value }) => [key, value]))
  const status = attributes.get('http.response.status_code')
  prove(status === 200n, `${who}: the server span's status is ${status}`)
  prove(
    attributes.get('url.path') === path,
    `${who}: the server span's path is ${attributes.get('url.path')}`,
  )
}

function pathOf(request: Uint8Array): string {
  return Buffer.from(request).toString('latin1').split(' ', 2)[1]!
}

function hex(id: Uint8Array): string {
  return Buffer.from(id).toString('hex')
}
