/** HTTP as bytes on a socket: what no client library sends. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface RawConnection {
  readonly socket: Socket
  /** Sends the text; resolves with what came back once `count` responses with empty bodies or known lengths are complete. */
  exchange(text: string, count?: number): Promise<string>
}

export async function openRaw(port: number): Promise<RawConnection> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  let received = ''
  const waiting: (() => void)[] = []
  socket.setEncoding('latin1')
  socket.on('data', (text: string) => {
    received += text
    for (const wake of waiting.splice(0)) wake()
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    for (const wake of waiting.splice(0)) wake()
  })
  return {
    socket,
    async exchange(text, count = 1) {
      received = ''
      socket.write(text)
      while (completeResponses(received) < count && !socket.destroyed) {
        await new Promise<void>((resolve) => waiting.push(resolve))
      }
      return received
    },
  }
}

/** Complete responses with a content-length in the text. */
function completeResponses(text: string): number {
  let at = 0
  let complete = 0
  for (;;) {
    const end = text.indexOf('\r\n\r\n', at)
    if (end < 0) return complete
    const head = text.slice(at, end)
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
    at = end + 4 + (/^HTTP\/1\.1 100 /.test(head) ? 0 : length)
    if (at > text.length) return complete
    if (!/^HTTP\/1\.1 100 /.test(head)) complete++
  }
}
