/** What went wrong in GraphQL, on its span: the error that a resolver threw rather than the GraphQLError around it. */
import { SpanStatusCode } from '@opentelemetry/api'
import { attributeKey } from '@rustok/otlp'
import type { RecordingSpan } from '../trace/recording-span.ts'

const errorType = attributeKey('error.type')

export function recordGraphqlError(span: RecordingSpan, error: unknown): void {
  if (!(error instanceof Error)) return
  const { extensions, originalError } = error as { extensions?: { code?: unknown }; originalError?: Error }
  span.recordException(originalError ?? error)
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message })
  const code = extensions?.code
  span.setKey(errorType, typeof code === 'string' ? code : (originalError ?? error).name)
}
