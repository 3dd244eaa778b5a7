/**
 * The receiver, in a process of its own: OTLP/gRPC over `node:http2`, which acknowledges every request and counts its spans. It is the
 * cheapest honest one, the same for all contenders, because on two cores it competes with what is measured.
 */
import { once } from 'node:events'
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { offerCalls } from '../child/calls.ts'
import { countSpans } from './count-spans.ts'

export interface Received {
  readonly spans: number
  readonly requests: number
  readonly bytes: number
  /** What was wrong with requests that could not be counted. */
  readonly faults: readonly string[]
  /** The requests, where they were kept. */
  readonly kept: readonly Uint8Array[]
}

export interface SinkCalls {
  /** Opens a receiver with counters of its own; its port. `keep` holds the requests for a decoder. */
  open(options: { readonly keep: boolean }): Promise<number>
  close(port: number): Promise<Received>
  /** CPU time of this process so far, in microseconds. */
  cpuMicros(): number
}

/** As a collector in Go, whose windows grow with the traffic: a sender does not wait for a window in the middle of a batch. */
const streamWindow = 4 * 1024 * 1024
const sessionWindow = 16 * 1024 * 1024
const exportPath = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'
/** gRPC: a compression flag and the message's length. */
const frameHeader = 5
const emptyMessage = Buffer.alloc(frameHeader)

class Receiver {
  readonly #server: Http2Server
  readonly #keep: boolean
  readonly #kept: Uint8Array[] = []
  readonly #faults: string[] = []
  #spans = 0
  #requests = 0
  #bytes = 0

  constructor(keep: boolean) {
    this.#keep = keep
    this.#server = createServer({ settings: { initialWindowSize: streamWindow } })
    this.#server.on('session', (session) => session.setLocalWindowSize(sessionWindow))
    this.#server.on('stream', (stream: ServerHttp2Stream, headers) => {
      if (headers[':path'] !== exportPath) this.#faults.push(`an unknown path: ${headers[':path']}`)
      this.#receive(stream)
    })
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return (this.#server.address() as AddressInfo).port
  }

  close(): Received {
    this.#server.close()
    return {
      spans: this.#spans,
      requests: this.#requests,
      bytes: this.#bytes,
      faults: this.#faults,
      kept: this.#kept,
    }
  }

  #receive(stream: ServerHttp2Stream): void {
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('error', (error) => this.#faults.push(String(error)))
    stream.on('end', () => {
      this.#count(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
      stream.end(emptyMessage)
    })
  }

  #count(frame: Buffer): void {
    try {
      if (frame[0] !== 0) throw new Error('a compressed request')
      const request = frame.subarray(frameHeader)
      if (frame.readUInt32BE(1) !== request.length) throw new Error('not one whole message')
      this.#spans += countSpans(request)
      this.#requests++
      this.#bytes += request.length
      if (this.#keep) this.#kept.push(Uint8Array.from(request))
    } catch (error) {
      this.#faults.push(String(error))
    }
  }
}

const receivers = new Map<number, Receiver>()

offerCalls<SinkCalls>({
  async open({ keep }) {
    const receiver = new Receiver(keep)
    const port = await receiver.listen()
    receivers.set(port, receiver)
    return port
  },
  async close(port) {
    const receiver = receivers.get(port)
    if (receiver === undefined) throw new Error(`no receiver on port ${port}`)
    receivers.delete(port)
    return receiver.close()
  },
  cpuMicros() {
    const { user, system } = process.cpuUsage()
    return user + system
  },
})
process.once('SIGTERM', () => process.exit())
