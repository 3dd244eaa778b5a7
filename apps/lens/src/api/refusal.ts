/** A request that no route sees, in the words of the API that it was meant for. */

import { errorEnvelope } from './jaeger/envelope.ts'

const titles = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
} as const

export function refusalBody(
  url: string,
  status: keyof typeof titles,
  detail: string,
): { readonly type: string; readonly body: unknown } {
  const path = url.split('?', 1)[0] ?? ''
  const json = 'application/json; charset=utf-8'
  if (path.startsWith('/api/v3/'))
    return { type: json, body: { error: { httpCode: status, message: detail } } }
  if (path.startsWith('/api/') && !path.startsWith('/api/lens/')) {
    return { type: json, body: errorEnvelope(status, detail) }
  }
  return {
    type: 'application/problem+json',
    body: { type: 'about:blank', title: titles[status], status, detail },
  }
}
