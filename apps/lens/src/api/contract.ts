/**
 * Lens's own query API, as types: what the web UI (and nothing else) imports from the backend.
 * The Jaeger-compatible routes are described by Jaeger; these answer what Jaeger's cannot: tenants, totals, text.
 *
 * Times are Unix nanoseconds in decimal strings (they do not fit a JSON number); durations are nanoseconds in
 * numbers (exact up to 104 days). Trace ids are 32, span ids 16 lower-case hex digits.
 */

export type * from './contract/attribute.ts'
export type * from './contract/compare.ts'
export type * from './contract/counts.ts'
export type * from './contract/endpoints.ts'
export type * from './contract/logs.ts'
export type * from './contract/map.ts'
export type * from './contract/otlp.ts'
export type * from './contract/problem.ts'
export type * from './contract/search.ts'
export type * from './contract/services.ts'
export type * from './contract/session.ts'
export type * from './contract/tail.ts'
export type * from './contract/tenants.ts'
export type * from './contract/trace.ts'
export type * from './contract/trace-anatomy.ts'
export type * from './contract/waterfall.ts'
