/** One measured run of one mode: warm up, load, read the meters around it, stop, count what arrived. */
import type { Child } from '../child/child.ts'
import type { SinkCalls } from '../sink/sink.ts'
import { prove } from '../suite.ts'
import type { LoadCalls } from './load.ts'
import { MeasuredServer } from './measured-server.ts'
import type { Mode } from './modes.ts'
import type { SpanCount } from './prove-work.ts'
import type { Scenario } from './scenarios.ts'

export interface Durations {
  /** Milliseconds. */
  readonly warmUp: number
  readonly load: number
}

export interface HttpRun {
  readonly requestsPerSecond: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  /** Of the server's process, all threads. */
  readonly cpuMicrosPerRequest: number
  /** Cores in use; a server near 1 is saturated, a client near 1 is not to be trusted. */
  readonly serverCores: number
  readonly clientCores: number
  readonly sinkCores: number
  /** Resident, before the first request and right after the load. */
  readonly bytesAtStart: number
  readonly bytesLoaded: number
  readonly spansMade: number
  readonly spansArrived: number
}

export async function measure(
  { app, title, request, connections, pipelining }: Scenario,
  mode: Mode,
  spans: SpanCount,
  { warmUp, load: loadFor }: Durations,
  {
    load,
    sink,
    profileTo,
  }: {
    readonly load: Child<LoadCalls>
    readonly sink: Child<SinkCalls>
    readonly profileTo: string | undefined
  },
): Promise<HttpRun> {
  const server = await MeasuredServer.start(app, mode, sink, { keep: false, profileTo })
  const { residentBytes: bytesAtStart } = await server.usage()
  const probes = await load.call('connect', { port: server.port, request, connections, pipelining })
  const warm = await load.call('run', { milliseconds: warmUp })
  const [before, sinkBefore] = [await server.usage(), await sink.call('cpuMicros')]
  const result = await load.call('run', { milliseconds: loadFor })
  const [after, sinkAfter] = [await server.usage(), await sink.call('cpuMicros')]
  await load.call('disconnect')
  const received = await server.stop()

  const who = `${mode.label}, ${title}`
  const spansMade = spans.atStart + (probes + warm.requests + result.requests) * spans.perRequest
  prove(received.faults.length === 0, `${who}: the receiver could not read a request: ${received.faults[0]}`)
  prove(received.spans <= spansMade, `${who}: ${received.spans} spans arrived of ${spansMade} that were made`)
  if (mode.lossless) {
    prove(received.spans === spansMade, `${who}: ${received.spans} of ${spansMade} spans arrived`)
  }
  const serverMicros = after.cpuMicros - before.cpuMicros
  const coresOf = (micros: number) => micros / 1e6 / result.seconds
  return {
    requestsPerSecond: result.requests / result.seconds,
    p50: result.p50,
    p99: result.p99,
    cpuMicrosPerRequest: serverMicros / result.requests,
    serverCores: coresOf(serverMicros),
    clientCores: coresOf(result.cpuMicros),
    sinkCores: coresOf(sinkAfter - sinkBefore),
    bytesAtStart,
    bytesLoaded: after.residentBytes,
    spansMade,
    spansArrived: received.spans,
  }
}
