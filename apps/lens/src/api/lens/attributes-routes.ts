/** Routes that complete a query while it is typed: the keys of attributes, and values of a field. */

import type { FastifyInstance } from 'fastify'
import {
  type AttributeField,
  attributeKeys,
  attributeValues,
  type TextColumn,
} from '../../query/attributes.ts'
import { kinds, type SpanFieldName, statuses } from '../../query/language/fields.ts'
import { clientGone } from '../client-gone.ts'
import type { AttributeKeysResponse, AttributeValuesResponse } from '../contract.ts'
import { badParameter } from '../problem.ts'
import { searchParameters } from '../search-parameters.ts'
import { fieldNamed } from './field-named.ts'
import { takeParameters } from './own-parameters.ts'

export async function attributesRoutes(app: FastifyInstance): Promise<void> {
  app.get('/attribute-keys', async (request, reply): Promise<AttributeKeysResponse> => {
    const { own, rest } = takeParameters(request.query, ['prefix'])
    const { filter } = searchParameters(rest, Date.now())
    return attributeKeys(request.store, filter, own.prefix ?? '', { signal: clientGone(reply) })
  })

  app.get('/attribute-values', async (request, reply): Promise<AttributeValuesResponse> => {
    const { own, rest } = takeParameters(request.query, ['key', 'prefix'])
    const { filter } = searchParameters(rest, Date.now())
    if (own.key === undefined) throw badParameter('key', 'missing: a field as the query language names it')
    const prefix = own.prefix ?? ''
    const field = valuesOf(own.key)
    if (typeof field === 'object' && !('type' in field)) return known(field, prefix)
    return attributeValues(request.store, filter, field, prefix, { signal: clientGone(reply) })
  })
}

const columns: Readonly<Partial<Record<SpanFieldName, TextColumn>>> = {
  tenant: 'tenant',
  user: 'user',
  service: 'service',
  name: 'name',
  message: 'status_message',
}

const lists: Readonly<Partial<Record<SpanFieldName, readonly string[]>>> = { kind: kinds, status: statuses }

/** An attribute, a column, or all values that there can be. */
function valuesOf(key: string): AttributeField | TextColumn | readonly string[] {
  const field = fieldNamed(key, 'key')
  if (field.type === 'attribute') return field
  const found = field.type === 'span' ? (columns[field.name] ?? lists[field.name]) : undefined
  if (found === undefined) throw badParameter('key', `${field.name} has no list of values`)
  return found
}

function known(values: readonly string[], prefix: string): AttributeValuesResponse {
  const matching = values.filter((value) => value.startsWith(prefix.toLowerCase()))
  return { values: matching.map((value) => ({ value, count: 0 })), truncated: false, sample: { oneIn: 1 } }
}
