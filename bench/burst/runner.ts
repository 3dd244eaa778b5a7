/** The child process of one contender: `runner.ts ours|sdk [queue size]`, run with --expose-gc. */
import { setImmediate } from 'node:timers/promises'
import { offerCalls } from '../child/calls.ts'
import { makers } from '../span-cpu/workload.ts'
import type { BurstContender } from './contender.ts'

export type BurstName = 'ours' | 'sdk'

export interface BurstRun {
  /** Spans that are made first, and held as well: code and buffers that they bring are not the burst's. */
  readonly before: number
  readonly spans: number
}

/** Bytes of the process that the burst added. */
export interface BurstResult {
  readonly heap: number
  /** Outside of the JavaScript heap; array buffers are part of it. */
  readonly external: number
  readonly resident: number
  /** Of all spans that were made. */
  readonly lost: number
}

export interface BurstCalls {
  run(run: BurstRun): Promise<BurstResult>
}

const [name, queueSize] = process.argv.slice(2) as [BurstName, string?]
const chunk = 512

offerCalls<BurstCalls>({
  async run({ before, spans }) {
    const contender = await start()
    await make(contender, 0, before)
    const first = await settled()
    await make(contender, before, before + spans)
    const end = await settled()
    return {
      heap: end.heapUsed - first.heapUsed,
      external: end.external - first.external,
      resident: end.rss - first.rss,
      lost: await contender.lost(before + spans),
    }
  },
})
process.once('SIGTERM', () => process.exit())

async function start(): Promise<BurstContender> {
  if (name === 'ours') return (await import('./ours.ts')).startOurs()
  return (await import('./sdk.ts')).startSdk(queueSize === undefined ? undefined : Number(queueSize))
}

/** As requests do, it gives the pipeline its turns. */
async function make({ tracer }: BurstContender, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += chunk) {
    makers.server(tracer, at, Math.min(to, at + chunk))
    await setImmediate()
  }
}

/** Memory when nothing is left that could be collected. */
async function settled(): Promise<NodeJS.MemoryUsage> {
  for (let i = 0; i < 3; i++) {
    await setImmediate()
    globalThis.gc?.()
  }
  return process.memoryUsage()
}
