/** A burst of 100,000 spans while the collector does not answer: what each of them holds, and how many are lost; ours beside the official SDK. */
import type { BurstCalls, BurstName, BurstResult } from './burst/runner.ts'
import { Child } from './child/child.ts'
import { grouped, withRange } from './report/format.ts'
import { spreadOf } from './report/statistics.ts'
import { type Column, formatTable } from './report/table.ts'
import { type BenchOptions, prove, type Suite } from './suite.ts'

interface Entry {
  readonly name: BurstName
  readonly label: string
  readonly args: readonly string[]
  /** Where it claims to lose none. */
  readonly holdsAll: boolean
}

const run = { before: 20_000, spans: 100_000 } as const
const made = run.before + run.spans

const entries: readonly Entry[] = [
  { name: 'ours', label: '@rustok/telemetry', args: [], holdsAll: true },
  {
    name: 'sdk',
    label: `@opentelemetry/sdk-trace, maxQueueSize ${grouped(made)}`,
    args: [String(made)],
    holdsAll: true,
  },
  { name: 'sdk', label: '@opentelemetry/sdk-trace, default', args: [], holdsAll: false },
]

const runner = new URL('./burst/runner.ts', import.meta.url)

interface Row {
  readonly label: string
  readonly holdsAll: boolean
  readonly results: readonly BurstResult[]
}

const perSpan =
  (part: (result: BurstResult) => number) =>
  ({ results, holdsAll }: Row) =>
    holdsAll ? withRange(spreadOf(results.map((result) => part(result) / run.spans))) : ''

const columns: readonly Column<Row>[] = [
  { title: 'contender', align: 'left', cell: ({ label }) => label },
  { title: 'heap, bytes per span', cell: perSpan(({ heap }) => heap) },
  { title: 'off heap', cell: perSpan(({ external }) => external) },
  { title: 'heap and off heap', cell: perSpan(({ heap, external }) => heap + external) },
  { title: 'resident', cell: perSpan(({ resident }) => resident) },
  {
    title: `lost of ${grouped(made)}`,
    cell: ({ results }) => grouped(Math.max(...results.map(({ lost }) => lost))),
  },
]

export const burst: Suite = {
  name: 'burst',
  summary: 'memory per span that waits, and spans lost, when the collector does not answer',
  async run({ quick, rounds = quick ? 2 : 5, profileTo }: BenchOptions) {
    const rows = entries.map((entry) => ({ ...entry, results: [] as BurstResult[] }))
    for (let round = 0; round < rounds; round++) {
      for (const row of round % 2 === 0 ? rows : rows.toReversed()) {
        const result = await runOnce(row, profileTo)
        prove(!row.holdsAll || result.lost === 0, `${row.label}: lost ${result.lost} of ${made} spans`)
        row.results.push(result)
      }
    }
    console.log(
      `\n${grouped(run.spans)} spans held, after ${grouped(run.before)} others; ${rounds} runs each, median (range)\n\n` +
        formatTable(columns, rows),
    )
  },
}

async function runOnce({ name, args }: Entry, profileTo: string | undefined): Promise<BurstResult> {
  const child = await Child.start<BurstCalls>(runner, {
    args: [name, ...args],
    nodeArgs: [
      '--expose-gc',
      ...(profileTo === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileTo}`]),
    ],
  })
  try {
    return await child.call('run', run)
  } finally {
    await child.terminate()
  }
}
