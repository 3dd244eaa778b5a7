/**
 * A sender at full speed that remembers what was acknowledged: each request is one trace of its own, so that what is in the store can be held against it,
 * whenever Lens or its engine died in between. Used by tests of faults and by the soak.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { Client, credentials, type status } from '@grpc/grpc-js'
import { encodeTraceRequest } from '@rustok/otlp'
import type { LensUrls } from '../../src/lens.ts'
import { readSpans } from '../../src/query/read-spans.ts'
import type { StoreEngine } from '../../src/store/engine.ts'
import { attributes, hex, request, span, traceId } from './spans.ts'

export const spansOfTrace = 100
export const streams = 16
const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'

export class RecordingSender implements AsyncDisposable {
  /** Trace ids in hexadecimal. */
  readonly acknowledged = new Set<string>()
  /** By the code of the answer. */
  readonly refused = new Map<status, string>()
  #sender: { readonly stop: () => Promise<void> } | undefined

  /** Sends to this Lens from now on, until it is stopped. */
  start({ otlpGrpc }: LensUrls): void {
    const client = new Client(otlpGrpc.replace('http://', ''), credentials.createInsecure())
    let stopped = false
    const stream = async () => {
      while (!stopped) if (!(await this.#send(client))) await sleep(20)
    }
    const ended = Promise.all(Array.from({ length: streams }, stream))
    this.#sender = {
      stop: async () => {
        stopped = true
        await ended
        client.close()
      },
    }
  }

  async stop(): Promise<void> {
    await this.#sender?.stop()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  /** Whether it was acknowledged. */
  #send(client: Client): Promise<boolean> {
    const id = traceId()
    const spans = Array.from({ length: spansOfTrace }, (_, index) =>
      span({
        traceId: id,
        name: `GET /route-${index % 40}`,
        attributes: attributes({ tenant_id: `t${index % 3}`, 'http.route': `/route-${index % 40}`, index }),
      }),
    )
    const same = (bytes: Buffer) => bytes
    const body = Buffer.from(encodeTraceRequest(request('shop', spans)))
    const { promise, resolve } = Promise.withResolvers<boolean>()
    client.makeUnaryRequest(path, same, same, body, { deadline: Date.now() + 60_000 }, (error) => {
      if (error === null) this.acknowledged.add(hex(id))
      else this.refused.set(error.code, error.details)
      resolve(error === null)
    })
    return promise
  }
}

/** Acknowledged traces that the store does not have, or whose spans an answer does not have once each. */
export async function wrongTraces(engine: StoreEngine, acknowledged: ReadonlySet<string>): Promise<string[]> {
  const { rows } = await engine.query<{ id: string; spans: string }>(
    'SELECT lower(hex(trace_id)) AS id, uniqExact(span_id) AS spans FROM spans GROUP BY trace_id',
    {},
    { limits: { seconds: 120, memoryBytes: 2 ** 31, resultRows: 10_000_000 } },
  )
  const stored = new Map(rows.map(({ id, spans }) => [id, Number(spans)]))
  const wrong = [...acknowledged].filter((id) => stored.get(id) !== spansOfTrace)
  // As a page reads them; the last ones are those that a kill was nearest to.
  for (const id of [...acknowledged].slice(-40)) {
    const spans = await readSpans(engine, [id])
    if (new Set(spans.map(({ spanId }) => spanId)).size !== spans.length || spans.length !== spansOfTrace) {
      wrong.push(id)
    }
  }
  return wrong
}
