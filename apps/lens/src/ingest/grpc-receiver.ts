/** OTLP over gRPC: TraceService/Export with its bytes passed through, decoded by @rustok/otlp. */

import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js'
import { encodeRpcStatus, encodeTraceResponse, MalformedOtlpError } from '@rustok/otlp'
import type { Logger } from 'pino'
import { AccessError } from '../access/access.ts'
import type { Gatekeeper } from '../access/gatekeeper.ts'
import { listenError } from '../listen-error.ts'
import { type IngestOutcome, ingestBytes, ingestRequests } from '../metrics/lens-metrics.ts'
import { largestRequest } from './limits.ts'
import { IntakeUnavailableError, type SpanIntake } from './span-intake.ts'

const passThrough = (bytes: Buffer) => bytes

const traceService = {
  export: {
    path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    requestStream: false,
    responseStream: false,
    requestSerialize: passThrough,
    requestDeserialize: passThrough,
    responseSerialize: passThrough,
    responseDeserialize: passThrough,
  },
} satisfies ServiceDefinition

export class GrpcReceiver {
  readonly #intake: SpanIntake
  readonly #gatekeeper: Pick<Gatekeeper, 'sender'>
  readonly #log: Logger
  // No bound on concurrent streams: Node's server resets what a client opens beyond it in good faith, and senders drop the spans.
  readonly #server = new Server({ 'grpc.max_receive_message_length': largestRequest })

  constructor(intake: SpanIntake, gatekeeper: Pick<Gatekeeper, 'sender'>, log: Logger) {
    this.#intake = intake
    this.#gatekeeper = gatekeeper
    this.#log = log
    this.#server.addService(traceService, {
      export: (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => {
        this.#export(call).then(
          (answer) => callback(null, answer),
          (error: unknown) => callback(this.#statusOf(error)),
        )
      },
    })
  }

  /** Resolves with the port. Rejects with StartupError when it cannot be had. */
  listen(host: string, port: number): Promise<number> {
    const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound)
        else reject(listenError(error, host, port, 'LENS_OTLP_GRPC_PORT'))
      })
    })
  }

  /** Takes no more calls, and resolves when those in flight are answered. */
  close(): Promise<void> {
    return new Promise((resolve) => this.#server.tryShutdown(() => resolve()))
  }

  /** Ends what `close` still waits for. */
  abort(): void {
    this.#server.forceShutdown()
  }

  async #export({ request, metadata }: ServerUnaryCall<Buffer, Buffer>): Promise<Buffer> {
    const sender = this.#gatekeeper.sender(metadata.get('authorization')[0]?.toString())
    ingestBytes.add(request.length, { protocol: 'grpc' })
    const { refused, message } = await this.#intake.accept(request, sender)
    countRequest('accepted')
    const partialSuccess =
      refused === 0 ? undefined : { rejectedSpans: BigInt(refused), errorMessage: message }
    return Buffer.from(encodeTraceResponse({ partialSuccess }))
  }

  #statusOf(error: unknown): { code: status; details: string; metadata?: Metadata } {
    if (error instanceof AccessError) {
      countRequest('denied')
      const code = error.status === 401 ? status.UNAUTHENTICATED : status.PERMISSION_DENIED
      return { code, details: error.message }
    }
    if (error instanceof MalformedOtlpError) {
      countRequest('invalid')
      return { code: status.INVALID_ARGUMENT, details: error.message }
    }
    if (error instanceof IntakeUnavailableError) {
      countRequest('busy')
      const { message, retryAfterSeconds } = error
      const metadata = new Metadata()
      const details = {
        code: status.UNAVAILABLE,
        message,
        retryDelayNanos: BigInt(retryAfterSeconds) * 1_000_000_000n,
      }
      metadata.set('grpc-status-details-bin', Buffer.from(encodeRpcStatus(details)))
      return { code: status.UNAVAILABLE, details: message, metadata }
    }
    countRequest('failed')
    this.#log.error({ err: error }, 'a gRPC request failed')
    return { code: status.INTERNAL, details: 'Lens failed; its log says why' }
  }
}

function countRequest(outcome: IngestOutcome): void {
  ingestRequests.add(1, { protocol: 'grpc', signal: 'traces', outcome })
}
