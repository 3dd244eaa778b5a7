/** Proves, before anything is timed, that tracing does its work: each request is one whole trace, with what it asked of the database in it. */
import type { Child } from '../child/child.ts'
import { type ProofSpan, readSpans } from '../http/read-spans.ts'
import type { SinkCalls } from '../sink/sink.ts'
import { prove } from '../suite.ts'
import { type Prepared, withTracing } from './measure.ts'
import { askBody, type Scenario } from './scenarios.ts'
import { ServerProcess } from './server-process.ts'

const requests = 20

/** How many spans a request has; most of them, where one waited for another and asked again. */
export async function proveTraces(
  scenario: Scenario,
  { env, token }: Prepared,
  sink: Child<SinkCalls>,
): Promise<number> {
  const sinkPort = await sink.call('open', { protocol: 'otlp-grpc', keep: true })
  await using server = await ServerProcess.start({ ...env, ...withTracing(sinkPort) })
  const shop = { url: server.url, token }
  const bodies = await scenario.prepare(shop, requests)
  const traceIds: string[] = []
  for (let i = 0; i < requests; i++) {
    const { data, traceId } = await askBody(shop, bodies[i % bodies.length]!)
    scenario.check(data)
    traceIds.push(traceId)
  }
  await server.settled()
  await server.stop()
  const { kept, faults } = await sink.call('close', sinkPort)
  prove(faults.length === 0, `${scenario.title}: the receiver could not read a request: ${faults[0]}`)
  const traces = Map.groupBy(readSpans('otlp-grpc', kept), ({ traceId }) => traceId)
  const sizes = traceIds.map((traceId) => {
    const trace = traces.get(traceId) ?? []
    checkTrace(scenario, trace)
    return trace.length
  })
  return sizes.toSorted((a, b) => a - b)[sizes.length >> 1]!
}

/** One root, the server span of the request; all others hang below it, the statements among them. */
function checkTrace({ title, spans }: Scenario, trace: readonly ProofSpan[]): void {
  const ids = new Set(trace.map(({ id }) => id))
  const roots = trace.filter(({ parentId }) => parentId === undefined)
  const orphans = trace.filter(({ parentId }) => parentId !== undefined && !ids.has(parentId))
  prove(roots.length === 1 && orphans.length === 0, `${title}: a trace is not one tree`)
  prove(
    roots[0]!.server && roots[0]!.status === '200',
    `${title}: the root '${roots[0]!.name}' is no server span`,
  )
  for (const name of spans) {
    prove(
      trace.some((span) => span.name === name),
      `${title}: no span '${name}' among ${trace.map((span) => span.name).join(', ')}`,
    )
  }
}
