/** The attributes of an exception event (semantic conventions: exceptions). */
import type { Exception, SpanAttributes } from '@opentelemetry/api'

/** Undefined for a value that tells neither a type nor a message. Never throws, whatever was thrown at the application. */
export function exceptionAttributes(exception: Exception | undefined): SpanAttributes | undefined {
  try {
    if (typeof exception === 'string') return { 'exception.message': exception }
    if (typeof exception !== 'object' || exception === null) return undefined
    const { code, name, message, stack } = exception
    const type = code === undefined ? name : String(code)
    if (type === undefined && message === undefined) return undefined
    return {
      ...(type !== undefined && { 'exception.type': type }),
      ...(message !== undefined && { 'exception.message': message }),
      ...(stack !== undefined && { 'exception.stacktrace': stack }),
    }
  } catch {
    return undefined
  }
}
