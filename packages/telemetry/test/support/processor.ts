/** A span processor that does nothing but what a test asks of it. */
import type { SpanProcessor } from '../../src/plug/interfaces.ts'

export function processorOf(hooks: Partial<SpanProcessor>): SpanProcessor {
  return { onStart() {}, onEnd() {}, forceFlush: async () => {}, shutdown: async () => {}, ...hooks }
}
