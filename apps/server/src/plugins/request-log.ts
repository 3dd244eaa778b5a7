/** One line for each answered request, in place of Fastify's two; the request's trace, tenant and user are on it. */
import { context } from '@opentelemetry/api'
import { logFields } from '@rustok/telemetry'
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
      ...context.with(request.traceContext, logFields),
      method: request.method,
      route: request.routeOptions.url,
      path: pathOf(request.url),
      status: reply.statusCode,
      duration_ms: Math.round(reply.elapsedTime * 1_000) / 1_000,
    }
    if (error) request.log.error({ ...fields, err: error }, 'request errored')
    else request.log.info(fields, 'request completed')
  }
}

/** Query strings hold what people type, so they stay out of the log. */
function pathOf(url: string): string {
  const end = url.indexOf('?')
  return end === -1 ? url : url.slice(0, end)
}
