/** HTTP over a bare socket, for what no client library would send: bodies that never end, headers that dribble, claims that are not true. */

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export class RawHttp implements AsyncDisposable {
  readonly socket: Socket
  received = ''
  /** Whether in peace or by a reset. */
  readonly #closed: Promise<void>

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      this.received += text
    })
    socket.on('error', () => {})
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve()))
  }

  static async open(url: string): Promise<RawHttp> {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    return new RawHttp(socket)
  }

  /** Resolves when the system took it, or the connection ended. */
  async write(data: string | Uint8Array): Promise<void> {
    if (this.socket.destroyed || this.socket.write(data)) return
    await Promise.race([once(this.socket, 'drain').catch(() => {}), this.#closed])
  }

  post(
    path: string,
    headers: Readonly<Record<string, string>>,
    body: string | Uint8Array = '',
  ): Promise<void> {
    return this.write(Buffer.concat([Buffer.from(head('POST', path, headers)), Buffer.from(body)]))
  }

  /** What was received, once it has `pattern` in it. Rejects when the connection ends without. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.received)) {
      if (this.socket.closed) throw new Error(`no ${pattern} in ${JSON.stringify(this.received)}`)
      await Promise.race([once(this.socket, 'data').catch(() => {}), this.#closed])
    }
    return this.received
  }

  /** All that was received, when the other side has ended the connection. */
  async ended(): Promise<string> {
    await this.#closed
    return this.received
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy()
    await this.#closed
  }
}

export function head(method: string, path: string, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries({ host: 'localhost', ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
}
