/**
 * Unary gRPC calls as the exporter of @rustok/telemetry makes them: on `node:http2`, one connection, the message in one piece. What @grpc/grpc-js adds to
 * that is 2 to 3 µs a span of the same two cores that Lens runs on, more than a third of what Lens has.
 */

import { type ClientHttp2Session, connect } from 'node:http2'

/** Megabytes of Node's own accounting: beyond its default of 10, which 64 requests are, it refuses their answers. */
const maxSessionMemory = 256

/** A flag for compression, and the message's length. */
export const prefixBytes = 5

// https://grpc.io/docs/guides/status-codes
const unknown = 2
export const resourceExhausted = 8
export const unavailable = 14

/** The status that a call ended with, when it is not 0. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed'
  readonly code: number

  constructor(code: number, message: string) {
    super(`gRPC status ${code}: ${message}`)
    this.code = code
  }
}

export class GrpcSender {
  readonly #session: ClientHttp2Session
  readonly #path: string

  private constructor(session: ClientHttp2Session, path: string) {
    this.#session = session
    this.#path = path
  }

  /** `address` is host:port. Resolves when the peer has said that it speaks HTTP/2. */
  static connect(address: string, path: string): Promise<GrpcSender> {
    const session = connect(`http://${address}`, { maxSessionMemory })
    return new Promise((resolve, reject) => {
      session.once('error', reject)
      session.once('remoteSettings', () => resolve(new GrpcSender(session, path)))
    })
  }

  /** Sends a message behind its prefix, and resolves with that of the answer. Rejects with CallFailed. */
  call(framed: Buffer): Promise<Buffer> {
    const stream = this.#session.request({
      ':method': 'POST',
      ':path': this.#path,
      'content-type': 'application/grpc+proto',
      te: 'trailers',
    })
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
    const chunks: Buffer[] = []
    let status: unknown
    let message: unknown
    const read = (fields: { readonly [name: string]: unknown }) => {
      status = fields['grpc-status'] ?? status
      message = fields['grpc-message'] ?? message
    }
    stream.on('response', read)
    stream.on('trailers', read)
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.once('error', reject)
    // Until then the bytes may still be read.
    stream.once('close', () => {
      if (status === '0') resolve(Buffer.concat(chunks).subarray(prefixBytes))
      else reject(new CallFailed(Number(status ?? unknown), String(message ?? 'cut off')))
    })
    stream.end(framed)
    return promise
  }

  close(): void {
    this.#session.close()
  }
}

/** The message behind a prefix that says it is not compressed. */
export function framed(message: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafeSlow(prefixBytes + message.length)
  bytes[0] = 0
  bytes.writeUInt32BE(message.length, 1)
  bytes.set(message, prefixBytes)
  return bytes
}
