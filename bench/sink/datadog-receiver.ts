/** Datadog's agent as far as its tracer needs it: traces in msgpack over HTTP (`PUT /v0.4/traces`), acknowledged and counted. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { countDatadogSpans } from './count-datadog-spans.ts'
import { Counter, type Received, type Receiver } from './received.ts'

const tracesPath = '/v0.4/traces'
/** Keep everything. */
const rates = JSON.stringify({ rate_by_service: { 'service:,env:': 1 } })
const info = JSON.stringify({ endpoints: [tracesPath], client_drop_p0s: false })

export class DatadogReceiver implements Receiver {
  readonly #server: Server
  readonly #counter: Counter

  constructor(keep: boolean) {
    this.#counter = new Counter(countDatadogSpans, keep)
    this.#server = createServer((request, response) => this.#receive(request, response))
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return (this.#server.address() as AddressInfo).port
  }

  close(): Received {
    this.#server.close()
    this.#server.closeAllConnections()
    return this.#counter.received()
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (request.url === tracesPath) this.#counter.count(Buffer.concat(chunks))
      response.setHeader('content-type', 'application/json').end(request.url === '/info' ? info : rates)
    })
  }
}
