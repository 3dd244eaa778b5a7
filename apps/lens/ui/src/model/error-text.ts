/** The best words that a failed span has. Called by the insights and the span's panel. */
import type { SpanLine } from './span-line.ts'

export function errorText({ message }: Pick<SpanLine, 'message'>): string {
  return message === '' ? 'Failed without a message' : message
}
