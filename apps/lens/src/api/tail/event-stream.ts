/**
 * Server-sent events to one client (https://html.spec.whatwg.org/multipage/server-sent-events.html), never more of them in memory than one turn wrote:
 * whoever writes asks first whether what was written before is gone.
 */

import type { ServerResponse } from 'node:http'

export interface StreamEvent {
  readonly event: string
  readonly data: unknown
}

export class EventStream {
  readonly #response: ServerResponse
  #stalledSince: number | undefined

  /** `headers` are those that every answer has. */
  constructor(
    response: ServerResponse,
    headers: Readonly<Record<string, string | number | string[] | undefined>>,
  ) {
    this.#response = response
    response.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // Proxies that collect what they pass on would keep a quiet stream from its reader.
      'x-accel-buffering': 'no',
    })
    response.on('drain', () => {
      this.#stalledSince = undefined
    })
  }

  /** Since when the client has not read what was written; undefined when it has. In milliseconds of `performance.now`. */
  get stalledSince(): number | undefined {
    return this.#stalledSince
  }

  get isOpen(): boolean {
    return !this.#response.destroyed && !this.#response.writableEnded
  }

  /** A client that comes back says `id` as where it was. */
  write(events: readonly StreamEvent[], id?: number): void {
    const texts = events.map(({ event, data }) => `event: ${event}\ndata: ${JSON.stringify(data)}\n`)
    // An event without data moves the id on, and nothing is told to the page; a lone comment keeps the connection open.
    const last = id === undefined ? '' : `id: ${id}\n`
    this.#send(texts.length === 0 ? `:\n${last}\n` : `${texts.join('\n')}${last}\n`)
  }

  retryAfter(ms: number): void {
    this.#send(`retry: ${ms}\n\n`)
  }

  end(events: readonly StreamEvent[] = []): void {
    if (!this.isOpen) return
    if (events.length > 0 && this.#stalledSince === undefined) this.write(events)
    this.#response.end()
    // What a stalled reader does not take must not keep a server that ends.
    if (this.#stalledSince !== undefined) this.#response.destroy()
  }

  abort(): void {
    this.#response.destroy()
  }

  #send(text: string): void {
    if (this.isOpen && !this.#response.write(text)) this.#stalledSince ??= performance.now()
  }
}
