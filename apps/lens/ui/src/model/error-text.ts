/** The best words that a failed span has: its status message, else what its exception says. Called by the insights and the span's panel. */
import type { SpanView } from 'rustok-lens/contract'
import { findAttribute } from './attributes.ts'

export function errorText(span: SpanView): string {
  if (span.statusMessage !== '') return span.statusMessage
  for (const event of span.events) {
    const message = findAttribute(event.attributes, 'exception.message')
    if (message !== undefined && message !== '') return message
  }
  return findAttribute(span.attributes, 'error.type') ?? 'Failed without a message'
}
