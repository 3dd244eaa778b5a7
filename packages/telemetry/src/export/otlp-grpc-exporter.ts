/**
 * OTLP over gRPC: passes request bytes through `@grpc/grpc-js` untouched and reads the answer by the OTLP table of
 * retryable codes (specification: OTLP/gRPC, "Failures").
 */
import { Client, type ClientUnaryCall, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js'
import { decodeRpcStatus, decodeTraceResponse } from '@rustok/otlp'
import type { Exporter, ExportOutcome } from './exporter.ts'

const exportPath = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'
const statusDetailsKey = 'grpc-status-details-bin'

const retryable: ReadonlySet<number> = new Set([
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.ABORTED,
  status.OUT_OF_RANGE,
  status.UNAVAILABLE,
  status.DATA_LOSS,
])

/** Responses are read up to here (OTLP). */
const maxResponseBytes = 4 * 1024 * 1024

const passThrough = (bytes: Buffer): Buffer => bytes

export class OtlpGrpcExporter implements Exporter {
  readonly #endpoint: URL
  readonly #metadata: Metadata
  readonly #calls = new Set<ClientUnaryCall>()
  #client: Client | undefined

  /** `http:` is plain text, `https:` TLS with the system's roots. */
  constructor(endpoint: URL, headers: Readonly<Record<string, string>>) {
    this.#endpoint = endpoint
    this.#metadata = new Metadata()
    for (const [name, value] of Object.entries(headers)) this.#metadata.set(name, value)
  }

  export(request: Uint8Array, timeoutMs: number): Promise<ExportOutcome> {
    const bytes = Buffer.from(request.buffer, request.byteOffset, request.byteLength)
    return new Promise((resolve) => {
      try {
        this.#client ??= this.#connect()
        const options = { deadline: Date.now() + timeoutMs }
        const call = this.#client.makeUnaryRequest(
          exportPath,
          passThrough,
          passThrough,
          bytes,
          this.#metadata,
          options,
          (error, response) => {
            this.#calls.delete(call)
            resolve(error === null ? accepted(response) : this.#failed(error))
          },
        )
        this.#calls.add(call)
      } catch (cause) {
        resolve({ kind: 'refused', reason: String(cause) })
      }
    })
  }

  /** Cancels what is on the wire. */
  close(): void {
    for (const call of this.#calls) call.cancel()
    this.#disconnect()
  }

  toString(): string {
    return `the collector at ${this.#endpoint.origin} (OTLP/gRPC)`
  }

  #disconnect(): void {
    this.#client?.close()
    this.#client = undefined
  }

  #connect(): Client {
    const secure = this.#endpoint.protocol === 'https:'
    const address = this.#endpoint.port
      ? this.#endpoint.host
      : `${this.#endpoint.hostname}:${secure ? 443 : 80}`
    return new Client(address, secure ? credentials.createSsl() : credentials.createInsecure(), {
      'grpc.max_receive_message_length': maxResponseBytes,
      // Every pipeline has a connection of its own, so that closing one does not disturb another's.
      'grpc.use_local_subchannel_pool': 1,
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 5000,
    })
  }

  #failed(error: ServiceError): ExportOutcome {
    const reason = `${status[error.code] ?? error.code}: ${error.details}`
    // A half-open connection answers nothing for ever: the next attempt gets a new one.
    if (error.code === status.DEADLINE_EXCEEDED) this.#disconnect()
    const retryAfterMs = retryDelay(error.metadata)
    const retry =
      retryable.has(error.code) || (error.code === status.RESOURCE_EXHAUSTED && retryAfterMs !== undefined)
    return retry ? { kind: 'retry', reason, retryAfterMs } : { kind: 'refused', reason }
  }
}

/** An answer that cannot be read was an answer all the same: the spans have arrived. */
function accepted(response: Buffer | undefined): ExportOutcome {
  if (response === undefined || response.length === 0) return { kind: 'accepted', rejected: 0, message: '' }
  try {
    const { partialSuccess } = decodeTraceResponse(response)
    const rejected = Number(partialSuccess?.rejectedSpans ?? 0)
    return { kind: 'accepted', rejected, message: partialSuccess?.errorMessage ?? '' }
  } catch (cause) {
    return { kind: 'accepted', rejected: 0, message: `its answer could not be read: ${cause}` }
  }
}

function retryDelay(metadata: Metadata | undefined): number | undefined {
  const [details] = metadata?.get(statusDetailsKey) ?? []
  if (!(details instanceof Uint8Array)) return undefined
  try {
    const { retryDelayNanos } = decodeRpcStatus(details)
    return retryDelayNanos === undefined ? undefined : Number(retryDelayNanos) / 1e6
  } catch {
    return undefined
  }
}
