/** What went wrong in GraphQL, on its span: the error that a resolver threw rather than the GraphQLError around it. */
import { type Exception, SpanStatusCode } from '@opentelemetry/api'
import { attributeKey } from '@rustok/otlp'
import { errorCode, errorMessage, errorName } from '../trace/exception.ts'
import type { RecordingSpan } from '../trace/recording-span.ts'

const errorType = attributeKey('error.type')

export function recordGraphqlError(span: RecordingSpan, error: unknown): void {
  const thrown = read(error, 'originalError') ?? error
  const message = errorMessage(error)
  span.recordException(thrown as Exception)
  span.setStatus({ code: SpanStatusCode.ERROR, ...(message !== undefined && { message }) })
  span.setKey(errorType, errorCode(read(error, 'extensions')) ?? errorName(thrown))
}

/** Resolvers throw anything, also what throws when it is read. */
function read(error: unknown, property: 'originalError' | 'extensions'): unknown {
  try {
    return (error as Partial<Record<typeof property, unknown>> | null | undefined)?.[property]
  } catch {
    return undefined
  }
}
