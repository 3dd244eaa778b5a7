/**
 * One sender of the ingest bench, a process of its own: generated requests, encoded before the clock runs (which is the senders' own work, and none of
 * Lens's), go to Lens over gRPC, so many at once; each time a request comes round again, its traces have new ids. What was acknowledged is counted, and what was pushed back sent again.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { decodeTraceRequest, decodeTraceResponse } from '@rustok/otlp'
import { offerCalls } from '../../child/calls.ts'
import { TraceGenerator } from '../generator/trace-generator.ts'
import { CallFailed, framed, GrpcSender, prefixBytes, resourceExhausted, unavailable } from './grpc-sender.ts'

export interface ClientOptions {
  /** host:port */
  readonly address: string
  readonly seed: number
  /** Encoded beforehand, and sent round and round. */
  readonly spans: number
  /** Requests on their way at once. */
  readonly concurrency: number
}

export interface ClientResult {
  readonly acknowledged: number
  readonly bytes: number
  readonly requests: number
  /** Answers that told it to come again. */
  readonly pushedBack: number
  readonly cpuMs: number
  readonly residentBytes: number
  /** Milliseconds between a request and its answer: median and 99th percentile. */
  readonly latency: readonly [number, number]
  /** Of spans that were acknowledged, in hex, with how many spans of its trace were. */
  readonly sample: readonly (readonly [traceId: string, spans: number])[]
}

export interface ClientCalls {
  prepare(options: ClientOptions): Promise<number>
  /** Sends until `seconds` have passed, and ends when everything is answered. */
  send(seconds: number): Promise<ClientResult>
}

interface Prepared {
  /** The message behind its prefix. */
  readonly bytes: Buffer
  readonly spans: number
  /** Where the ids of traces, spans and parents are; the first is a trace's. */
  readonly ids: readonly number[]
  busy: boolean
}

const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'

let options: ClientOptions
let sender: GrpcSender
let requests: Prepared[] = []

offerCalls<ClientCalls>({
  async prepare(given) {
    options = given
    sender = await GrpcSender.connect(given.address, path)
    const now = BigInt(Date.now()) * 1_000_000n
    const minute = 60_000_000_000n
    const { seed, spans } = given
    const generator = new TraceGenerator({ seed, spans, from: now - minute, to: now })
    requests = [...generator.requests()].map(({ bytes, spans }) => prepared(framed(bytes), spans))
    // What generating left behind is not what sending takes.
    globalThis.gc?.()
    return generator.spans
  },
  send,
})

function prepared(bytes: Buffer, spans: number): Prepared {
  const ids: number[] = []
  for (const { scopeSpans } of decodeTraceRequest(bytes.subarray(prefixBytes)).resourceSpans) {
    for (const { traceId, spanId, parentSpanId } of scopeSpans.flatMap(({ spans }) => spans)) {
      for (const id of [traceId, spanId, parentSpanId]) {
        if (id.length > 0) ids.push(id.byteOffset - bytes.byteOffset)
      }
    }
  }
  return { bytes, spans, ids, busy: false }
}

async function send(seconds: number): Promise<ClientResult> {
  const ends = performance.now() + seconds * 1000
  const before = process.cpuUsage()
  const latencies: number[] = []
  const sampled = new Map<string, number>()
  let acknowledged = 0
  let bytes = 0
  let count = 0
  let pushedBack = 0
  let next = 0

  async function sendOn(): Promise<void> {
    while (performance.now() < ends) {
      const round = Math.floor(next / requests.length)
      const request = requests[next++ % requests.length]!
      // With more on their way than there are requests, one would change while it is being sent.
      if (request.busy) throw new Error('too few requests for so many at once')
      request.busy = true
      if (round > 0) renew(request, round)
      const began = performance.now()
      for (;;) {
        try {
          const { partialSuccess } = decodeTraceResponse(await sender.call(request.bytes))
          if (partialSuccess !== undefined) throw new Error(partialSuccess.errorMessage)
          break
        } catch (error) {
          if (!(error instanceof CallFailed)) throw error
          if (error.code !== resourceExhausted && error.code !== unavailable) throw error
          pushedBack++
          await sleep(1000)
        }
      }
      latencies.push(performance.now() - began)
      acknowledged += request.spans
      bytes += request.bytes.length - prefixBytes
      if (count++ % 500 === 0) {
        const id = request.ids[0]!
        sampled.set(request.bytes.toString('hex', id, id + 16), round)
      }
      request.busy = false
    }
  }
  await Promise.all(Array.from({ length: options.concurrency }, sendOn))
  const { user, system } = process.cpuUsage(before)
  latencies.sort((a, b) => a - b)
  const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? Number.NaN
  sender.close()
  return {
    acknowledged,
    bytes,
    requests: count,
    pushedBack,
    cpuMs: (user + system) / 1000,
    residentBytes: process.memoryUsage().rss,
    latency: [at(0.5), at(0.99)],
    sample: [...sampled],
  }
}

/** A round changes an id in the same way in all requests, so that the spans of a trace stay together. */
function renew({ bytes, ids }: Prepared, round: number): void {
  const difference = round ^ (round - 1)
  for (const id of ids) bytes.writeUInt32LE((bytes.readUInt32LE(id + 4) ^ difference) >>> 0, id + 4)
}
