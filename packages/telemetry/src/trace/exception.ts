/** The attributes of an exception event (semantic conventions: exceptions). */
import type { Exception, SpanAttributes } from '@opentelemetry/api'
import { withRecordedMessage } from '../redact/redaction.ts'

/** The name of an error's class, as `error.type` has it; `_OTHER` where there is none. Never throws. */
export function errorName(error: unknown): string {
  return text(error, 'name') ?? '_OTHER'
}

/** The code of an error, such as ECONNREFUSED or 23505; DOMExceptions have numbers for codes, which say nothing. */
export function errorCode(error: unknown): string | undefined {
  return text(error, 'code')
}

export function errorMessage(error: unknown): string | undefined {
  return typeof error === 'string' ? error : text(error, 'message')
}

function text(error: unknown, property: 'name' | 'code' | 'message'): string | undefined {
  try {
    const value = (error as Partial<Record<typeof property, unknown>> | null | undefined)?.[property]
    return typeof value === 'string' && value !== '' ? value : undefined
  } catch {
    return undefined
  }
}

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
      ...(stack !== undefined && { 'exception.stacktrace': withRecordedMessage(stack, message) }),
    }
  } catch {
    return undefined
  }
}
