/**
 * One line for each answered request, in place of Fastify's two; the request's trace, tenant and user are on it. Of its address only the route: paths
 * and queries hold what people type.
 */
import { context } from '@opentelemetry/api'
import { type FastifyReply, type FastifyRequest, LogController } from 'fastify'

export class RequestLog extends LogController {
  constructor() {
    super({ requestIdLogLabel: 'request_id' })
  }

  override incomingRequest(): void {}

  override routeNotFound(): void {}

  override requestCompleted(
    error: Error | null | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): void {
    const fields = {
      method: request.method,
      route: request.routeOptions.url,
      status: reply.statusCode,
      duration_ms: Math.round(reply.elapsedTime * 1_000) / 1_000,
    }
    // Its answer is out, so nothing of it is active any more; the logger reads trace, tenant and user from there.
    context.with(request.traceContext ?? context.active(), () => {
      if (error) request.log.error({ ...fields, err: error }, 'request errored')
      else request.log.info(fields, 'request completed')
    })
  }
}
