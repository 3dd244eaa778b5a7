/** What one span may hold (OTEL_*_LIMIT). */

import { expect } from '../field-checks.ts'
import { defaultSpanLimits, type SpanLimits } from '../trace/span-limits.ts'
import type { EnvReader } from './env-reader.ts'

export interface LimitFields {
  readonly spanLimits: SpanLimits
}

export const limitDefaults: LimitFields = { spanLimits: defaultSpanLimits }

export function readLimits(reader: EnvReader): LimitFields {
  const count = (name: string, general?: string) =>
    reader.number(general === undefined ? [name] : [name, general], 128, { min: 0, integer: true })
  return {
    spanLimits: {
      attributeCount: count('OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', 'OTEL_ATTRIBUTE_COUNT_LIMIT'),
      attributeValueLength: reader.number(
        ['OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT', 'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT'],
        Number.POSITIVE_INFINITY,
        { min: 0, integer: true },
      ),
      eventCount: count('OTEL_SPAN_EVENT_COUNT_LIMIT'),
      linkCount: count('OTEL_SPAN_LINK_COUNT_LIMIT'),
      eventAttributeCount: count('OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT'),
      linkAttributeCount: count('OTEL_LINK_ATTRIBUTE_COUNT_LIMIT'),
    },
  }
}

export function checkLimits({ spanLimits }: LimitFields): void {
  for (const [name, amount] of Object.entries(spanLimits)) {
    expect(amount >= 0, `${name} must be at least 0, not ${amount}`)
  }
}
