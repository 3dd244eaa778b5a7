/** A collector that speaks OTLP over HTTP: records what it gets, answers as a test tells it. Requests are kept as sent, and unzipped. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { decodeRequest, type ReceivedSpan } from './decode.ts'

export interface HttpAnswer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
}

/** `undefined` leaves a request without an answer; a function answers by hand. */
export type HttpAnswering = (
  attempt: number,
) =>
  | HttpAnswer
  | undefined
  | ((response: ServerResponse) => void)
  | Promise<HttpAnswer | ((response: ServerResponse) => void)>

export interface HttpRequest {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** Unzipped. */
  readonly body: Buffer
  /** Bytes on the wire. */
  readonly size: number
}

export interface HttpCollector {
  readonly port: number
  readonly endpoint: string
  readonly requests: readonly HttpRequest[]
  /** Connections so far, and how many of them were open at the same time at most. */
  readonly connections: number
  readonly maxOpen: number
  answer: HttpAnswering
  /** Of all requests in protobuf that were answered with success. */
  spans(): readonly ReceivedSpan[]
  /** Closes connections that lie idle. */
  closeIdle(): void
  stop(): void
}

export async function startHttpCollector(
  answer: HttpAnswering = () => ({}),
  tls?: ServerOptions,
): Promise<HttpCollector> {
  const requests: HttpRequest[] = []
  const accepted: Buffer[] = []
  const open = new Set<Socket>()
  const receive = async (incoming: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk)
    const sent = Buffer.concat(chunks)
    const body = incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent
    requests.push({ path: incoming.url ?? '', headers: incoming.headers, body, size: sent.length })
    const given = await collector.answer(requests.length)
    if (given === undefined) return
    if (typeof given === 'function') return given(response)
    const { status = 200, headers = {}, body: text = '' } = given
    if (status < 300) accepted.push(body)
    response.writeHead(status, headers).end(text)
  }
  const onRequest = (incoming: IncomingMessage, response: ServerResponse) => {
    receive(incoming, response).catch(() => response.destroy())
  }
  const server = tls === undefined ? createServer(onRequest) : createTlsServer(tls, onRequest)
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    collector.connections++
    collector.maxOpen = Math.max(collector.maxOpen, open.size)
    socket.on('close', () => open.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const collector = {
    port,
    endpoint: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/v1/traces`,
    requests,
    connections: 0,
    maxOpen: 0,
    answer,
    spans: () => accepted.flatMap((body) => decodeRequest(body).spans),
    closeIdle: () => server.closeIdleConnections(),
    stop() {
      server.close()
      server.closeAllConnections()
      for (const socket of open) socket.destroy()
    },
  }
  return collector
}
