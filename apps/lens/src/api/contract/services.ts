/**
 * Services and how they call each other: GET /api/lens/services and GET /api/lens/dependencies.
 *
 * A call of a service is a span by which it was asked to do something: of kind server or consumer, or without a parent. Calls and errors are exact, and a span
 * that was stored twice counts once; durations are within 0.6%.
 */

/** The time range is told as in a search: `start` and `end`, or `lookback` (default 1 h). */
export interface ServicesQuery {
  /** Unix milliseconds. */
  readonly start?: number
  readonly end?: number
  /** As `15m`, `6h`, `2d`. */
  readonly lookback?: string
  /** Spans of this tenant. */
  readonly tenant?: string
  /** This service alone. */
  readonly service?: string
  /** `operation`: each operation of a service by itself. Default `service`. */
  readonly by?: 'service' | 'operation'
  /** Of services or operations, those with the most calls first. 1 to 1000, default 50. */
  readonly limit?: number
}

export interface ServicesResponse {
  /** Most calls first. */
  readonly services: readonly ServiceStatistics[]
  /** How many there are, of which `services` shows the first. */
  readonly total: number
  /** Unix milliseconds; both are within the period. */
  readonly startMs: number
  readonly endMs: number
  readonly bucketMs: number
}

export interface ServiceStatistics extends CallStatistics {
  readonly service: string
  /** '' unless asked for by operation. */
  readonly operation: string
  /** A bucket for each `bucketMs`, from `startMs` on. */
  readonly series: readonly CallBucket[]
}

export interface CallStatistics {
  readonly calls: number
  readonly callsPerMinute: number
  /** Calls whose status is an error. */
  readonly failed: number
  /** failed / calls, 0 to 1; null without a call. */
  readonly failedShare: number | null
  /** null without a call. */
  readonly p50DurationNano: number | null
  readonly p95DurationNano: number | null
  readonly p99DurationNano: number | null
}

export interface CallBucket {
  readonly calls: number
  readonly failed: number
  readonly p50DurationNano: number | null
  readonly p95DurationNano: number | null
  readonly p99DurationNano: number | null
}

/** GET /api/lens/dependencies: as ServicesQuery, of all services. */
export interface DependenciesQuery {
  readonly start?: number
  readonly end?: number
  readonly lookback?: string
  readonly tenant?: string
}

export interface DependenciesResponse {
  /** Every service with a call in the period, or at an end of an edge, by name. */
  readonly nodes: readonly DependencyNode[]
  /** By parent, then child. */
  readonly edges: readonly DependencyEdge[]
  readonly startMs: number
  readonly endMs: number
  /** False when spans arrive faster than their calls are counted: the newest are not in `edges` yet. */
  readonly complete: boolean
  /** Unix milliseconds: calls of what was stored before are in `edges`. Null when Lens has just started and does not know yet. */
  readonly countedUntilMs: number | null
}

export interface DependencyNode extends CallStatistics {
  readonly service: string
}

export interface DependencyEdge {
  readonly parent: string
  readonly child: string
  /** Spans of the child whose parent span is one of the parent's. Calls from one tenant to another are left out for whoever asks for one tenant. */
  readonly calls: number
  readonly callsPerMinute: number
  /** Of which the child's span is an error. */
  readonly failed: number
  readonly failedShare: number
}
