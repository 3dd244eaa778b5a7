/** HTTP methods by the conventions: others are named `HTTP` and recorded as `_OTHER`, so that a peer cannot invent span names. */
import { type AttributeList, attributeKey } from '@rustok/otlp'

export const methodKey = attributeKey('http.request.method')
export const methodOriginalKey = attributeKey('http.request.method_original')

const knownMethods = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
  'QUERY',
])

/** As a span's name has it. */
export function shownMethod(method: string): string {
  return knownMethods.has(method) ? method : 'HTTP'
}

export function methodAttributes(method: string): AttributeList {
  return knownMethods.has(method) ? [methodKey, method] : [methodKey, '_OTHER', methodOriginalKey, method]
}
