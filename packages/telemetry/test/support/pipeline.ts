/** A tracer over a pipeline of its own, apart from the process's: several can run side by side in one test. */
import assert from 'node:assert/strict'
import type { Tracer } from '@opentelemetry/api'
import { encodeResource } from '@rustok/otlp'
import { OtelConfig, type OtelConfigFields } from '../../src/config.ts'
import type { Exporter } from '../../src/export/exporter.ts'
import type { LedgerSnapshot } from '../../src/export/ledger.ts'
import { Pipeline } from '../../src/export/pipeline.ts'
import { TraceIdRatioSampler } from '../../src/sample/trace-id-ratio-sampler.ts'
import { TracerProvider } from '../../src/trace/tracer-provider.ts'

export interface TestPipeline {
  readonly pipeline: Pipeline
  readonly provider: TracerProvider
  readonly tracer: Tracer
  /** Ends `count` spans. */
  emit(count: number, name?: string, attributes?: Record<string, string>): void
  /** The ledger, checked to balance. */
  ledger(): LedgerSnapshot
}

export function pipelineTo(
  endpoint: string,
  fields: Partial<OtelConfigFields> = {},
  exporter?: Exporter,
): TestPipeline {
  const config = new OtelConfig({ endpoint, ...fields })
  const resource = encodeResource({ attributes: { 'service.name': 'test' } })
  const pipeline = new Pipeline(config, () => resource, exporter)
  const provider = new TracerProvider(pipeline.batcher, new TraceIdRatioSampler(1), config.spanLimits)
  const tracer = provider.getTracer('test')
  return {
    pipeline,
    provider,
    tracer,
    emit(count, name = 's', attributes = {}) {
      for (let i = 0; i < count; i++) tracer.startSpan(name, { attributes }).end()
    },
    ledger: () => balanced(pipeline.ledger.snapshot()),
  }
}

/** The ledger itself, after a check that it accounts for every span. */
export function balanced(ledger: LedgerSnapshot): LedgerSnapshot {
  const { created, exported, rejected, dropped, queued, spooled } = ledger
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0)
  const counts = [created, exported, rejected, ...Object.values(dropped), queued, spooled]
  assert.ok(
    counts.every((count) => Number.isSafeInteger(count) && count >= 0),
    JSON.stringify(ledger),
  )
  assert.equal(created, exported + rejected + lost + queued + spooled)
  return ledger
}

/** Waits until `holds`, for as long as a loaded machine may take. */
export async function until(holds: () => boolean, what = 'it to happen'): Promise<void> {
  const deadline = performance.now() + 20_000
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
