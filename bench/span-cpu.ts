/**
 * CPU per span of ours against `@opentelemetry/sdk-trace`, each contender and run in a process of its own, taken in turns. Tracing that is
 * off comes first: that is what everybody pays.
 */
import { Child } from './child/child.ts'
import { grouped, withRange } from './report/format.ts'
import { ratioOf, spreadOf } from './report/statistics.ts'
import { type Column, formatTable } from './report/table.ts'
import type { SinkCalls } from './sink/sink.ts'
import { checkSpans } from './span-cpu/check-spans.ts'
import { batchSize, type Stage } from './span-cpu/contender.ts'
import type { ContenderName, RunnerCalls, SpanRun, SpanRunResult } from './span-cpu/runner.ts'
import { type BenchOptions, prove, type Suite } from './suite.ts'

interface Entry {
  readonly contender: ContenderName
  readonly label: string
}

interface Section {
  readonly stage: Stage
  readonly title: string
  /** Ours is compared with the last one. */
  readonly entries: readonly Entry[]
  readonly spans: number
}

const ours: Entry = { contender: 'ours', label: '@rustok/telemetry' }
const sdk: Entry = { contender: 'sdk', label: '@opentelemetry/sdk-trace' }

const sections: readonly Section[] = [
  {
    stage: 'off',
    title: 'tracing off',
    entries: [
      { contender: 'loop', label: 'the loop without spans' },
      { ...ours, label: '@rustok/telemetry, OTEL_ENABLED=false' },
      { contender: 'api', label: '@opentelemetry/api alone' },
    ],
    spans: 4096 * batchSize,
  },
  { stage: 'unsampled', title: 'spans not sampled', entries: [ours, sdk], spans: 2048 * batchSize },
  {
    stage: 'encode',
    title: 'create with 8 attributes, set one, end, encode as OTLP',
    entries: [ours, sdk],
    spans: 400 * batchSize,
  },
  {
    stage: 'export',
    title: 'the same, sent over gRPC and acknowledged',
    entries: [ours, sdk],
    spans: 400 * batchSize,
  },
]

/** Runs, and the share of the sections' spans in each. */
const full = { rounds: 7, share: 1 } as const
const quick = { rounds: 2, share: 1 / 8 } as const
/** Enough batches for the optimising compiler to be done with the loop. */
const warmUpBatches = 100
const proofSpans = 4 * batchSize
const runner = new URL('./span-cpu/runner.ts', import.meta.url)
const sinkModule = new URL('./sink/sink.ts', import.meta.url)

export const spanCpu: Suite = {
  name: 'span-cpu',
  summary: 'CPU per span: off, unsampled, encoded, exported; ours against the official SDK',
  async run(options) {
    const sink = await Child.start<SinkCalls>(sinkModule)
    try {
      await proveWork(sink)
      const { share, ...defaults } = options.quick ? quick : full
      const rounds = options.rounds ?? defaults.rounds
      const rows: Row[] = []
      for (const section of sections) rows.push(...(await measure(sink, section, { rounds, share }, options)))
      console.log(`\nCPU per span; ${rounds} runs each, median (range)\n\n${formatTable(columns, rows)}`)
    } finally {
      await sink.terminate()
    }
  },
}

/** Before anything is timed, and so all at once: what each contender encodes, and what arrives, are the spans that were asked for. */
async function proveWork(sink: Child<SinkCalls>): Promise<void> {
  await Promise.all(
    [ours, sdk].flatMap((entry) =>
      (['encode', 'export'] as const).map((stage) => proveStage(sink, entry, stage)),
    ),
  )
  console.log(`checked: ${grouped(proofSpans)} spans of each contender, decoded and compared`)
}

async function proveStage(
  sink: Child<SinkCalls>,
  { contender, label }: Entry,
  stage: 'encode' | 'export',
): Promise<void> {
  const who = `${label}, ${stage}`
  const port = await sink.call('open', { protocol: 'otlp-grpc', keep: true })
  const { done, sample } = await runOnce(contender, stage, port, { warmUp: 0, spans: proofSpans }, {})
  const { kept, faults } = await sink.call('close', port)
  prove(faults.length === 0, `${who}: the receiver could not read a request: ${faults[0]}`)
  prove(done === proofSpans, `${who}: ${done} of ${proofSpans} spans were made`)
  // Of a stage that does not send, the first request is what there is to see.
  const requests = sample === undefined ? kept : [sample]
  checkSpans(who, requests, stage === 'encode' ? batchSize : proofSpans)
}

interface Row {
  readonly title: string
  readonly label: string
  readonly micros: readonly number[]
  readonly base: readonly number[] | undefined
  readonly bytesPerSpan: number | undefined
}

const columns: readonly Column<Row>[] = [
  { title: 'stage', align: 'left', cell: ({ title }) => title },
  { title: 'contender', align: 'left', cell: ({ label }) => label },
  { title: 'µs per span', cell: ({ micros }) => withRange(spreadOf(micros)) },
  {
    title: 'ours is',
    cell: ({ micros, base }) => (base === undefined ? '' : `1/${withRange(ratioOf(micros, base))}`),
  },
  {
    title: 'bytes per span',
    cell: ({ bytesPerSpan }) => (bytesPerSpan === undefined ? '' : grouped(bytesPerSpan)),
  },
]

async function measure(
  sink: Child<SinkCalls>,
  { stage, title, entries, spans }: Section,
  { rounds, share }: { readonly rounds: number; readonly share: number },
  options: BenchOptions,
): Promise<readonly Row[]> {
  const run: SpanRun = { warmUp: warmUpBatches * batchSize, spans: spans * share }
  const samples = entries.map((entry) => ({ entry, micros: [] as number[], bytes: 0, arrived: 0 }))
  for (let round = 0; round < rounds; round++) {
    // Every other round goes backwards, so that nobody always follows the same neighbour.
    for (const sample of round % 2 === 0 ? samples : samples.toReversed()) {
      const { contender, label } = sample.entry
      const port = await sink.call('open', { protocol: 'otlp-grpc', keep: false })
      const { cpuMicros, done } = await runOnce(contender, stage, port, run, options)
      const received = await sink.call('close', port)
      const made = run.warmUp + run.spans
      if (stage === 'encode' || stage === 'export') {
        prove(done === made, `${label}, ${stage}: ${done} of ${made} spans went through`)
      }
      if (stage === 'export') {
        const { faults } = received
        prove(faults.length === 0, `${label}: the receiver could not read a request: ${faults[0]}`)
        prove(received.spans === made, `${label}: ${received.spans} of ${made} spans arrived`)
        sample.bytes += received.bytes
        sample.arrived += received.spans
      }
      sample.micros.push(cpuMicros / run.spans)
    }
  }
  const oursMicros = samples.find(({ entry }) => entry.contender === 'ours')?.micros
  return samples.map(({ entry, micros, bytes, arrived }, i) => ({
    title: i === 0 ? title : '',
    label: entry.label,
    micros,
    base: i === samples.length - 1 ? oursMicros : undefined,
    bytesPerSpan: arrived === 0 ? undefined : bytes / arrived,
  }))
}

async function runOnce(
  contender: ContenderName,
  stage: Stage,
  port: number,
  run: SpanRun,
  { profileTo }: Partial<BenchOptions>,
): Promise<SpanRunResult> {
  const child = await Child.start<RunnerCalls>(runner, {
    args: [contender, stage, `http://127.0.0.1:${port}`],
    nodeArgs: profileTo === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileTo}`],
  })
  try {
    return await child.call('run', run)
  } finally {
    await child.terminate()
  }
}
