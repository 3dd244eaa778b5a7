/** A gRPC server without a library: it can break the protocol, and every rule of HTTP/2 that a test wants broken. */
import { once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from 'node:http2'
import type { AddressInfo } from 'node:net'

export interface RawCall {
  readonly stream: ServerHttp2Stream
  readonly headers: IncomingHttpHeaders
  readonly attempt: number
  /** The whole request: five bytes of prefix and the message. */
  body(): Promise<Buffer>
}

export interface RawServer {
  readonly endpoint: string
  readonly calls: readonly RawCall[]
  readonly sessions: readonly ServerHttp2Session[]
  stop(): void
}

/** Answers with OK and an empty message. */
export function ok({ stream }: RawCall): void {
  if (stream.destroyed) return
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  stream.end(Buffer.alloc(5))
}

export async function startRawGrpc(
  answer: (call: RawCall) => unknown,
  options: ServerOptions = {},
): Promise<RawServer> {
  const calls: RawCall[] = []
  const sessions: ServerHttp2Session[] = []
  const server = createServer(options)
  server.on('session', (session) => {
    sessions.push(session)
    session.on('error', () => {})
  })
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => {})
    const chunks: Buffer[] = []
    const whole = new Promise<Buffer>((resolve) => {
      stream.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => resolve(Buffer.concat(chunks)))
    })
    const call = { stream, headers, attempt: calls.length + 1, body: () => whole }
    calls.push(call)
    void answer(call)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    sessions,
    stop() {
      server.close()
      for (const session of sessions) session.destroy()
    },
  }
}
