/**
 * GET /api/lens/map takes the fields of a search: which services, databases, queues and hosts the traces that it finds went through, and how each
 * did. Counted from all spans of those traces in the time range (and of the tenant, if one is given), each once, however often it was sent.
 */

export interface MapResponse {
  /** By kind, then name. */
  readonly nodes: readonly MapNode[]
  /** By `from`, then `to`. */
  readonly edges: readonly MapEdge[]
  /** Traces that were looked at: all that match, or one in `sample.oneIn`, and counts are of those. */
  readonly traces: number
  readonly sample: { readonly oneIn: number }
  /** Unix milliseconds; both are within the period. */
  readonly startMs: number
  readonly endMs: number
}

export interface MapNode {
  /** Unique in this answer. */
  readonly id: string
  readonly kind: MapNodeKind
  /** Of a database its system and, where it is known, its namespace; of a queue its destination; of a host its address. */
  readonly name: string
  /** Of others than services: an attribute that the spans towards it have. */
  readonly attribute: { readonly key: string; readonly value: string } | null
  /** Of a service, its spans of kind server or consumer and its roots; of another, the calls to it. 0 where nothing called it. */
  readonly calls: number
  readonly failed: number
  /** null without a call. */
  readonly p95DurationNano: number | null
}

export type MapNodeKind = 'service' | 'database' | 'queue' | 'host'

/**
 * Between services: spans of `to` whose parent is a span of `from`. Towards databases, queues and hosts: client and producer spans of `from`. From a
 * queue: consumer spans of `to`. A host at which a service answers that sends spans is drawn as that service.
 */
export interface MapEdge {
  /** Ids of nodes. */
  readonly from: string
  readonly to: string
  readonly calls: number
  /** Of which the span is an error. */
  readonly failed: number
  /** Where calls are of several kinds, of the most frequent. */
  readonly p50DurationNano: number
  readonly p95DurationNano: number
}
