/** What the features of ours cost that are not on by default, and redaction, which is: CPU per span beside the same without. */
import { Child } from './child/child.ts'
import { withRange } from './report/format.ts'
import { ratioOf, spreadOf } from './report/statistics.ts'
import { type Column, formatTable } from './report/table.ts'
import type { SinkCalls } from './sink/sink.ts'
import { batchSize } from './span-cpu/contender.ts'
import type { RunnerCalls, SpanRun } from './span-cpu/runner.ts'
import { type VariantName, variantGroups, variants } from './span-cpu/variants.ts'
import { type BenchOptions, prove, type Suite } from './suite.ts'

const full = { rounds: 7, batches: 400 } as const
const quick = { rounds: 2, batches: 50 } as const
const warmUp = 100 * batchSize
const runner = new URL('./span-cpu/runner.ts', import.meta.url)
const sinkModule = new URL('./sink/sink.ts', import.meta.url)

export const features: Suite = {
  name: 'features',
  summary:
    'CPU per span of ours with redaction, tail sampling and span metrics, each beside the same without',
  async run(options) {
    const { batches, ...defaults } = options.quick ? quick : full
    const rounds = options.rounds ?? defaults.rounds
    const run: SpanRun = { warmUp, spans: batches * batchSize }
    const rows: Row[] = []
    const sink = await Child.start<SinkCalls>(sinkModule)
    try {
      for (const group of variantGroups) rows.push(...(await measure(sink, group, rounds, run, options)))
    } finally {
      await sink.terminate()
    }
    console.log(
      `\nCPU per span up to the encoded request; ${rounds} runs each, median (range)\n\n${formatTable(columns, rows)}`,
    )
  },
}

interface Row {
  readonly label: string
  readonly micros: readonly number[]
  readonly base: readonly number[] | undefined
}

const columns: readonly Column<Row>[] = [
  { title: 'configuration', align: 'left', cell: ({ label }) => label },
  { title: 'µs per span', cell: ({ micros }) => withRange(spreadOf(micros)) },
  { title: 'without = 1', cell: ({ micros, base }) => (base ? withRange(ratioOf(micros, base)) : '1') },
]

async function measure(
  sink: Child<SinkCalls>,
  names: readonly VariantName[],
  rounds: number,
  run: SpanRun,
  { profileTo }: BenchOptions,
): Promise<readonly Row[]> {
  const samples = names.map((name) => ({ name, micros: [] as number[] }))
  for (let round = 0; round < rounds; round++) {
    for (const { name, micros } of round % 2 === 0 ? samples : samples.toReversed()) {
      const port = await sink.call('open', { protocol: 'otlp-grpc', keep: false })
      const child = await Child.start<RunnerCalls>(runner, {
        args: ['ours', 'encode', `http://127.0.0.1:${port}`, name],
        nodeArgs: profileTo === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileTo}`],
      })
      try {
        const { cpuMicros, done } = await child.call('run', run)
        const made = run.warmUp + run.spans
        prove(done === made, `${variants[name].label}: ${done} of ${made} spans went through`)
        micros.push(cpuMicros / run.spans)
      } finally {
        await child.terminate()
        await sink.call('close', port)
      }
    }
  }
  return samples.map(({ name, micros }, i) => ({
    label: variants[name].label,
    micros,
    base: i === 0 ? undefined : samples[0]!.micros,
  }))
}
