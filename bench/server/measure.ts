/**
 * One round of one scenario: a server with tracing and one without, both running, that are loaded in turns for short slices. What the machine does
 * besides hits neighbours alike, and each pair of slices gives a ratio of its own.
 */
import type { Child } from '../child/child.ts'
import type { Received } from '../sink/received.ts'
import type { SinkCalls } from '../sink/sink.ts'
import { prove } from '../suite.ts'
import type { ServerLoadCalls, SliceResult } from './load.ts'
import type { Scenario, Shop } from './scenarios.ts'
import { ServerProcess } from './server-process.ts'

export interface Sizes {
  /** Milliseconds; a slice has as many requests as the server answers in so long. */
  readonly slice: number
  readonly pairs: number
  readonly connections: number
}

/** A database with the demo in it, for the server with tracing or for the one without. */
export interface Prepared {
  readonly env: Readonly<Record<string, string>>
  readonly token: string
}

export interface SliceRun extends SliceResult {
  /** Of the server, until all that the slice asked for was done, its events included. */
  readonly serverCpuSeconds: number
}

export interface Round {
  readonly requestsPerSlice: number
  readonly traced: readonly SliceRun[]
  readonly untraced: readonly SliceRun[]
  readonly spansCreated: number
  readonly spansArrived: number
}

/** Each warm-up sends as many requests as a slice of the run will; the first of them is sized for code that is not compiled yet. */
const warmUps = 2
const firstGuess = 200

export interface Tools {
  readonly load: Child<ServerLoadCalls>
  readonly sink: Child<SinkCalls>
  readonly profileTo: string | undefined
}

export async function measureRound(
  scenario: Scenario,
  databases: { readonly traced: Prepared; readonly untraced: Prepared },
  sizes: Sizes,
  { load, sink, profileTo }: Tools,
): Promise<Round> {
  const sinkPort = await sink.call('open', { protocol: 'otlp-grpc', keep: false })
  await using untraced = await ServerProcess.start(
    { ...databases.untraced.env, ...withoutTracing },
    { profileTo },
  )
  await using traced = await ServerProcess.start(
    { ...databases.traced.env, ...withTracing(sinkPort) },
    { profileTo },
  )
  const one = async (server: ServerProcess, { token }: Prepared, count: number): Promise<SliceRun> => {
    const shop: Shop = { url: server.url, token }
    const bodies = await scenario.prepare(shop, count)
    const before = await server.settled()
    const slice = { ...shop, bodies, count, connections: sizes.connections, expected: scenario.expected }
    const result = await load.call('run', slice)
    const after = await server.settled()
    return { ...result, serverCpuSeconds: after.cpuSeconds - before.cpuSeconds }
  }
  const onTraced = (count: number) => one(traced, databases.traced, count)
  const onUntraced = (count: number) => one(untraced, databases.untraced, count)

  let count = firstGuess
  for (let i = 0; i < warmUps; i++) {
    await onUntraced(count)
    const { seconds } = await onTraced(count)
    count = Math.max(1, Math.round((count / seconds) * (sizes.slice / 1000)))
  }
  const runs = { traced: [] as SliceRun[], untraced: [] as SliceRun[] }
  for (let pair = 0; pair < sizes.pairs; pair++) {
    // Every other pair begins with the other, so that neither always follows its neighbour.
    if (pair % 2 === 0) runs.traced.push(await onTraced(count))
    runs.untraced.push(await onUntraced(count))
    if (pair % 2 === 1) runs.traced.push(await onTraced(count))
  }

  const { spansCreated = 0, spansDropped } = await traced.settled()
  await traced.stop()
  await untraced.stop()
  const received = await sink.call('close', sinkPort)
  proveDelivery(scenario.title, received, spansCreated, spansDropped)
  return {
    requestsPerSlice: count,
    ...runs,
    spansCreated: spansCreated + askedLast,
    spansArrived: received.spans,
  }
}

/** The server span of the request that read the count is not in it. */
const askedLast = 1

function proveDelivery(who: string, received: Received, created: number, dropped: number): void {
  prove(received.faults.length === 0, `${who}: the receiver could not read a request: ${received.faults[0]}`)
  prove(dropped === 0, `${who}: the server dropped ${dropped} spans`)
  prove(
    received.spans === created + askedLast,
    `${who}: ${received.spans} of ${created + askedLast} spans arrived`,
  )
}

const withoutTracing = { OTEL_ENABLED: 'false' }

/** Every trace of every request, and nothing that asks the network. */
export function withTracing(sinkPort: number): Record<string, string> {
  return {
    OTEL_ENABLED: 'true',
    OTEL_TRACES_SAMPLER: 'parentbased_always_on',
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${sinkPort}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    OTEL_NODE_RESOURCE_DETECTORS: 'env,host,os,process,serviceinstance',
  }
}
