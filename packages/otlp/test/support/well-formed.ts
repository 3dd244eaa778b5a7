/** `request` with every lone surrogate of its texts made U+FFFD: what it must look like after any encoder. */

import { type AnyValue, type KeyValue, KeyValueList, type TraceRequest } from '../../src/index.ts'

export function wellFormed(request: TraceRequest): TraceRequest {
  return wellFormedValue(request) as TraceRequest
}

function wellFormedValue(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed()
  if (Array.isArray(value)) return value.map(wellFormedValue)
  if (value instanceof KeyValueList) return new KeyValueList(value.values.map(wellFormedPair))
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, wellFormedValue(member)]))
}

function wellFormedPair({ key, value }: KeyValue): KeyValue {
  return { key: key.toWellFormed(), value: wellFormedValue(value) as AnyValue }
}
