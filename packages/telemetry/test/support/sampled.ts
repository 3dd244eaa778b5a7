/** A tracer behind sampling as configured, whose requests are taken at the end of the pipeline: many small runs in one test. */
import assert from 'node:assert/strict'
import type { Tracer } from '@opentelemetry/api'
import { encodeResource } from '@rustok/otlp'
import { checkConfig, OtelConfig, type OtelConfigFields } from '../../src/config.ts'
import type { LedgerSnapshot } from '../../src/export/ledger.ts'
import { Pipeline } from '../../src/export/pipeline.ts'
import type { HeadSampler } from '../../src/sample/decision.ts'
import type { Sampler } from '../../src/sample/plugged-sampler.ts'
import { createSampling, type Sampling } from '../../src/sample/sampling.ts'
import { TracerProvider } from '../../src/trace/tracer-provider.ts'
import { decodeRequest, type ReceivedSpan } from './decode.ts'

export interface Sampled {
  readonly tracer: Tracer
  readonly provider: TracerProvider
  readonly sampling: Sampling
  ledger(): LedgerSnapshot
  /** Decides what waits, delivers everything and says what arrived; the ledger is checked to account for all of it. */
  finish(): Promise<{ spans: readonly ReceivedSpan[]; ledger: LedgerSnapshot }>
}

/** `plugged` is somebody else's sampler; `head`, one of ours that no configuration makes alone. */
export function sampled(
  fields: Partial<OtelConfigFields> = {},
  plugged?: Sampler,
  head?: HeadSampler,
): Sampled {
  const config = new OtelConfig({ logLevel: 'none', ...fields })
  checkConfig(config)
  const requests: Uint8Array[] = []
  const resource = encodeResource({ attributes: { 'service.name': 'test' } })
  const pipeline = new Pipeline(config, () => resource, {
    export: async (request) => {
      requests.push(Uint8Array.from(request))
      return { kind: 'accepted', rejected: 0, message: '' }
    },
    close() {},
  })
  const sampling = createSampling(config, pipeline.batcher, pipeline.ledger, plugged)
  const provider = new TracerProvider(sampling.stage, head ?? sampling.sampler, config.spanLimits)
  return {
    tracer: provider.getTracer('test'),
    provider,
    sampling,
    ledger: () => pipeline.ledger.snapshot(),
    async finish() {
      sampling.close()
      await pipeline.shutdown()
      const spans = requests.flatMap((request) => decodeRequest(request).spans)
      const ledger = pipeline.ledger.snapshot()
      const { created, exported, rejected, dropped, queued, spooled } = ledger
      const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0)
      assert.equal(created, exported + rejected + lost + queued + spooled)
      assert.equal(exported, spans.length, 'what was acknowledged is what arrived')
      assert.equal(queued, 0)
      return { spans, ledger }
    },
  }
}
