/** Download and upload of traces, as contract/otlp.ts describes them. */

import { encodeTraceRequest, encodeTraceRequestJson, MalformedOtlpError } from '@rustok/otlp'
import type { FastifyInstance } from 'fastify'
import { HttpError } from '../../ingest/http-error.ts'
import { checkJsonDensity } from '../../ingest/json-density.ts'
import { httpLimits } from '../../ingest/limits.ts'
import { IntakeOverloadedError, IntakeUnavailableError, type SpanIntake } from '../../ingest/span-intake.ts'
import { readSpans } from '../../query/read-spans.ts'
import { traceRequestOf } from '../../store/trace-request.ts'
import { clientGone } from '../client-gone.ts'
import type { UploadResponse } from '../contract/otlp.ts'
import { badParameter, notFound, ProblemError } from '../problem.ts'
import { parseTraceId } from '../trace-id.ts'
import { uploadedTraces } from './uploaded-traces.ts'

/** Each may hold ten times its size while it is read. */
const mostUploads = 2
const protobuf = 'application/x-protobuf'

export async function otlpRoutes(
  app: FastifyInstance,
  { intake }: { readonly intake: SpanIntake },
): Promise<void> {
  let uploads = 0

  app.get<{ Params: { traceId: string } }>('/traces/:traceId/otlp', async (request, reply) => {
    const traceId = parseTraceId(request.params.traceId)
    if (traceId === undefined) throw badParameter('traceId', 'expected 32 or 16 hex digits')
    const spans = await readSpans(request.store, [traceId], { signal: clientGone(reply) })
    if (spans.length === 0) throw notFound(`trace ${traceId} is not stored`)
    const isProtobuf = request.headers.accept?.includes(protobuf) ?? false
    const data = traceRequestOf(spans)
    return reply
      .type(isProtobuf ? protobuf : 'application/json')
      .header('vary', 'accept')
      .header(
        'content-disposition',
        `attachment; filename="trace-${traceId}.${isProtobuf ? 'binpb' : 'json'}"`,
      )
      .send(isProtobuf ? encodeTraceRequest(data) : encodeTraceRequestJson(data))
  })

  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    const options = { parseAs: 'buffer', bodyLimit: httpLimits.json } as const
    scope.addContentTypeParser('application/json', options, (_request, body, done) => done(null, body))

    scope.post('/traces', {
      config: { access: 'ingest' },
      bodyLimit: httpLimits.json,
      // Before the body is read.
      onRequest: async (_request, reply) => {
        if (uploads >= mostUploads) {
          reply.header('retry-after', '5')
          throw problem(429, 'Too Many Requests', `${mostUploads} uploads run already; try again in a moment`)
        }
        uploads++
        reply.raw.once('close', () => {
          uploads--
        })
      },
      handler: async (request, reply): Promise<UploadResponse> => {
        try {
          return await store(request.body as Buffer, request.access.tenants?.[0])
        } catch (error) {
          if (error instanceof IntakeUnavailableError) reply.header('retry-after', error.retryAfterSeconds)
          throw problemOf(error)
        }
      },
    })
  })

  async function store(body: Buffer, tenant: string | undefined): Promise<UploadResponse> {
    checkJsonDensity(body)
    const { request, traceIds, spans } = uploadedTraces(body)
    const { refused, message } = await intake.acceptRequest(request, { tenant })
    return {
      traceIds: traceIds.slice(0, 1_000),
      traces: traceIds.length,
      spans: spans - refused,
      refused,
      message,
    }
  }
}

function problemOf(error: unknown): unknown {
  if (error instanceof MalformedOtlpError) return problem(400, 'Bad Request', error.message)
  if (error instanceof HttpError) {
    return problem(error.status, error.status === 413 ? 'Content Too Large' : 'Bad Request', error.message)
  }
  if (error instanceof IntakeOverloadedError) return problem(429, 'Too Many Requests', error.message)
  if (error instanceof IntakeUnavailableError) return problem(503, 'Service Unavailable', error.message)
  return error
}

function problem(status: number, title: string, detail: string): ProblemError {
  return new ProblemError({ type: 'about:blank', title, status, detail })
}
