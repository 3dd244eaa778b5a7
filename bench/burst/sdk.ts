/** `@opentelemetry/sdk-trace` and its batch processor, over an exporter that does not answer until the end, when what it holds is counted. */
import { trace } from '@opentelemetry/api'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace'
import type { BurstContender } from './contender.ts'

/** `maxQueueSize` undefined is the SDK's default, 2,048 spans. */
export function startSdk(maxQueueSize: number | undefined): BurstContender {
  let held = 0
  let answering = false
  let unanswered: (() => void) | undefined
  const exporter: SpanExporter = {
    export(spans, callback) {
      const answer = () => {
        held += spans.length
        callback({ code: 0 })
      }
      if (answering) answer()
      else unanswered = answer
    },
    shutdown: async () => {},
  }
  const processor = new BatchSpanProcessor({
    exporter,
    ...(maxQueueSize !== undefined && { maxQueueSize }),
    // Longer than the burst: the time-out of an attempt gives its spans up.
    exportTimeoutMillis: 600_000,
  })
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'rustok-server', 'service.version': '0.1.0' }),
    spanProcessors: [processor],
  })
  trace.setGlobalTracerProvider(provider)
  return {
    tracer: trace.getTracer('bench'),
    async lost(made) {
      answering = true
      unanswered?.()
      // A flush gives up when many batches wait, and has exported some of them then.
      for (let before = -1; before !== held; ) {
        before = held
        await processor.forceFlush().catch(() => {})
      }
      return made - held
    },
  }
}
