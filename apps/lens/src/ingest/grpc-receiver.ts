/** OTLP over gRPC: what the Export calls do, and the statuses that their failures have. */

import { encodeTraceResponse, MalformedOtlpError } from '@rustok/otlp'
import type { Logger } from 'pino'
import { AccessError } from '../access/access.ts'
import type { Gatekeeper } from '../access/gatekeeper.ts'
import { listenError } from '../listen-error.ts'
import { type IngestOutcome, ingestBytes, ingestRequests } from '../metrics/lens-metrics.ts'
import { GrpcServer, type UnaryMethod } from './grpc/grpc-server.ts'
import { GrpcCode, GrpcError } from './grpc/grpc-status.ts'
import { httpLimits, largestRequest } from './limits.ts'
import { IntakeOverloadedError, IntakeUnavailableError, type SpanIntake } from './span-intake.ts'

export class GrpcReceiver {
  readonly #log: Logger
  readonly #server: GrpcServer

  constructor(intake: SpanIntake, gatekeeper: Pick<Gatekeeper, 'sender'>, log: Logger) {
    this.#log = log
    this.#server = new GrpcServer({
      methods: {
        '/opentelemetry.proto.collector.trace.v1.TraceService/Export': exportTraces(intake, gatekeeper),
      },
      errorOf: (error) => this.#errorOf(error),
      largestMessage: largestRequest,
      messages: httpLimits.bodies,
      readTime: httpLimits.request,
    })
  }

  /** Resolves with the port. Rejects with StartupError when it cannot be had. */
  async listen(host: string, port: number): Promise<number> {
    try {
      return await this.#server.listen(host, port)
    } catch (error) {
      throw listenError(error as Error, host, port, 'LENS_OTLP_GRPC_PORT')
    }
  }

  /** Takes no more calls, and resolves when those in flight are answered. */
  close(): Promise<void> {
    return this.#server.close()
  }

  /** Ends what `close` still waits for. */
  abort(): void {
    this.#server.abort()
  }

  #errorOf(error: unknown): GrpcError {
    if (error instanceof AccessError) {
      countRequest('denied')
      const code = error.status === 401 ? GrpcCode.UNAUTHENTICATED : GrpcCode.PERMISSION_DENIED
      return new GrpcError(code, error.message)
    }
    if (error instanceof MalformedOtlpError) {
      countRequest('invalid')
      return new GrpcError(GrpcCode.INVALID_ARGUMENT, error.message)
    }
    if (error instanceof IntakeUnavailableError) {
      countRequest('busy')
      const overloaded = error instanceof IntakeOverloadedError
      const code = overloaded ? GrpcCode.RESOURCE_EXHAUSTED : GrpcCode.UNAVAILABLE
      return new GrpcError(code, error.message, error.retryAfterSeconds)
    }
    countRequest('failed')
    this.#log.error({ err: error }, 'a gRPC request failed')
    return new GrpcError(GrpcCode.INTERNAL, 'Lens failed; its log says why')
  }
}

function exportTraces(intake: SpanIntake, gatekeeper: Pick<Gatekeeper, 'sender'>): UnaryMethod {
  return {
    open({ authorization }) {
      const sender = gatekeeper.sender(authorization)
      intake.checkRoom()
      return async (message) => {
        ingestBytes.add(message.length, { protocol: 'grpc' })
        const { refused, message: reasons } = await intake.accept(message, sender)
        countRequest('accepted')
        const partialSuccess =
          refused === 0 ? undefined : { rejectedSpans: BigInt(refused), errorMessage: reasons }
        return encodeTraceResponse({ partialSuccess })
      }
    },
  }
}

function countRequest(outcome: IngestOutcome): void {
  ingestRequests.add(1, { protocol: 'grpc', signal: 'traces', outcome })
}
