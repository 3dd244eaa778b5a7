/** What a receiver says it got. */

/** How a contender sends its spans. */
export type Protocol = 'otlp-grpc' | 'datadog'

export interface Received {
  readonly spans: number
  readonly requests: number
  readonly bytes: number
  /** What was wrong with requests that could not be counted. */
  readonly faults: readonly string[]
  /** The requests, where they were kept. */
  readonly kept: readonly Uint8Array[]
}

export interface Receiver {
  /** The port on the loopback address. */
  listen(): Promise<number>
  close(): Received
}

/** Counts requests by `countSpans`, and keeps them where a decoder is to see them. */
export class Counter {
  readonly #countSpans: (request: Uint8Array) => number
  readonly #keep: boolean
  readonly #kept: Uint8Array[] = []
  readonly #faults: string[] = []
  #spans = 0
  #requests = 0
  #bytes = 0

  constructor(countSpans: (request: Uint8Array) => number, keep: boolean) {
    this.#countSpans = countSpans
    this.#keep = keep
  }

  count(request: Uint8Array): void {
    try {
      this.#spans += this.#countSpans(request)
      this.#requests++
      this.#bytes += request.length
      if (this.#keep) this.#kept.push(Uint8Array.from(request))
    } catch (error) {
      this.fault(String(error))
    }
  }

  fault(what: string): void {
    this.#faults.push(what)
  }

  received(): Received {
    return {
      spans: this.#spans,
      requests: this.#requests,
      bytes: this.#bytes,
      faults: this.#faults,
      kept: this.#kept,
    }
  }
}
