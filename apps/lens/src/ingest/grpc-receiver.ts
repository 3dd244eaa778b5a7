/** OTLP over gRPC: what the Export calls do, and the statuses that their failures have. */

import { decodeLogsRequest, encodeLogsResponse, encodeTraceResponse, MalformedOtlpError } from '@rustok/otlp'
import type { Logger } from 'pino'
import { AccessError } from '../access/access.ts'
import type { Gatekeeper } from '../access/gatekeeper.ts'
import { listenError } from '../listen-error.ts'
import {
  type IngestOutcome,
  ingestBytes,
  ingestRefusals,
  ingestRequests,
  type RefusalReason,
} from '../metrics/lens-metrics.ts'
import { GrpcServer, type UnaryMethod } from './grpc/grpc-server.ts'
import { GrpcCode, GrpcError } from './grpc/grpc-status.ts'
import { healthMethods } from './grpc/health-service.ts'
import { httpLimits, largestRequest } from './limits.ts'
import type { LogIntake } from './log-intake.ts'
import { IntakeOverloadedError, IntakeUnavailableError, type SpanIntake } from './span-intake.ts'
import { hintFor, WrongProtocolLog } from './wrong-protocol.ts'

export interface GrpcIntakes {
  readonly spans: SpanIntake
  readonly logs: LogIntake
}

export interface GrpcReceiverOptions {
  /** Throws AccessError for a call that may not send. */
  readonly gatekeeper: Pick<Gatekeeper, 'sender'>
  /** What the health check says. */
  readonly isServing: () => Promise<boolean>
  /** Where OTLP over HTTP is taken, for senders that try it here. */
  readonly httpPort: () => number
}

export class GrpcReceiver {
  readonly #log: Logger
  readonly #server: GrpcServer

  constructor(intakes: GrpcIntakes, { gatekeeper, isServing, httpPort }: GrpcReceiverOptions, log: Logger) {
    this.#log = log
    const strangers = new WrongProtocolLog(log, 'OTLP over gRPC')
    this.#server = new GrpcServer({
      methods: {
        [`${collector}.trace.v1.TraceService/Export`]: exportTraces(intakes.spans, gatekeeper),
        [`${collector}.logs.v1.LogsService/Export`]: exportLogs(intakes.logs, gatekeeper),
        [`${collector}.metrics.v1.MetricsService/Export`]: refuseMetrics,
        ...healthMethods(['trace.v1.TraceService', 'logs.v1.LogsService'].map(fullName), isServing),
      },
      errorOf: (error) => this.#errorOf(error),
      onRefusal: countRefusal,
      onStranger: (spoken, peer) => {
        const hint = hintFor(spoken, 'grpc', httpPort())
        strangers.add(spoken, hint, peer)
        return hint
      },
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
      const code = error.status === 401 ? GrpcCode.UNAUTHENTICATED : GrpcCode.PERMISSION_DENIED
      return new GrpcError(code, error.message)
    }
    if (error instanceof MalformedOtlpError) return new GrpcError(GrpcCode.INVALID_ARGUMENT, error.message)
    if (error instanceof IntakeUnavailableError) {
      const overloaded = error instanceof IntakeOverloadedError
      const code = overloaded ? GrpcCode.RESOURCE_EXHAUSTED : GrpcCode.UNAVAILABLE
      return new GrpcError(code, error.message, error.retryAfterSeconds)
    }
    this.#log.error({ err: error }, 'a gRPC request failed')
    return new GrpcError(GrpcCode.INTERNAL, 'Lens failed; its log says why')
  }
}

/** How a refusal is counted. RESOURCE_EXHAUSTED that says no time to come again is a message that is too large. */
const refusals: Readonly<Record<number, readonly [IngestOutcome, RefusalReason]>> = {
  [GrpcCode.INVALID_ARGUMENT]: ['invalid', 'malformed'],
  [GrpcCode.DEADLINE_EXCEEDED]: ['invalid', 'too_slow'],
  [GrpcCode.UNIMPLEMENTED]: ['invalid', 'address'],
  [GrpcCode.UNAUTHENTICATED]: ['denied', 'token'],
  [GrpcCode.PERMISSION_DENIED]: ['denied', 'forbidden'],
  [GrpcCode.RESOURCE_EXHAUSTED]: ['busy', 'overloaded'],
  [GrpcCode.UNAVAILABLE]: ['busy', 'unavailable'],
}

function countRefusal({ code, retryAfterSeconds }: GrpcError, path: string): void {
  if (path.startsWith('/grpc.health.')) return
  const signal = path.startsWith(`${collector}.logs.`) ? 'logs' : 'traces'
  const [outcome, reason] = refusals[code] ?? ['failed', 'failed']
  const isTooLarge = reason === 'overloaded' && retryAfterSeconds === undefined
  countRequest(isTooLarge ? 'invalid' : outcome, signal)
  ingestRefusals.add(1, { protocol: 'grpc', signal, reason: isTooLarge ? 'too_large' : reason })
}

const collector = '/opentelemetry.proto.collector'

function fullName(service: string): string {
  return `${collector.slice(1)}.${service}`
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

function exportLogs(intake: LogIntake, gatekeeper: Pick<Gatekeeper, 'sender'>): UnaryMethod {
  return {
    open({ authorization }) {
      const sender = gatekeeper.sender(authorization)
      intake.checkRoom()
      return async (message) => {
        ingestBytes.add(message.length, { protocol: 'grpc' })
        const { refused, message: reasons } = await intake.accept(decodeLogsRequest(message), sender)
        countRequest('accepted', 'logs')
        const partialSuccess =
          reasons === '' ? undefined : { rejectedLogRecords: BigInt(refused), errorMessage: reasons }
        return encodeLogsResponse({ partialSuccess })
      }
    },
  }
}

/** In words: the code alone would have a user look for the mistake in the address. */
const refuseMetrics: UnaryMethod = {
  open() {
    throw new GrpcError(GrpcCode.UNIMPLEMENTED, 'metrics are not taken; Lens takes traces and logs')
  },
}

function countRequest(outcome: IngestOutcome, signal = 'traces'): void {
  ingestRequests.add(1, { protocol: 'grpc', signal, outcome })
}
