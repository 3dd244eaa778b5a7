/**
 * Proves, before anything is timed, that a mode does what it is measured for: the application answers as without tracing, and every request
 * becomes one whole trace under a server span that says which request it was.
 */
import type { Child } from '../child/child.ts'
import type { SinkCalls } from '../sink/sink.ts'
import { prove } from '../suite.ts'
import type { LoadCalls } from './load.ts'
import { MeasuredServer } from './measured-server.ts'
import { type ProofSpan, readSpans } from './read-spans.ts'
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
  const spans = readSpans(mode.protocol, kept)
  const traces = [...Map.groupBy(spans, ({ traceId }) => traceId).values()]
  const ofRequests = traces.filter((trace) => trace.some(({ server }) => server))
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
function checkTrace(who: string, trace: readonly ProofSpan[], path: string): void {
  const ids = new Set(trace.map(({ id }) => id))
  const roots = trace.filter(({ parentId }) => parentId === undefined)
  const orphans = trace.filter(({ parentId }) => parentId !== undefined && !ids.has(parentId))
  prove(roots.length === 1 && orphans.length === 0, `${who}: a trace is not one tree`)
  const [root] = roots as [ProofSpan]
  prove(root.server, `${who}: the root '${root.name}' is no server span`)
  prove(root.status === '200', `${who}: the server span's status is ${root.status}`)
  prove(root.path === path, `${who}: the server span's path is ${root.path}`)
}

function pathOf(request: Uint8Array): string {
  return Buffer.from(request).toString('latin1').split(' ', 2)[1]!
}
