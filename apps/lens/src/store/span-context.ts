/** What a span inherits from its resource and its scope, and which attributes say whose it is. */

import type { KeyValue, ResourceSpans, ScopeSpans } from '@rustok/otlp'
import { encodeResource, encodeScope } from './resource-blob.ts'

export interface ResourceContext {
  readonly resource: string
  readonly service: string
  readonly tenant: string
  readonly user: string
}

export function resourceContext(
  resourceSpans: Pick<ResourceSpans, 'resource' | 'schemaUrl'>,
): ResourceContext {
  const { attributes } = resourceSpans.resource
  return {
    resource: encodeResource(resourceSpans),
    service: serviceName(attributes),
    tenant: textOf(attributes, tenantKey) ?? '',
    user: firstTextOf(attributes, userKeys) ?? '',
  }
}

export function scopeContext(scopeSpans: Pick<ScopeSpans, 'scope' | 'schemaUrl'>): string {
  return encodeScope(scopeSpans)
}

export const tenantKey = 'tenant_id'

/** The most telling of a span's names for its user first: ours, then the conventions' old and new. */
export const userKeys: readonly string[] = ['user_id', 'enduser.id', 'user.id']

/** A value that can name a tenant or a user: not a list, not bytes, not nothing. */
export function nameOf(value: KeyValue['value']): string | undefined {
  switch (typeof value) {
    case 'string':
      return value
    case 'bigint':
    case 'number':
    case 'boolean':
      return String(value)
  }
  return undefined
}

/** In Jaeger's words, so that its clients and ours name such spans alike. */
function serviceName(attributes: readonly KeyValue[]): string {
  const name = textOf(attributes, 'service.name')
  if (name === undefined) return 'missing-service-name'
  return name === '' ? 'empty-service-name' : name
}

function firstTextOf(attributes: readonly KeyValue[], keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const text = textOf(attributes, key)
    if (text !== undefined) return text
  }
  return undefined
}

function textOf(attributes: readonly KeyValue[], key: string): string | undefined {
  for (const attribute of attributes) {
    const text = attribute.key === key ? nameOf(attribute.value) : undefined
    if (text !== undefined) return text
  }
  return undefined
}
