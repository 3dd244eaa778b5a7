/** `@rustok/telemetry` through its public entry and the OpenTelemetry API. */
import { trace } from '@opentelemetry/api'
import { initTracing, OtelConfig, type OtelConfigFields } from '@rustok/telemetry'
import { batchSize, type Contender, type Stage } from './contender.ts'

/** A batch of the workload's spans is some 216 kB. */
const oneRequestBytes = 300_000

const stages: Record<Stage, Partial<OtelConfigFields>> = {
  off: { enabled: false },
  unsampled: { samplingRate: 0 },
  // With room for one request on its way, the queue turns the sealed ones behind it down: everything is done but the sending.
  encode: { maxBufferBytes: oneRequestBytes, maxQueueSize: batchSize },
  export: {},
}

export async function startOurs(
  stage: Stage,
  endpoint: string,
  variant: Partial<OtelConfigFields>,
): Promise<Contender> {
  const config = new OtelConfig({
    endpoint,
    maxExportBatchSize: batchSize,
    logLevel: stage === 'encode' ? 'none' : 'info',
    ...stages[stage],
    ...variant,
  })
  const tracing = await initTracing(config, { without: ['http', 'undici', 'fastify', 'graphql'] })
  return {
    tracer: trace.getTracer('bench'),
    settle: stage === 'export' ? () => tracing.forceFlush() : undefined,
    async finish() {
      await tracing.forceFlush()
      const { exported, dropped } = tracing.ledger()
      await tracing.shutdown()
      const encoded = exported + dropped.queue_full + dropped.tail_sampled
      return { done: stage === 'encode' ? encoded : exported, sample: undefined }
    },
  }
}
