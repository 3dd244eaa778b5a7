/**
 * Reads server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation) from pieces of text as they
 * arrive. The browser's EventSource does not say why a stream was refused; this is read from a fetch. Called by api/tail.ts.
 */
export interface StreamEvent {
  readonly event: string
  readonly data: string
}

export class EventReader {
  /** Of the last event that had one; what to come back with. */
  lastId = ''
  /** How long to wait before coming back, if the server said so. */
  retryMs: number | undefined
  #rest = ''
  #event = ''
  #data: string[] = []

  /** The events that are whole now. */
  read(piece: string): readonly StreamEvent[] {
    const events: StreamEvent[] = []
    const lines = (this.#rest + piece).split(/\r\n|\n|\r(?!$)/)
    this.#rest = lines.pop()!
    for (const line of lines) {
      if (line === '') this.#dispatch(events)
      else this.#take(line)
    }
    return events
  }

  #take(line: string): void {
    const colon = line.indexOf(':')
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') this.#event = value
    else if (field === 'data') this.#data.push(value)
    else if (field === 'id' && !value.includes('\0')) this.lastId = value
    else if (field === 'retry' && /^\d+$/.test(value)) this.retryMs = Number(value)
  }

  #dispatch(events: StreamEvent[]): void {
    if (this.#data.length > 0)
      events.push({ event: this.#event === '' ? 'message' : this.#event, data: this.#data.join('\n') })
    this.#event = ''
    this.#data = []
  }
}
