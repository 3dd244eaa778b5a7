/** Answers a connection that Node's HTTP parser gives up: as Node itself would, and in HTTP/2's words who begins with those. */

import type { Socket } from 'node:net'
import type { Spoken } from './wrong-protocol.ts'

export interface ClientError extends Error {
  readonly code?: string
  readonly rawPacket?: Buffer
}

const answers: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

export function answerClientError(error: ClientError, socket: Socket, spoken: Spoken, hint: string): void {
  if (!socket.writable || spoken === 'tls') return void socket.destroy()
  if (spoken === 'grpc') return void socket.end(goAway(hint))
  // In the middle of an answer, another one would be taken for its end.
  const isAnswering = (socket as Socket & { _httpMessage?: { headersSent: boolean } })._httpMessage
    ?.headersSent
  if (isAnswering !== true) {
    socket.write(`HTTP/1.1 ${answers[error.code ?? ''] ?? '400 Bad Request'}\r\nConnection: close\r\n\r\n`)
  }
  socket.destroy(error)
}

const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])
const http11Required = 0xd

/** https://www.rfc-editor.org/rfc/rfc9113#name-goaway */
function goAway(hint: string): Buffer {
  const debug = Buffer.from(hint)
  const frame = Buffer.alloc(17)
  frame.writeUIntBE(8 + debug.length, 0, 3)
  frame[3] = 7
  frame.writeUInt32BE(http11Required, 13)
  return Buffer.concat([settings, frame, debug])
}
