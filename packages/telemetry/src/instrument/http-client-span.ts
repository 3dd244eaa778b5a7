/**
 * What a CLIENT span says of an HTTP request, by the stable conventions, for undici and for Node's own client alike. It ends when the
 * response's headers are there: nobody is bound to read a body, and a span that waits for one may never end.
 */
import { type Exception, type SpanOptions, SpanStatusCode } from '@opentelemetry/api'
import { type AttributeList, attributeKey, type PreparedAttributes, prepareAttributes } from '@rustok/otlp'
import { errorCode, errorMessage, errorName } from '../trace/exception.ts'
import type { RecordingSpan } from '../trace/recording-span.ts'
import { methodAttributes } from './http-method.ts'

const key = {
  url: attributeKey('url.full'),
  serverAddress: attributeKey('server.address'),
  serverPort: attributeKey('server.port'),
  status: attributeKey('http.response.status_code'),
  errorType: attributeKey('error.type'),
}

export const clientSpan: SpanOptions = { kind: 2 }

/** Of one method to one server; a program calls few. */
const targets = new Map<string, PreparedAttributes>()
const maxTargets = 1024

export function describeRequest(span: RecordingSpan, method: string, url: URL): void {
  const { protocol, hostname, port, host } = url
  const identity = `${method} ${protocol}${host}`
  let target = targets.get(identity)
  if (target === undefined) {
    const list: AttributeList = [
      ...methodAttributes(method),
      key.serverAddress,
      // Brackets belong to the URL, not to the address.
      hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
      key.serverPort,
      port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
    ]
    target = prepareAttributes(list)
    if (targets.size < maxTargets) targets.set(identity, target)
  }
  span.prepared1 = target
  span.setKey(key.url, url.href)
}

export function endWithStatus(span: RecordingSpan, statusCode: number): void {
  span.setKey(key.status, statusCode)
  if (statusCode >= 400) {
    span.setKey(key.errorType, String(statusCode))
    span.setStatus({ code: SpanStatusCode.ERROR })
  }
  span.end()
}

/** The error is whatever the application aborted with. */
export function endWithError(span: RecordingSpan, error: unknown): void {
  const message = errorMessage(error)
  span.recordException(error as Exception)
  span.setKey(key.errorType, errorCode(error) ?? errorName(error))
  span.setStatus({ code: SpanStatusCode.ERROR, ...(message !== undefined && { message }) })
  span.end()
}
