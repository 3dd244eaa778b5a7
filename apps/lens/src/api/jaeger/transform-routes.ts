/** POST /api/transform: OTLP JSON in, Jaeger's JSON out, nothing stored. Jaeger's UI shows files of OTLP by it. */

import { decodeTraceRequestJson, MalformedOtlpError } from '@rustok/otlp'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { HttpError } from '../../ingest/http-error.ts'
import { checkJsonDensity } from '../../ingest/json-density.ts'
import type { StoredSpan } from '../../store/stored-span.ts'
import { storedSpansOf } from '../../store/stored-spans-of.ts'
import { type Envelope, envelope, JaegerError } from './envelope.ts'
import { type JaegerTrace, jaegerTrace } from './json.ts'

/** A trace of some 30,000 spans. It is held several times over while it is turned, so few are at a time. */
const largestBody = 16 * 1024 * 1024
const mostAtOnce = 2

export async function jaegerTransformRoutes(app: FastifyInstance): Promise<void> {
  // The UI names no type, and JSON.parse would lose the digits of large integers.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => body)

  let running = 0
  const takeTurn = async (_request: unknown, reply: FastifyReply) => {
    if (running >= mostAtOnce) {
      reply.header('retry-after', 2)
      throw new JaegerError(429, `${mostAtOnce} transformations run already; try again in a moment`)
    }
    running++
    reply.raw.once('close', () => {
      running--
    })
  }

  app.post<{ Body: Buffer | undefined }>(
    '/transform',
    // Before the body is read.
    { bodyLimit: largestBody, onRequest: takeTurn },
    async (request): Promise<Envelope<JaegerTrace[]>> => {
      const traces = transformed(request.body ?? Buffer.alloc(0))
      return envelope(traces, traces.length)
    },
  )
}

/** In the order of their first spans. Throws JaegerError. */
function transformed(body: Buffer): JaegerTrace[] {
  const spans = readSpans(body).map(withIds)
  const byTrace = Map.groupBy<string, StoredSpan>(spans, ({ traceId }) => traceId)
  // As Jaeger does it: attributes in their order, and a span that is there twice is shown twice.
  return [...byTrace].map(([id, ofTrace]) => jaegerTrace(id, ofTrace, true))
}

function readSpans(body: Buffer): StoredSpan[] {
  try {
    checkJsonDensity(body)
    return storedSpansOf(decodeTraceRequestJson(body))
  } catch (error) {
    if (error instanceof MalformedOtlpError)
      throw new JaegerError(400, `cannot unmarshal OTLP: ${error.message}`)
    if (error instanceof HttpError) throw new JaegerError(error.status, error.message)
    throw error
  }
}

/** Absent ids are zeros; of another length they are none. */
function withIds(span: StoredSpan): StoredSpan {
  for (const [name, id, digits] of [
    ['traceId', span.traceId, 32],
    ['spanId', span.spanId, 16],
    ['parentSpanId', span.parentSpanId, 16],
  ] as const) {
    if (id !== '' && id.length !== digits) {
      throw new JaegerError(400, `cannot unmarshal OTLP: ${name} "${id}" is not ${digits} hex digits`)
    }
  }
  const parentSpanId = /^0*$/.test(span.parentSpanId) ? '' : span.parentSpanId
  return {
    ...span,
    parentSpanId,
    traceId: span.traceId.padStart(32, '0'),
    spanId: span.spanId.padStart(16, '0'),
  }
}
