/**
 * OTLP/gRPC over `node:http2`: acknowledges every request and counts its spans. The cheapest honest receiver, the same for all who send
 * OTLP, because on two cores it competes with what is measured.
 */
import { once } from 'node:events'
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { countSpans } from './count-spans.ts'
import { Counter, type Received, type Receiver } from './received.ts'

/** As a collector in Go, whose windows grow with the traffic: a sender does not wait for a window in the middle of a batch. */
const streamWindow = 4 * 1024 * 1024
const sessionWindow = 16 * 1024 * 1024
const exportPath = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'
/** gRPC: a compression flag and the message's length. */
const frameHeader = 5
const emptyMessage = Buffer.alloc(frameHeader)

export class OtlpReceiver implements Receiver {
  readonly #server: Http2Server
  readonly #counter: Counter

  constructor(keep: boolean) {
    this.#counter = new Counter(countSpans, keep)
    this.#server = createServer({ settings: { initialWindowSize: streamWindow } })
    this.#server.on('session', (session) => session.setLocalWindowSize(sessionWindow))
    this.#server.on('stream', (stream: ServerHttp2Stream, headers) => {
      if (headers[':path'] !== exportPath) this.#counter.fault(`an unknown path: ${headers[':path']}`)
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
    return this.#counter.received()
  }

  #receive(stream: ServerHttp2Stream): void {
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('error', (error) => this.#counter.fault(String(error)))
    stream.on('end', () => {
      this.#count(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
      stream.end(emptyMessage)
    })
  }

  #count(frame: Buffer): void {
    const request = frame.subarray(frameHeader)
    if (frame[0] !== 0) this.#counter.fault('a compressed request')
    else if (frame.readUInt32BE(1) !== request.length) this.#counter.fault('not one whole message')
    else this.#counter.count(request)
  }
}
