/**
 * Statements to the embedded engine's process. ClickHouse's own client would do, and takes 2 ms longer for each statement, of which a page of
 * traces takes three.
 */

import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { parseError } from '@clickhouse/client'
import type { Statement, Transport } from '../transport.ts'
import { Inbox } from './inbox.ts'
import { parameterText } from './parameter-text.ts'
import { insertFromFile } from './statement.ts'

export interface SocketAddress {
  readonly socket: string
  /** The engine's data directory. */
  readonly directory: string
}

/** The engine runs a few at once; the rest wait there. */
const mostConnections = 64
const pingTimeout = 2_000

type Format = 'JSON' | 'Native' | 'TabSeparated'

export class SocketTransport implements Transport {
  readonly #socket: string
  readonly #database: string
  readonly #timeout: number
  readonly #inbox: Inbox
  readonly #agent = new Agent({ keepAlive: true, maxSockets: mostConnections })

  /** `timeout` in milliseconds, of a statement that is silent. */
  constructor({ socket, directory }: SocketAddress, database: string, timeout: number) {
    this.#socket = socket
    this.#database = database
    this.#timeout = timeout
    this.#inbox = new Inbox(directory)
  }

  async json(statement: Statement): Promise<unknown> {
    return JSON.parse((await this.#run(statement, 'JSON')).toString('utf8'))
  }

  native(statement: Statement): Promise<Uint8Array> {
    return this.#run(statement, 'Native')
  }

  async command(statement: Statement): Promise<void> {
    await this.#run(statement, 'TabSeparated')
  }

  async insert(into: string, chunks: readonly Uint8Array[], settings: Statement['settings']): Promise<void> {
    await this.#inbox.with(chunks, (file) =>
      this.#run({ text: insertFromFile(into, file), parameters: {}, settings }, 'TabSeparated'),
    )
  }

  async ping(): Promise<boolean> {
    try {
      await this.#ask('GET', '/ping', '', AbortSignal.timeout(pingTimeout))
      return true
    } catch {
      return false
    }
  }

  async close(): Promise<void> {
    this.#agent.destroy()
  }

  #run({ text, parameters, settings, signal }: Statement, format: Format): Promise<Buffer> {
    const search = new URLSearchParams({ database: this.#database, default_format: format })
    for (const [name, value] of Object.entries(settings)) search.set(name, String(value))
    for (const [name, value] of Object.entries(parameters)) search.set(`param_${name}`, parameterText(value))
    return this.#ask('POST', `/?${search}`, text, signal)
  }

  async #ask(method: string, path: string, body: string, signal: AbortSignal | undefined): Promise<Buffer> {
    const asked = request({ socketPath: this.#socket, agent: this.#agent, method, path })
    // Of a request whose answer has begun it says nothing that the answer does not.
    asked.on('error', () => {})
    // Not the request's own option: it would hang up on whoever has the connection by then.
    const hangUp = () => asked.destroy(signal?.reason)
    signal?.throwIfAborted()
    signal?.addEventListener('abort', hangUp, { once: true })
    asked.setTimeout(this.#timeout, () => asked.destroy(new Error('Timeout error.')))
    try {
      asked.end(body)
      const [answer] = (await once(asked, 'response')) as [IncomingMessage]
      const bytes = await buffer(answer)
      if (answer.statusCode !== 200) throw parseError(bytes.toString('utf8'))
      return bytes
    } finally {
      signal?.removeEventListener('abort', hangUp)
    }
  }
}
