/** Runs a piece of work with tracing on and tells what a collector received of it. */
import { OtelConfig, type OtelConfigFields } from '../../src/config.ts'
import type { LedgerSnapshot } from '../../src/export/ledger.ts'
import { initTracing, type Tracing, type TracingOptions } from '../../src/tracing.ts'
import { type Answering, startCollector } from './collector.ts'
import type { ReceivedAttributes, ReceivedRequest, ReceivedSpan } from './decode.ts'
import { only } from './only.ts'
import { balanced } from './pipeline.ts'

export interface Received {
  readonly spans: readonly ReceivedSpan[]
  readonly requests: readonly ReceivedRequest[]
  readonly ledger: LedgerSnapshot
  /** The only span of this name. */
  named(name: string): ReceivedSpan
}

export interface TracedOptions extends TracingOptions {
  readonly config?: Partial<OtelConfigFields>
  readonly answer?: Answering
}

/** Traces `work` from start to shutdown. */
export async function traced(
  work: (tracing: Tracing) => unknown,
  { config = {}, answer, ...options }: TracedOptions = {},
): Promise<Received> {
  const collector = await startCollector(answer)
  try {
    const tracing = await initTracing(
      new OtelConfig({ endpoint: collector.endpoint, logLevel: 'none', ...config }),
      options,
    )
    try {
      await work(tracing)
    } finally {
      await tracing.shutdown()
    }
    const spans = collector.spans()
    return {
      spans,
      requests: collector.accepted,
      ledger: balanced(tracing.ledger()),
      named: (name) => only(spans, name),
    }
  } finally {
    collector.stop()
  }
}

/** The attributes of the one span that `work` makes. */
export async function attributesOf(work: () => unknown): Promise<ReceivedAttributes> {
  const { spans } = await traced(work)
  if (spans.length !== 1) throw new Error(`expected one span, not ${spans.length}`)
  return spans[0]!.attributes
}
