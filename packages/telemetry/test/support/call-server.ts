/** A server that is not traced itself, for tests of what instruments clients. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach } from 'node:test'
import { type Received, type TracedOptions, traced } from './traced.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

export interface Called extends Omit<Received, 'requests'> {
  /** As the server saw them. */
  readonly requests: readonly IncomingMessage[]
  readonly port: number
}

/** What arrives of client work against a server with this handler. */
export async function callServer(
  work: (port: number, server: Server) => unknown,
  handler: RequestListener = (_, response) => response.end('ok'),
  options: TracedOptions = {},
): Promise<Called> {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    handler(request, response)
  }).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { ...(await traced(() => work(port, server), options)), requests, port }
}
