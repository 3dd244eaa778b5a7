/**
 * One HTTP/2 connection to a gRPC server, from the first request until it breaks or is let go. Directly on `node:http2`: a client library
 * costs more per request than making the spans that are in it.
 */
import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import type { SecureContextOptions } from 'node:tls'
import { lazy } from '../lazy-builtins.ts'
import { describeError } from './describe-error.ts'

/** After this much silence the kernel asks whether the peer is still there. */
const keepAliveMs = 30_000
/** Of Node's own accounting, in megabytes: all requests on the wire, of which one may hold one large span. */
const maxSessionMemory = 256

export class GrpcConnection {
  readonly #session: ClientHttp2Session
  /** `performance.now()` when the peer last showed that it is there. */
  #heardAt = Number.NEGATIVE_INFINITY
  #failure: Error | undefined

  /** `tls` for an `https:` endpoint. Connects in the background; neither that nor an idle connection keeps the process alive. */
  constructor(endpoint: URL, tls: SecureContextOptions) {
    const socket = openSocket(endpoint, tls)
    const session = lazy.http2.connect(endpoint.origin, { createConnection: () => socket, maxSessionMemory })
    this.#session = session
    session.unref()
    session.on('error', (error: Error) => {
      this.#failure ??= error
    })
    session.once('connect', () => {
      if (session.encrypted && session.alpnProtocol !== 'h2') {
        session.destroy(new Error('it does not offer HTTP/2 over TLS (ALPN)'))
      } else {
        session.unref()
      }
    })
    session.on('remoteSettings', () => this.heard())
  }

  /** False when it is broken, or when the peer says that it will close. */
  get usable(): boolean {
    return !this.#session.closed && !this.#session.destroyed
  }

  /** Whether the peer has ever answered. */
  get proven(): boolean {
    return this.#heardAt > 0
  }

  /** Why it broke. */
  get failure(): string | undefined {
    return this.#failure === undefined ? undefined : describeError(this.#failure)
  }

  request(headers: OutgoingHttpHeaders): ClientHttp2Stream {
    return this.#session.request(headers, { endStream: false })
  }

  heard(): void {
    this.#heardAt = performance.now()
  }

  heardSince(ms: number): boolean {
    return this.#heardAt >= ms
  }

  /** Asks the peer for a sign of life, see `heardSince`. */
  probe(): void {
    if (!this.usable) return
    this.#session.ping((error) => {
      if (error === null) this.heard()
    })
  }

  /** Takes no more requests; those that are on the wire may end. */
  retire(): void {
    if (this.usable) this.#session.close()
  }

  /** Breaks it, with all that is on it. */
  destroy(): void {
    this.#session.destroy()
  }
}

function openSocket(endpoint: URL, tls: SecureContextOptions): Socket {
  const host = endpoint.hostname.replace(/^\[|\]$/g, '')
  const secure = endpoint.protocol === 'https:'
  const options = {
    host,
    port: Number(endpoint.port || (secure ? 443 : 80)),
    autoSelectFamily: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: keepAliveMs,
  }
  if (!secure) return connectTcp(options)
  // An address is no server name (RFC 6066): certificates for addresses are checked all the same.
  const servername = isIP(host) === 0 ? host : ''
  return lazy.tls.connect({ ...options, ...tls, servername, ALPNProtocols: ['h2'] })
}
