/**
 * A resource or a scope as the one string that the store keeps on each of its spans (in a dictionary, so that it costs a byte a span).
 * The ingest writes it, the queries read it back.
 */

import type { KeyValue, ResourceSpans, ScopeSpans } from '@rustok/otlp'
import { decodeAttribute, encodeAttribute } from './attribute-token.ts'

export interface StoredResource {
  readonly attributes: readonly KeyValue[]
  readonly droppedAttributes: number
  readonly schemaUrl: string
}

export interface StoredScope extends StoredResource {
  readonly name: string
  readonly version: string
}

export function encodeResource({
  resource,
  schemaUrl,
}: Pick<ResourceSpans, 'resource' | 'schemaUrl'>): string {
  return JSON.stringify({
    attributes: resource.attributes.map(encodeAttribute),
    dropped: resource.droppedAttributesCount || undefined,
    schemaUrl: schemaUrl || undefined,
  })
}

export function decodeResource(blob: string): StoredResource {
  return storedResource(JSON.parse(blob) as Blob)
}

export function encodeScope({ scope, schemaUrl }: Pick<ScopeSpans, 'scope' | 'schemaUrl'>): string {
  return JSON.stringify({
    name: scope.name || undefined,
    version: scope.version || undefined,
    attributes: scope.attributes.length === 0 ? undefined : scope.attributes.map(encodeAttribute),
    dropped: scope.droppedAttributesCount || undefined,
    schemaUrl: schemaUrl || undefined,
  })
}

export function decodeScope(blob: string): StoredScope {
  const json = JSON.parse(blob) as Blob
  return { ...storedResource(json), name: json.name ?? '', version: json.version ?? '' }
}

interface Blob {
  readonly name?: string
  readonly version?: string
  readonly attributes?: readonly string[]
  readonly dropped?: number
  readonly schemaUrl?: string
}

function storedResource({ attributes = [], dropped = 0, schemaUrl = '' }: Blob): StoredResource {
  return { attributes: attributes.map(decodeAttribute), droppedAttributes: dropped, schemaUrl }
}
