/** The envelope of Jaeger's v1 API, in which `errors` is null when there are none, and `data` when there is nothing but errors; and what both versions say of errors. */

import { queryFailure } from '../query-failure.ts'

export interface Envelope<Data> {
  readonly data: Data | null
  readonly total: number
  readonly limit: number
  readonly offset: number
  readonly errors: readonly EnvelopeError[] | null
}

export interface EnvelopeError {
  readonly code?: number
  readonly msg: string
  readonly traceID?: string
}

export function envelope<Data>(
  data: Data,
  total: number,
  errors: readonly EnvelopeError[] | null = null,
): Envelope<Data> {
  return { data, total, limit: 0, offset: 0, errors }
}

/** Answered with its status and its message. */
export class JaegerError extends Error {
  override readonly name = 'JaegerError'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export function errorEnvelope(code: number, msg: string): Envelope<never> {
  return { data: null, total: 0, limit: 0, offset: 0, errors: [{ code, msg }] }
}

/** Of whatever a route threw. */
export function explain(error: unknown): {
  readonly status: number
  readonly message: string
  readonly retryAfterSeconds: number | undefined
} {
  if (error instanceof JaegerError) {
    return { status: error.status, message: error.message, retryAfterSeconds: undefined }
  }
  const { status, detail, retryAfterSeconds } = queryFailure(error)
  return { status, message: detail, retryAfterSeconds }
}
