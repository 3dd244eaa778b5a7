/** Where an attribute's value leads: other traces with it, the same operation without it, and what those with it have that the others do not. */
import type { AttributeValue } from 'rustok-lens/contract'
import { type AttributeOwner, attributeName, equals, lacks } from './query-text.ts'
import type { SearchState } from './search-state.ts'
import { type WhyState, whyState } from './why-state.ts'

/** Of the span that has the value: what it is compared with, in the time in which a search finds this trace too. */
export interface ValueContext {
  readonly service: string
  readonly operation: string
  readonly range: SearchState
}

export interface ValueLinks {
  readonly filter: SearchState
  readonly exclude: SearchState
  readonly compare: WhyState
}

const FIELDS: Readonly<Record<string, 'tenant' | 'user' | 'service'>> = {
  tenant_id: 'tenant',
  'tenant.id': 'tenant',
  user_id: 'user',
  'user.id': 'user',
  'enduser.id': 'user',
  'service.name': 'service',
}

/** Undefined where it would be meaningless: long documents, lists, empty values. */
export function valueLinks(
  of: AttributeOwner,
  key: string,
  value: AttributeValue,
  { service, operation, range }: ValueContext,
): ValueLinks | undefined {
  if (value === null || typeof value === 'object') return undefined
  const text = String(value)
  if (text.trim() === '' || text.length > 120 || text.includes('\n')) return undefined
  const field = of !== 'event' && Object.hasOwn(FIELDS, key) ? FIELDS[key] : undefined
  const name = field ?? attributeName(of, key)
  const has = `{ ${equals(name, text)} }`
  const same = { ...range, service, operation }
  return {
    filter: { ...range, ...(field === undefined ? { query: equals(name, text) } : { [field]: text }) },
    exclude: { ...same, query: lacks(name, text) },
    compare: whyState(same, { by: 'filter', where: has }),
  }
}
