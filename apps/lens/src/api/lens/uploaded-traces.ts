/** What an uploaded file holds, in either of its formats. */

import { decodeTraceRequestJson, MalformedOtlpError, type Span, type TraceRequest } from '@rustok/otlp'
import { idRefusal } from '../../ingest/admission.ts'
import { HttpError } from '../../ingest/http-error.ts'
import { jaegerToOtlp } from '../../ingest/jaeger/jaeger-to-otlp.ts'
import { parseJson } from '../../ingest/jaeger/read-json.ts'

export interface UploadedTraces {
  readonly request: TraceRequest
  /** Of spans that can be stored, in the order of the file. */
  readonly traceIds: readonly string[]
  readonly spans: number
}

/** Throws MalformedOtlpError or HttpError. */
export function uploadedTraces(body: Uint8Array): UploadedTraces {
  const request = readRequest(body)
  const traceIds = new Set<string>()
  let count = 0
  for (const { scopeSpans } of request.resourceSpans) {
    for (const { spans } of scopeSpans) {
      count += spans.length
      for (const span of spans) if (isStorable(span)) traceIds.add(Buffer.from(span.traceId).toString('hex'))
    }
  }
  if (count === 0) throw new HttpError(400, 'there are no spans in it')
  return { request, traceIds: [...traceIds], spans: count }
}

/** Each format passes over what it does not know: a file of the other one is empty to it. */
function readRequest(body: Uint8Array): TraceRequest {
  const lines = objectsByLine(body)
  if (lines.length > 1) return { resourceSpans: lines.flatMap(readLine) }
  const json = firstNonSpace(body) === 0x5b ? undefined : decodeTraceRequestJson(body)
  if (json !== undefined && json.resourceSpans.length > 0) return json
  const other = parseJson(body)
  if (isJaeger(other)) return jaegerToOtlp(other)
  if (isOtlp(other)) return { resourceSpans: [] }
  throw new HttpError(400, "the JSON is neither OTLP's (resourceSpans) nor Jaeger's (data)")
}

/** One request a line, as the file exporter of OpenTelemetry's Collector writes them. Within one JSON, no object follows another without a comma. */
function objectsByLine(body: Uint8Array): readonly Uint8Array[] {
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1')
  const lines: Uint8Array[] = []
  let start = 0
  for (const { index } of text.matchAll(/\}\r?\n(?=\{)/g)) {
    lines.push(body.subarray(start, index + 1))
    start = index + 1
  }
  lines.push(body.subarray(start))
  return lines
}

function readLine(line: Uint8Array, index: number): TraceRequest['resourceSpans'] {
  try {
    return decodeTraceRequestJson(line).resourceSpans
  } catch (error) {
    if (error instanceof MalformedOtlpError) throw new HttpError(400, `line ${index + 1}: ${error.message}`)
    throw error
  }
}

function isOtlp(json: unknown): boolean {
  return typeof json === 'object' && json !== null && 'resourceSpans' in json
}

function isJaeger(json: unknown): boolean {
  return (
    typeof json === 'object' && json !== null && (Array.isArray(json) || 'data' in json || 'spans' in json)
  )
}

/** A list is none of OTLP's. */
function firstNonSpace(body: Uint8Array): number | undefined {
  return body.find((byte) => byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)
}

function isStorable({ traceId, spanId, parentSpanId }: Span): boolean {
  const { buffer, byteOffset, length } = Buffer.concat([traceId, spanId])
  const ids = new DataView(buffer, byteOffset, length)
  return idRefusal(ids, 0, traceId.length, traceId.length, spanId.length, parentSpanId.length) === undefined
}
