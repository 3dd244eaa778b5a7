/** Reads server-sent events as a browser's EventSource does. */

export interface ReadEvent {
  readonly event: string
  readonly data: unknown
  /** The last one that was said, here or before. */
  readonly id: string | undefined
}

export class EventReader implements AsyncDisposable {
  readonly headers: Headers
  /** Resolves when the stream is over: true when the server ended it. */
  readonly ended: Promise<boolean>
  readonly #controller: AbortController
  readonly #events: ReadEvent[] = []
  #taken = 0
  #news = Promise.withResolvers<void>()
  #isOver = false

  private constructor(response: Response, controller: AbortController) {
    this.headers = response.headers
    this.#controller = controller
    this.ended = this.#read(response.body!).then(
      () => true,
      () => false,
    )
    void this.ended.then(() => {
      this.#isOver = true
      this.#news.resolve()
    })
  }

  /** Throws for another answer than a stream. */
  static async open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<EventReader> {
    const controller = new AbortController()
    const response = await fetch(url, { headers, signal: controller.signal })
    if (response.status !== 200) throw new Error(`answered ${response.status}: ${await response.text()}`)
    return new EventReader(response, controller)
  }

  /** The next event of this name; those between are passed over. */
  async next(name: string): Promise<ReadEvent> {
    for (;;) {
      while (this.#taken < this.#events.length) {
        const event = this.#events[this.#taken++]!
        if (event.event === name) return event
      }
      if (this.#isOver) throw new Error(`the stream ended without ${name}`)
      await this.#news.promise
    }
  }

  /** All events of this name so far. */
  seen(name: string): readonly ReadEvent[] {
    return this.#events.filter(({ event }) => event === name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#controller.abort()
    await this.ended
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder()
    let text = ''
    let id: string | undefined
    for await (const chunk of body) {
      text += decoder.decode(chunk, { stream: true })
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) {
        const fields = new Map(block.split('\n').map((line) => fieldOf(line)))
        id = fields.get('id') ?? id
        const data = fields.get('data')
        if (data !== undefined)
          this.#events.push({ event: fields.get('event') ?? 'message', data: JSON.parse(data), id })
      }
      this.#news.resolve()
      this.#news = Promise.withResolvers()
    }
  }
}

function fieldOf(line: string): [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon), line.slice(colon + 1).trimStart()]
}
