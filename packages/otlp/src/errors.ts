/**
 * The one error of this package that input can cause. Decoders throw it for bytes or JSON that are not OTLP, and nothing else; what
 * to answer is the receiver's choice (400 over HTTP, INVALID_ARGUMENT over gRPC).
 */

export class MalformedOtlpError extends Error {
  override readonly name = 'MalformedOtlpError'
  readonly code = 'OTLP_MALFORMED'
  /** The message and field, `Span.traceId`, or the path in JSON, `resourceSpans[0].scopeSpans[1].schemaUrl`. */
  readonly where: string
  /** Offset in the input where reading failed; undefined for JSON. */
  readonly offset: number | undefined

  constructor(reason: string, where: string, offset?: number, options?: ErrorOptions) {
    super(`${where}: ${reason}${offset === undefined ? '' : ` (at byte ${offset})`}`, options)
    this.where = where
    this.offset = offset
  }
}
