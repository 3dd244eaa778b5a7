/**
 * Traces out and in, whole: GET /api/lens/traces/{traceId}/otlp and POST /api/lens/traces.
 *
 * GET answers OTLP's TracesData as a file: JSON (`{ "resourceSpans": … }`, ids in hex, 64-bit integers as strings), or protobuf for `Accept:
 * application/x-protobuf`, with all that was sent, bit for bit. 404 with a Problem when the trace is not stored.
 *
 * POST takes such a file back, one request or one a line, or what Jaeger's UI downloads (`{ "data": … }`), as `application/json` of up to 16 MiB, and answers UploadResponse once
 * the spans are stored. Larger traces: in protobuf, to OTLP's own port (`/v1/traces`, up to 64 MiB). A span that is stored already stays one. With tokens
 * configured it needs one that may send, and what comes is filed under its tenant. 400 for what is neither format, 413 beyond the limits, 429
 * and 503 with Retry-After when the store is behind or away, or too many uploads run.
 */
export interface UploadResponse {
  /** Traces of which spans were stored, in the order of the file; the first 1,000. */
  readonly traceIds: readonly string[]
  /** How many there are. */
  readonly traces: number
  /** Spans that were stored. */
  readonly spans: number
  /** Spans that were not, because of their ids; `message` says why and how many of each. */
  readonly refused: number
  /** Empty when none was refused. */
  readonly message: string
}
