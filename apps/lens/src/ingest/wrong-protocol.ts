/**
 * Senders that speak something else than a port does: OTLP over HTTP to the port for gRPC, gRPC to the one for HTTP, TLS to either. Their own errors do not
 * say so ("parse error", "socket hang up"), so that the answer does, where there can be one, and the log.
 */

import type { Logger } from 'pino'

export type Spoken = 'http' | 'grpc' | 'tls' | 'unknown'

/** HTTP/2 begins so, when it is not agreed on by TLS. */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
const handshake = 0x16

/** By the first bytes of a connection. */
export function spokenIn(bytes: Buffer): Spoken {
  const length = Math.min(bytes.length, preface.length)
  if (length > 0 && bytes.subarray(0, length).equals(preface.subarray(0, length))) return 'grpc'
  if (bytes[0] === handshake && (bytes.length === 1 || bytes[1] === 3)) return 'tls'
  return /^[A-Z]{3,7} /.test(bytes.toString('latin1', 0, 8)) ? 'http' : 'unknown'
}

/** A sender tries again every few seconds. */
const pause = 60_000

/** Tells the log, once in a while. */
export class WrongProtocolLog {
  readonly #log: Logger
  readonly #port: string
  #next = 0

  /** `port`: what is spoken there, for people. */
  constructor(log: Logger, port: string) {
    this.#log = log
    this.#port = port
  }

  add(spoken: Spoken, hint: string, peer: string | undefined): void {
    if (performance.now() < this.#next) return
    this.#next = performance.now() + pause
    this.#log.warn(
      { port: this.#port, spoken, peer },
      `a sender speaks another protocol than its port: ${hint}`,
    )
  }
}

export function hintFor(spoken: Spoken, takes: 'grpc' | 'http', otherPort: number): string {
  if (spoken === 'tls')
    return 'Lens ends no TLS: its endpoint begins with http://, or a proxy stands before it'
  if (spoken === 'unknown') return 'it is no HTTP'
  return takes === 'grpc'
    ? `this port takes OTLP over gRPC, port ${otherPort} over HTTP`
    : `this port takes OTLP over HTTP, port ${otherPort} over gRPC`
}
