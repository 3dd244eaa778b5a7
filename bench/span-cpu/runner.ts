/** The child process of one contender and stage: `runner.ts <contender> <stage> <endpoint> [variant]`. Warms up, then times its loop. */
import { offerCalls } from '../child/calls.ts'
import { batchSize, type Contender, type Stage } from './contender.ts'
import { type VariantName, variants } from './variants.ts'
import { makeNothing, makers } from './workload.ts'

export type ContenderName = 'loop' | 'api' | 'ours' | 'sdk'

export interface SpanRun {
  readonly warmUp: number
  readonly spans: number
}

export interface SpanRunResult {
  /** Of the whole process, user and system: what the collector of garbage and the network threads do counts too. */
  readonly cpuMicros: number
  /** Spans that went through the stage, warm-up included. */
  readonly done: number
  readonly sample: Uint8Array | undefined
}

export interface RunnerCalls {
  run(run: SpanRun): Promise<SpanRunResult>
}

const [name, stage, endpoint = '', variantName = 'plain'] = process.argv.slice(2) as [
  ContenderName,
  Stage,
  string?,
  VariantName?,
]
const variant = variants[variantName]
const makeSpans = makers[variant.workload]

offerCalls<RunnerCalls>({
  async run({ warmUp, spans }) {
    const contender = await start()
    await loop(contender, 0, warmUp)
    const begin = process.cpuUsage()
    await loop(contender, warmUp, warmUp + spans)
    const { user, system } = process.cpuUsage(begin)
    return { cpuMicros: user + system, ...(await contender.finish()) }
  },
})
// An orderly exit, so that a profile is written.
process.once('SIGTERM', () => process.exit())

/** Loads the one contender: another's modules have no place in this process. */
async function start(): Promise<Contender> {
  if (name === 'ours') return (await import('./ours.ts')).startOurs(stage, endpoint, variant.config)
  if (name === 'sdk' && stage !== 'off') return (await import('./sdk.ts')).startSdk(stage, endpoint)
  const { startApiAlone, startLoopAlone } = await import('./without-sdk.ts')
  return name === 'loop' ? startLoopAlone() : startApiAlone()
}

async function loop({ tracer, settle }: Contender, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += batchSize) {
    const end = Math.min(to, at + batchSize)
    if (tracer === undefined) makeNothing(at, end)
    else makeSpans(tracer, at, end)
    if (settle !== undefined) await settle()
  }
}
