/**
 * The client, in a process of its own: a closed loop over keep-alive connections, each of which takes the next request when its last one is answered.
 * Unlike `http/load.ts` it sends requests that differ and reads each answer, as an order can be placed once and may be refused.
 */
import { offerCalls } from '../child/calls.ts'
import { AnsweringConnection } from './answering-connection.ts'

export interface Slice {
  readonly url: string
  readonly token: string
  /** GraphQL requests in JSON, taken in turns until `count` were sent. */
  readonly bodies: readonly string[]
  readonly count: number
  readonly connections: number
  /** Is in every right answer. */
  readonly expected: string
}

export interface SliceResult {
  readonly seconds: number
  /** Milliseconds, ascending. */
  readonly latencies: Float64Array
  /** Of the client. */
  readonly cpuSeconds: number
}

export interface ServerLoadCalls {
  run(slice: Slice): Promise<SliceResult>
}

offerCalls<ServerLoadCalls>({
  async run({ url, token, bodies, count, connections, expected }) {
    const { hostname, port, host } = new URL(url)
    const requests = bodies.map((body) => requestOf(host, token, body))
    const pool = Array.from(
      { length: connections },
      () => new AnsweringConnection({ host: hostname, port: Number(port), expected }),
    )
    const latencies = new Float64Array(count)
    let next = 0
    const cpu = process.cpuUsage()
    const begin = performance.now()
    await Promise.all(
      pool.map(async (connection) => {
        for (let i = next++; i < count; i = next++) {
          const sent = performance.now()
          await connection.exchange(requests[i % requests.length]!)
          latencies[i] = performance.now() - sent
        }
      }),
    )
    const seconds = (performance.now() - begin) / 1000
    const { user, system } = process.cpuUsage(cpu)
    for (const connection of pool) connection.close()
    return { seconds, latencies: latencies.sort(), cpuSeconds: (user + system) / 1e6 }
  },
})
process.once('SIGTERM', () => process.exit())

function requestOf(host: string, token: string, body: string): Buffer {
  const head = [
    'POST /graphql HTTP/1.1',
    `Host: ${host}`,
    'User-Agent: rustok-bench/0.1',
    'Accept: application/json',
    `Authorization: Bearer ${token}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
}
