/** How a gRPC call ends: its status, as the trailing headers of HTTP/2. https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#responses */

import type { OutgoingHttpHeaders } from 'node:http2'
import { encodeRpcStatus } from '@rustok/otlp'

/** google.rpc.Code, those that Lens answers with. */
export const GrpcCode = {
  OK: 0,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const

/** A call that fails with this status. */
export class GrpcError extends Error {
  override readonly name = 'GrpcError'
  readonly code: number
  /** Told as RetryInfo: without it, a sender does not repeat what was refused with RESOURCE_EXHAUSTED. */
  readonly retryAfterSeconds: number | undefined

  constructor(code: number, message: string, retryAfterSeconds?: number) {
    super(message)
    this.code = code
    this.retryAfterSeconds = retryAfterSeconds
  }
}

export function failureTrailers({ code, message, retryAfterSeconds }: GrpcError): OutgoingHttpHeaders {
  const trailers: OutgoingHttpHeaders = { 'grpc-status': String(code), 'grpc-message': escaped(message) }
  if (retryAfterSeconds !== undefined) {
    const retryDelayNanos = BigInt(retryAfterSeconds) * 1_000_000_000n
    const details = Buffer.from(encodeRpcStatus({ code, message, retryDelayNanos }))
    trailers['grpc-status-details-bin'] = details.toString('base64')
  }
  return trailers
}

/** Percent-encoded except for what ASCII can print. */
function escaped(message: string): string {
  return message
    .toWellFormed()
    .replace(/[^\x20-\x24\x26-\x7e]/gu, (character) =>
      Buffer.from(character).reduce((text, byte) => `${text}%${byte.toString(16).padStart(2, '0')}`, ''),
    )
}
