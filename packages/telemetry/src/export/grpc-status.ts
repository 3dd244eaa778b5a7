/**
 * Status of a gRPC call: its codes, and how they are read from what came over HTTP/2 (gRPC: "PROTOCOL-HTTP2", "HTTP to gRPC Status Code
 * Mapping"). Which of them OTLP retries: OTLP/gRPC, "Failures".
 */
import type { IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2'
import { decodeRpcStatus } from '@rustok/otlp'

/** By code. */
const names = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const

export type GrpcCodeName = (typeof names)[number]

export interface GrpcStatus {
  readonly code: number
  readonly message: string
  /** RetryInfo's delay, as sent. */
  readonly retryAfterMs: number | undefined
}

const retryable: ReadonlySet<string | undefined> = new Set<GrpcCodeName>([
  'CANCELLED',
  'DEADLINE_EXCEEDED',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNAVAILABLE',
  'DATA_LOSS',
])

/** Of answers that something on the way gave, not a gRPC server. */
const byHttpStatus: Readonly<Record<number, GrpcCodeName>> = {
  400: 'INTERNAL',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'UNIMPLEMENTED',
  429: 'UNAVAILABLE',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'UNAVAILABLE',
}

export function grpcStatus(name: GrpcCodeName, message: string): GrpcStatus {
  return { code: names.indexOf(name), message, retryAfterMs: undefined }
}

/** `RESOURCE_EXHAUSTED` only when the server says when to come again. */
export function isRetryable({ code, retryAfterMs }: GrpcStatus): boolean {
  const name = names[code]
  return retryable.has(name) || (name === 'RESOURCE_EXHAUSTED' && retryAfterMs !== undefined)
}

export function describeStatus({ code, message }: GrpcStatus): string {
  const name = names[code] ?? `status ${code}`
  return message === '' ? name : `${name}: ${message}`
}

/** From trailers, or from the headers of an answer that has nothing else; undefined when they hold no status. */
export function readStatus(fields: IncomingHttpHeaders): GrpcStatus | undefined {
  const code = fields['grpc-status']
  if (typeof code !== 'string' || !/^\d{1,9}$/.test(code)) return undefined
  return {
    code: Number(code),
    message: decodeMessage(fields['grpc-message']),
    retryAfterMs: readRetryDelay(fields['grpc-status-details-bin']),
  }
}

/** The status that stands for an answer without one; undefined for the beginning of a gRPC server's, which was cut off. */
export function statusOfHttp(
  headers: IncomingHttpHeaders & IncomingHttpStatusHeader,
): GrpcStatus | undefined {
  const { ':status': status = 0, 'content-type': type = '' } = headers
  if (status !== 200) return grpcStatus(byHttpStatus[status] ?? 'UNKNOWN', `HTTP status ${status}`)
  if (type.startsWith('application/grpc')) return undefined
  return grpcStatus('UNKNOWN', `an answer of type '${type}', which is not gRPC's`)
}

/** Percent-encoded UTF-8; what is not stays as it is. */
function decodeMessage(field: string | string[] | undefined): string {
  const text = String(field ?? '')
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (encoded) =>
    Buffer.from(encoded.replaceAll('%', ''), 'hex').toString('utf8'),
  )
}

/** From base64, with or without padding. */
function readRetryDelay(field: string | string[] | undefined): number | undefined {
  if (field === undefined) return undefined
  try {
    const { retryDelayNanos } = decodeRpcStatus(Buffer.from(String(field), 'base64'))
    return retryDelayNanos === undefined ? undefined : Number(retryDelayNanos) / 1e6
  } catch {
    return undefined
  }
}
