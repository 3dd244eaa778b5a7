/** OTLP over gRPC (specification: OTLP/gRPC): passes request bytes on untouched, or compressed, and reads what came of them. */
import type { OutgoingHttpHeaders } from 'node:http2'
import type { SecureContextOptions } from 'node:tls'
import { decodeTraceResponse } from '@rustok/otlp'
import { lazy } from '../lazy-builtins.ts'
import { gzip } from './compress.ts'
import { describeError } from './describe-error.ts'
import type { Exporter, ExportOutcome } from './exporter.ts'
import { callUnary, type GrpcResult } from './grpc-call.ts'
import { GrpcConnection } from './grpc-connection.ts'
import { describeStatus, isRetryable } from './grpc-status.ts'
import { userAgent } from './user-agent.ts'

const exportPath = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'
/** A compression flag and the message's length. */
const prefixBytes = 5

export interface OtlpGrpcOptions {
  /** `http:` is plain text, `https:` TLS. */
  readonly endpoint: URL
  readonly headers?: Readonly<Record<string, string>>
  readonly compress?: boolean
  /** Asked before each connection with TLS; throws what is wrong with its files. */
  readonly tls?: () => SecureContextOptions
}

export class OtlpGrpcExporter implements Exporter {
  readonly #endpoint: URL
  readonly #given: Readonly<Record<string, string>>
  /** Of every request; made for the first. */
  #headers: OutgoingHttpHeaders | undefined
  readonly #compress: boolean
  readonly #tls: () => SecureContextOptions
  #connection: GrpcConnection | undefined

  constructor({ endpoint, headers = {}, compress = false, tls = () => ({}) }: OtlpGrpcOptions) {
    this.#endpoint = endpoint
    this.#compress = compress
    this.#tls = tls
    this.#given = headers
  }

  async export(request: Uint8Array, timeoutMs: number): Promise<ExportOutcome> {
    const startedAt = performance.now()
    try {
      const gzipped = this.#compress
      const message = { bytes: gzipped ? await gzip(request) : request, gzipped }
      this.#headers ??= headersOf(this.#given)
      const headers = this.#headers
      const connection = this.#connect()
      const { proven } = connection
      let result = await callUnary(connection, headers, message, timeoutMs)
      if (result.by === 'broken') this.#letGo(connection)
      const left = timeoutMs - (performance.now() - startedAt)
      // A connection that lay idle may have been closed by whatever is on the way, unnoticed until now: that is no failure yet.
      if (result.by === 'broken' && proven && left > 0) {
        const fresh = this.#connect()
        result = await callUnary(fresh, headers, message, left)
        if (result.by === 'broken') this.#letGo(fresh)
      }
      return outcomeOf(result, gzipped)
    } catch (cause) {
      return { kind: 'retry', reason: describeError(cause), retryAfterMs: undefined }
    }
  }

  /** Cancels what is on the wire. */
  close(): void {
    this.#connection?.destroy()
    this.#connection = undefined
  }

  toString(): string {
    return `the collector at ${this.#endpoint.origin} (OTLP/gRPC)`
  }

  #letGo(connection: GrpcConnection): void {
    connection.retire()
    if (this.#connection === connection) this.#connection = undefined
  }

  #connect(): GrpcConnection {
    if (this.#connection?.usable !== true) {
      this.#connection = new GrpcConnection(
        this.#endpoint,
        this.#endpoint.protocol === 'https:' ? this.#tls() : {},
      )
    }
    return this.#connection
  }
}

function headersOf(given: Readonly<Record<string, string>>): OutgoingHttpHeaders {
  return {
    'user-agent': userAgent,
    ...given,
    ':method': 'POST',
    ':path': exportPath,
    'content-type': 'application/grpc',
    te: 'trailers',
    [lazy.http2.sensitiveHeaders]: Object.keys(given),
  }
}

function outcomeOf({ status, response, written }: GrpcResult, gzipped: boolean): ExportOutcome {
  const inUse = !written && !gzipped
  if (status.code === 0) return { ...readAnswer(response), inUse }
  const reason = describeStatus(status)
  if (!isRetryable(status)) return { kind: 'refused', reason, inUse }
  return { kind: 'retry', reason, retryAfterMs: status.retryAfterMs, inUse }
}

/** An answer that cannot be read was an answer all the same: the spans have arrived. */
function readAnswer(response: Uint8Array): ExportOutcome {
  if (response.length <= prefixBytes) return { kind: 'accepted', rejected: 0, message: '' }
  try {
    const { partialSuccess } = decodeTraceResponse(response.subarray(prefixBytes))
    const rejected = Number(partialSuccess?.rejectedSpans ?? 0)
    return { kind: 'accepted', rejected, message: partialSuccess?.errorMessage ?? '' }
  } catch (cause) {
    return { kind: 'accepted', rejected: 0, message: `its answer could not be read: ${cause}` }
  }
}
