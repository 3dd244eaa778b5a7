/** A pipeline that delivers to a collector, both gone when the test ends. */
import { afterEach } from 'node:test'
import { diag } from '@opentelemetry/api'
import type { OtelConfigFields } from '../../src/config.ts'
import type { LedgerSnapshot } from '../../src/export/ledger.ts'
import { type Answering, type Collector, startCollector } from './collector.ts'
import { pipelineTo, type TestPipeline } from './pipeline.ts'

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
  diag.disable()
})

/** At the end of the test, last in, first out. */
export function atEnd(...what: readonly (() => unknown)[]): void {
  stops.push(...what)
}

export async function deliver(
  answer?: Answering,
  fields: Partial<OtelConfigFields> = {},
): Promise<TestPipeline & { collector: Collector }> {
  const collector = await startCollector(answer)
  const pipeline = pipelineTo(collector.endpoint, { shutdownTimeout: 300, ...fields })
  atEnd(collector.stop, () => pipeline.pipeline.shutdown())
  return { ...pipeline, collector }
}

/** Dropped spans by reason, where there are any. */
export const lost = ({ dropped }: LedgerSnapshot) =>
  Object.fromEntries(Object.entries(dropped).filter(([, count]) => count > 0))

export const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
