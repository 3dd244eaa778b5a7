/**
 * Serves metrics to a scraper: `GET /metrics` on a port of its own. It keeps no process alive. HTTP by hand, one answer to a connection: a server
 * of node:http would be traced like the application's, and what it would add nobody asks of this page.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { MetricsAddress } from '../config/metrics.ts'
import { outside } from '../export/outside.ts'
import { diag } from '../own-diag.ts'
import { openMetricsType } from './open-metrics.ts'

/** Of one connection, from its first byte to its last. */
const timeoutMs = 10_000
const maxConnections = 16
/** Of a request's head. */
const maxHeadBytes = 16_384

/** The returned function stops it. A port that is taken costs the endpoint, not the application. */
export function serveMetrics({ host, port }: MetricsAddress, read: () => string): () => void {
  const open = new Set<Socket>()
  const server = outside(() => createServer())
  server.on('connection', (socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket)).on('error', () => socket.destroy())
    socket.setTimeout(timeoutMs, () => socket.destroy()).unref()
    answer(socket, read)
  })
  server.maxConnections = maxConnections
  server.on('error', (cause: NodeJS.ErrnoException) => {
    diag.error(
      `metrics cannot be served at ${host}:${port} (${cause.code}): change OTEL_EXPORTER_PROMETHEUS_PORT`,
    )
  })
  server.listen(port, host, () => {
    const { port: bound } = server.address() as AddressInfo
    diag.info(`metrics are served at http://${host.includes(':') ? `[${host}]` : host}:${bound}/metrics`)
  })
  server.unref()
  return () => {
    server.close()
    for (const socket of open) socket.destroy()
  }
}

function answer(socket: Socket, read: () => string): void {
  let head = ''
  const onData = (bytes: Buffer) => {
    head += bytes.toString('latin1')
    if (head.length > maxHeadBytes) return respond(socket, '431 Request Header Fields Too Large', 'GET')
    if (!head.includes('\r\n\r\n')) return
    socket.off('data', onData).resume()
    const [method = '', target = ''] = head.split('\r\n', 1)[0]!.split(' ')
    if (method !== 'GET' && method !== 'HEAD') return respond(socket, '405 Method Not Allowed', method)
    if (target.split('?', 1)[0] !== '/metrics') return respond(socket, '404 Not Found', method)
    respond(socket, '200 OK', method, Buffer.from(read()))
  }
  socket.on('data', onData)
}

function respond(socket: Socket, status: string, method: string, body: Buffer = Buffer.alloc(0)): void {
  const head = `HTTP/1.1 ${status}\r\ncontent-type: ${openMetricsType}\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n`
  socket.removeAllListeners('data')
  socket.end(method === 'HEAD' ? head : Buffer.concat([Buffer.from(head), body]))
}
