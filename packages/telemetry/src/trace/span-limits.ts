/** Limits of what one span holds: OTEL_ENV.md's *_LIMIT variables (specification: SpanLimits). What exceeds them is counted. */
export interface SpanLimits {
  readonly attributeCount: number
  /** In UTF-16 units; Infinity for none. */
  readonly attributeValueLength: number
  readonly eventCount: number
  readonly linkCount: number
  readonly eventAttributeCount: number
  readonly linkAttributeCount: number
}

export const defaultSpanLimits: SpanLimits = {
  attributeCount: 128,
  attributeValueLength: Number.POSITIVE_INFINITY,
  eventCount: 128,
  linkCount: 128,
  eventAttributeCount: 128,
  linkAttributeCount: 128,
}
