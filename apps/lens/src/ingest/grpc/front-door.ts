/**
 * Listens for the gRPC server, and lets in connections that begin as HTTP/2 does. One that does not is told what is spoken here: node:http2 would send it bytes
 * that its HTTP client cannot read.
 */

import type { Http2Server } from 'node:http2'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { httpLimits, idleConnection } from '../limits.ts'
import { type Spoken, spokenIn } from '../wrong-protocol.ts'

/** What to answer with, in words. */
export type OnStranger = (spoken: Spoken, peer: string | undefined) => string

export class FrontDoor {
  readonly #server: Http2Server
  readonly #onStranger: OnStranger
  /** Nothing has come from them yet. */
  readonly #silent = new Set<Socket>()
  readonly #door: Server

  constructor(server: Http2Server, onStranger: OnStranger) {
    this.#server = server
    this.#onStranger = onStranger
    // A peer that has vanished is noticed, some ten minutes after it was heard of last.
    const options = { keepAlive: true, keepAliveInitialDelay: idleConnection, noDelay: true }
    this.#door = createServer(options, (socket) => this.#greet(socket))
    this.#door.maxConnections = httpLimits.connections
  }

  listen(host: string, port: number): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    this.#door.once('error', reject)
    this.#door.listen(port, host, () => {
      this.#door.off('error', reject)
      resolve((this.#door.address() as AddressInfo).port)
    })
    return promise
  }

  /** Lets nobody in any more, and resolves when all who are in have left. */
  async close(): Promise<void> {
    for (const socket of this.#silent) socket.destroy()
    if (this.#door.listening) await new Promise<void>((resolve) => this.#door.close(() => resolve()))
  }

  #greet(socket: Socket): void {
    const ignore = () => {}
    const silence = setTimeout(() => socket.destroy(), httpLimits.headers)
    this.#silent.add(socket)
    socket.on('error', ignore)
    socket.once('close', () => {
      clearTimeout(silence)
      this.#silent.delete(socket)
    })
    socket.once('readable', () => {
      clearTimeout(silence)
      this.#silent.delete(socket)
      const bytes = socket.read() as Buffer | null
      if (bytes === null) return void socket.destroy()
      const spoken = spokenIn(bytes)
      if (spoken !== 'grpc') return turnAway(socket, spoken, this.#onStranger(spoken, socket.remoteAddress))
      socket.off('error', ignore)
      // Not lost: the session begins with what the socket holds.
      socket.unshift(bytes)
      this.#server.emit('connection', socket)
    })
  }
}

function turnAway(socket: Socket, spoken: Spoken, hint: string): void {
  if (spoken !== 'http') return void socket.destroy()
  const body = `${hint}\n`
  const head = [
    'HTTP/1.1 400 Bad Request',
    'content-type: text/plain; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  // What it still sends is read, so that it gets to see the answer.
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), httpLimits.linger)
  socket.once('close', () => clearTimeout(timer))
}
