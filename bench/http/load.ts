/**
 * The client, in a process of its own: a closed loop over keep-alive connections. autocannon spends about as much CPU on a request as a small
 * Fastify handler does; this spends a fraction, so that on two cores the server is what is saturated.
 */
import { connect } from 'node:net'
import { offerCalls } from '../child/calls.ts'
import { percentile } from '../report/statistics.ts'
import { Connection } from './connection.ts'

export interface LoadTarget {
  readonly port: number
  readonly request: Uint8Array
  readonly connections: number
  /** Requests in flight on each connection. */
  readonly pipelining: number
}

export interface LoadResult {
  readonly requests: number
  readonly seconds: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  /** Of the client. */
  readonly cpuMicros: number
}

export interface LoadCalls {
  /** Sends the request `count` times, one after the other; the body of the last response. */
  probe(options: {
    readonly port: number
    readonly request: Uint8Array
    readonly count: number
  }): Promise<string>
  /** Opens the connections, after a probe; the number of requests that it took. */
  connect(target: LoadTarget): Promise<number>
  run(options: { readonly milliseconds: number }): Promise<LoadResult>
  disconnect(): void
}

const endOfHead = '\r\n\r\n'
/** Responses that must agree in length before a load counts on it. */
const measured = 3

let connections: readonly Connection[] = []

offerCalls<LoadCalls>({
  async probe({ port, request, count }) {
    let response = ''
    for (let i = 0; i < count; i++) response = await exchange(port, request)
    return response.slice(response.indexOf(endOfHead) + endOfHead.length)
  },

  async connect({ port, request, connections: count, pipelining }) {
    const lengths = new Set<number>()
    for (let i = 0; i < measured; i++) lengths.add((await exchange(port, request)).length)
    const [responseLength = 0] = lengths
    if (lengths.size !== 1) throw new Error(`responses differ in length: ${[...lengths].join(', ')}`)
    const target = { port, request, responseLength }
    connections = Array.from({ length: count }, () => new Connection(target, pipelining))
    return measured
  },

  async run({ milliseconds }) {
    const begin = performance.now()
    const cpu = process.cpuUsage()
    const lists = await Promise.all(connections.map((connection) => connection.run(begin + milliseconds)))
    const { user, system } = process.cpuUsage(cpu)
    const seconds = (performance.now() - begin) / 1000
    const latencies = Float64Array.from(lists.flat()).sort()
    return {
      requests: latencies.length,
      seconds,
      p50: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
      cpuMicros: user + system,
    }
  },

  disconnect() {
    for (const connection of connections) connection.close()
    connections = []
  },
})
process.once('SIGTERM', () => process.exit())

/** One request on a connection of its own that stays open until the response, of a known length, is complete. */
function exchange(port: number, request: Uint8Array): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let response = ''
  const socket = connect({ host: '127.0.0.1', port }, () => socket.write(request))
  socket.setEncoding('latin1').on('data', (text) => {
    response += text
    const bodyStart = response.indexOf(endOfHead) + endOfHead.length
    if (bodyStart < endOfHead.length) return
    const length = /^content-length: (\d+)/im.exec(response.slice(0, bodyStart))?.[1]
    if (!response.startsWith('HTTP/1.1 200 ') || length === undefined) {
      reject(new Error(`expected status 200 and a content-length, not: ${response.slice(0, 400)}`))
      socket.destroy()
    } else if (response.length - bodyStart >= Number(length)) {
      resolve(response)
      socket.end()
    }
  })
  socket.on('error', reject)
  return promise
}
