/** The fields of spans and traces that queries name: the one table that parser, SQL, predicate and messages share. */

export type FieldType = 'text' | 'kind' | 'status' | 'duration' | 'flag'

/** Text that is empty counts as absent. */
export const spanFields = {
  tenant: 'text',
  user: 'text',
  service: 'text',
  name: 'text',
  kind: 'kind',
  status: 'status',
  message: 'text',
  duration: 'duration',
  root: 'flag',
  error: 'flag',
} as const satisfies Readonly<Record<string, FieldType>>

export type SpanFieldName = keyof typeof spanFields

/** Other names that people know them by. */
export const spanFieldAliases: Readonly<Record<string, SpanFieldName>> = {
  operation: 'name',
  'status.message': 'message',
}

export const traceFields = {
  'trace.duration': 'duration',
  'trace.spans': 'count',
  'trace.errors': 'count',
  'trace.services': 'count',
} as const satisfies Readonly<Record<string, 'duration' | 'count'>>

export type TraceFieldName = keyof typeof traceFields

/** As numbers in the store, OTLP's. */
export const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const
export const statuses = ['unset', 'ok', 'error'] as const

export const attributeOwners = ['span', 'resource', 'event'] as const

export function isSpanField(name: string): name is SpanFieldName {
  return Object.hasOwn(spanFields, name)
}

export function isTraceField(name: string): name is TraceFieldName {
  return Object.hasOwn(traceFields, name)
}
