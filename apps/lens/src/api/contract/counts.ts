/** Counts over many traces: facets, latencies, attributes. Durations are nanoseconds in numbers. */

import type { Attribute } from './attribute.ts'

/**
 * Counts are exact while `oneIn` is 1. Where more than some 300,000 spans match, one in `oneIn` traces is looked at, picked by a hash of its
 * id, and counts are multiplied: a count c then has a standard error of √(c × oneIn), and values of fewer than a few × oneIn traces may
 * be missing. Routes with the same filter look at the same traces.
 */
export interface Sample {
  readonly oneIn: number
}

/**
 * GET /api/lens/facets takes a SearchQuery and `fields`: which to count, separated by commas, each a name of FacetField.field; without it,
 * the six that have one. Counts are of traces, largest first, each field's without its own condition: what choosing the value would find.
 */
export interface FacetsResponse {
  /** In the order of `fields`. The lists below repeat those of tenant, service, operation, user, status and kind; empty if not asked for. */
  readonly fields: readonly FacetField[]
  readonly tenants: readonly FacetValue[]
  readonly services: readonly FacetValue[]
  readonly operations: readonly FacetValue[]
  readonly users: readonly FacetValue[]
  readonly statuses: readonly FacetValue[]
  readonly kinds: readonly FacetValue[]
  /** True for a field with more values than were returned. */
  readonly truncated: readonly ('tenants' | 'services' | 'operations' | 'users')[]
  readonly sample: Sample
}

export interface FacetValue {
  readonly value: string
  readonly count: number
}

/** GET /api/lens/histogram takes a SearchQuery: traces per time bucket, for the strip above the results. */
export interface HistogramResponse {
  readonly bucketMs: number
  readonly buckets: readonly {
    readonly startMs: number
    readonly count: number
    readonly errorCount: number
  }[]
  readonly sample: Sample
}

export interface FacetField {
  /** tenant, service, operation, user, status, kind, or an attribute as the query language names it: `http.route`, `resource.host.name`. */
  readonly field: string
  /** At most 100. Of an attribute, values of any type as text. */
  readonly values: readonly FacetValue[]
  /** There are more values. */
  readonly truncated: boolean
  /** That of FacetsResponse, unless the filter has a condition on the field, which its own counts leave out. */
  readonly sample: Sample
}

/** From, including, and to, excluding. The first bucket that there can be begins at 0. */
export interface DurationBucket {
  readonly fromNano: number
  readonly toNano: number
}

/**
 * GET /api/lens/latency takes a SearchQuery and `of`: `traces` (the default), each as long as its longest matching span, or `spans`,
 * the matching ones.
 */
export interface LatencyResponse {
  readonly of: 'traces' | 'spans'
  /** The sum of the buckets; the total of the heatmap for the same filter. */
  readonly total: number
  readonly errorTotal: number
  /** Four to each doubling, without gaps from the shortest duration to the longest. Empty when nothing matches. */
  readonly buckets: readonly (DurationBucket & { readonly count: number; readonly errorCount: number })[]
  /** Of what the sample holds, exactly. Absent when nothing matches. */
  readonly percentiles?: {
    readonly p50: number
    readonly p90: number
    readonly p95: number
    readonly p99: number
  }
  readonly sample: Sample
}

/** GET /api/lens/heatmap takes what GET /api/lens/latency takes. */
export interface HeatmapResponse {
  readonly of: 'traces' | 'spans'
  /** Of time, as in HistogramResponse. */
  readonly bucketMs: number
  /** The rows, shortest first, without gaps. */
  readonly durations: readonly DurationBucket[]
  /** Those that are not empty. */
  readonly cells: readonly {
    readonly startMs: number
    /** Index into `durations`. */
    readonly duration: number
    readonly count: number
    readonly errorCount: number
  }[]
  /** The sum of the cells. */
  readonly total: number
  readonly errorTotal: number
  readonly sample: Sample
}

/**
 * Every `oneIn`-th granule of rows (8,192 of them, of a tenant and a time) was looked at; all, if it is 1. Counts are of what was looked at, not
 * multiplied: they order what was found. What was not seen there and an index knows has a count of 0: the index is asked where there is no other condition than a
 * range of time. Elsewhere what is rare may be missing.
 */
export interface GranuleSample {
  readonly oneIn: number
}

/** GET /api/lens/attribute-keys takes a SearchQuery and `prefix`, in any case: the attributes of matching spans, most frequent first. */
export interface AttributeKeysResponse {
  /** At most 500. A key with values of two types is there twice. */
  readonly keys: readonly {
    readonly of: 'span' | 'resource' | 'event'
    readonly key: string
    readonly type: Attribute['type']
    /** How often it occurs on spans and events; of a resource, how many spans it has. */
    readonly count: number
  }[]
  /** There are more, or may be: with a prefix, rare ones are found. */
  readonly truncated: boolean
  readonly sample: GranuleSample
}

/**
 * GET /api/lens/attribute-values takes a SearchQuery, `key` and `prefix`. The key is a field as the query language names it: an attribute
 * (`http.route`, `resource.host.name`), or tenant, user, service, name, message, kind or status.
 */
export interface AttributeValuesResponse {
  /**
   * At most 100, as text, most frequent first; those of kind and status all, with a count of 0. Of tenant, user, service, name and message in more than
   * some 60,000 spans, one that was sent twice counts twice for a while.
   */
  readonly values: readonly FacetValue[]
  readonly truncated: boolean
  readonly sample: GranuleSample
}
