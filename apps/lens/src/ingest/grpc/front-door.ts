/**
 * Listens for the gRPC server, and lets in connections that begin as HTTP/2 does. One that does not is told what is spoken here: node:http2 would send it bytes
 * that its HTTP client cannot read.
 */

import type { Http2Server } from 'node:http2'
import { createServer, type Server, type Socket } from 'node:net'
import { httpLimits, idleConnection } from '../limits.ts'
import { type Spoken, spokenIn } from '../wrong-protocol.ts'

/** What to answer with, in words. */
export type OnStranger = (spoken: Spoken, peer: string | undefined) => string

/** `listen` and `close` are its owner's. */
export function frontDoor(server: Http2Server, onStranger: OnStranger): Server {
  return createServer(
    // A peer that has vanished is noticed, some ten minutes after it was heard of last.
    { keepAlive: true, keepAliveInitialDelay: idleConnection, noDelay: true },
    (socket) => {
      const ignore = () => {}
      const silence = setTimeout(() => socket.destroy(), httpLimits.headers)
      socket.on('error', ignore)
      socket.once('close', () => clearTimeout(silence))
      socket.once('readable', () => {
        clearTimeout(silence)
        const bytes = socket.read() as Buffer | null
        if (bytes === null) return void socket.destroy()
        const spoken = spokenIn(bytes)
        if (spoken !== 'grpc') return turnAway(socket, spoken, onStranger(spoken, socket.remoteAddress))
        socket.off('error', ignore)
        // Not lost: the session begins with what the socket holds.
        socket.unshift(bytes)
        server.emit('connection', socket)
      })
    },
  )
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
