/** What the receivers take of their senders: sizes, times and how much of both at once. */

/** The largest request that a receiver takes, as sent and again as inflated. A batch of 512 spans is some 300 kB. */
export const largestRequest = 64 * 1024 * 1024

export interface HttpLimits {
  /** Bytes of one body, as sent and again as inflated. */
  readonly body: number
  /** Bytes of a body in JSON, which costs ten times its size in memory, and a second for 6 MiB of hostile keys. */
  readonly json: number
  /** Bytes of all bodies that are being read, inflated and stored. What is held counts, not what is announced: announcing costs nothing. */
  readonly bodies: number
  readonly connections: number
  /** Milliseconds for a request's headers, for all of a request, and between two pieces of its body. */
  readonly headers: number
  readonly request: number
  readonly pause: number
  /**
   * Milliseconds that a connection lives on after a refusal whose body was not read: the sender is still at it, and a socket that is closed on unread
   * bytes takes the answer with it.
   */
  readonly linger: number
  /** Milliseconds between two looks at the connections for those. */
  readonly look: number
}

export const httpLimits: HttpLimits = {
  body: largestRequest,
  json: 16 * 1024 * 1024,
  // Four requests of the largest size, or a thousand of the usual.
  bodies: 4 * largestRequest,
  // Each costs some 20 kB while it waits.
  connections: 10_000,
  headers: 10_000,
  request: 60_000,
  pause: 15_000,
  linger: 3_000,
  look: 1_000,
}

/**
 * How long an idle connection is kept. Exporters send every 1 to 60 s; a connection that ends just as they do costs them the request, which
 * Node's default of 5 s does to those of JavaScript, who send every 5 s.
 */
export const idleConnection = 75_000
