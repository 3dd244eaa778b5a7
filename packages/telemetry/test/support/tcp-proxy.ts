/** A proxy in front of a collector that can break connections as networks do. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export type Fault =
  /** Takes the connection and says nothing for ever: a half-open peer. */
  | 'swallow'
  /** Resets when the request is on its way. */
  | 'reset-request'
  /** Resets when the answer comes, which the sender therefore never sees. */
  | 'reset-answer'
  /** Resets at once. */
  | 'refuse'

export interface TcpProxy {
  readonly endpoint: string
  /** Connections so far. */
  readonly connections: number
  /** What becomes of the connections from now on; `undefined` lets them through. */
  fault: Fault | undefined
  stop(): void
}

/** Bytes of a request: more than the HTTP/2 preface and settings, less than the batches that tests send. */
const requestBytes = 2000
/** Bytes of an answer's headers and trailers: more than the server's settings and acknowledgements. */
const answerBytes = 100

export async function startTcpProxy(targetPort: number, fault?: Fault): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  }
  const server = createServer((client) => {
    keep(client)
    proxy.connections++
    const current = proxy.fault
    if (current === 'refuse') return client.resetAndDestroy()
    if (current === 'swallow') return client.resume()
    const upstream = connect(targetPort, '127.0.0.1')
    keep(upstream)
    let sent = 0
    let answered = 0
    client.on('data', (bytes) => {
      sent += bytes.length
      if (current === 'reset-request' && sent > requestBytes) client.resetAndDestroy()
      else upstream.write(bytes)
    })
    upstream.on('data', (bytes) => {
      answered += bytes.length
      const answering = sent > requestBytes && answered > answerBytes
      if (current === 'reset-answer' && answering) client.resetAndDestroy()
      else client.write(bytes)
    })
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: 0,
    fault,
    stop() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
  return proxy
}
