/** What went wrong in GraphQL, on its span: the error that a resolver threw rather than the GraphQLError around it. */
import { type Exception, SpanStatusCode } from '@opentelemetry/api'
import { attributeKey } from '@rustok/otlp'
import { errorCode, errorMessage, errorName } from '../trace/exception.ts'
import type { RecordingSpan } from '../trace/recording-span.ts'

const errorType = attributeKey('error.type')

export function recordGraphqlError(span: RecordingSpan, error: unknown): void {
  span.recordException(errorBehind(error) as Exception)
  setGraphqlError(span, error)
}

/** Status and type alone. */
export function setGraphqlError(span: RecordingSpan, error: unknown): void {
  const message = errorMessage(error)
  span.setStatus({ code: SpanStatusCode.ERROR, ...(message !== undefined && { message }) })
  span.setKey(errorType, errorCode(read(error, 'extensions')) ?? errorName(errorBehind(error)))
}

/** What was thrown, where graphql has wrapped it. */
export function errorBehind(error: unknown): unknown {
  return read(error, 'originalError') ?? error
}

/** Resolvers throw anything, also what throws when it is read. */
function read(error: unknown, property: 'originalError' | 'extensions'): unknown {
  try {
    return (error as Partial<Record<typeof property, unknown>> | null | undefined)?.[property]
  } catch {
    return undefined
  }
}
