/**
 * The errors that this package throws: only for a programmer's misuse, never for what happens at run time (a collector that
 * is down is the ledger's business). One table; the README repeats it and a test compares the two.
 */

export const otelErrors = {
  ALREADY_INITIALIZED: 'Tracing is initialised already: call shutdown() before initTracing() again',
  GLOBAL_PROVIDER_TAKEN:
    'Another OpenTelemetry SDK has registered itself: start only one, or use initOtelLayer() inside it',
  INVALID_CONFIG: 'The configuration cannot be used',
  UNSUPPORTED_NODE: 'This Node.js is too old: tracing needs 22.15 or later',
} as const

export type OtelErrorCode = keyof typeof otelErrors

export class OtelError extends Error {
  override readonly name = 'OtelError'
  readonly code: OtelErrorCode

  constructor(code: OtelErrorCode, detail?: string, options?: ErrorOptions) {
    super(detail === undefined ? otelErrors[code] : `${otelErrors[code]}: ${detail}`, options)
    this.code = code
  }
}
