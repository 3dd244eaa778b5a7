/**
 * How long the questions take that the product promises answers to: 100 different ones of each kind, one after the other, over the HTTP API of a real
 * Lens whose store holds ten million generated spans of a day.
 */
import { loadavg } from 'node:os'
import { defaultDirectory, type FilledStore, filledStore } from './lens/filled-store.ts'
import { LensProcess } from './lens/lens-process.ts'
import { type Kind, kinds } from './lens/questions.ts'
import { untilMerged } from './lens/until-merged.ts'
import { grouped, significant } from './report/format.ts'
import { percentile } from './report/statistics.ts'
import { type Column, formatTable } from './report/table.ts'
import { prove, type Suite } from './suite.ts'

const full = 10_000_000
const quick = 500_000
const asked = 100

export const lensQuery: Suite = {
  name: 'lens-query',
  summary: 'the backend: p50 and p95 of 100 different questions of each kind, over 10 million spans',
  async run(options) {
    const spans = options.quick ? quick : full
    const store = await filledStore(options.store ?? defaultDirectory(spans), spans)
    await using lens = await LensProcess.start(store.directory)
    await untilMerged(store.directory)
    const rows: Row[] = []
    for (const kind of kinds) rows.push(await measure(lens, store, kind))
    const memory = significant(lens.residentBytes() / 2 ** 20)
    console.log(
      `\nQuestions to ${grouped(store.spans)} spans in ${grouped(store.traces)} traces of 24 hours (${store.directory}); ` +
        `${memory} MiB resident afterwards, load ${loadavg()[0]!.toFixed(1)}\n\n${formatTable(columns, rows)}`,
    )
  },
}

interface Row {
  readonly kind: Kind
  readonly questions: number
  /** Ascending. */
  readonly millis: Float64Array
  readonly cpuMs: number
}

const columns: readonly Column<Row>[] = [
  { title: 'question', align: 'left', cell: ({ kind }) => kind.name },
  { title: 'asked', cell: ({ questions }) => String(questions) },
  { title: 'p50 ms', cell: ({ millis }) => significant(percentile(millis, 0.5)) },
  { title: 'p95 ms', cell: ({ millis }) => significant(percentile(millis, 0.95)) },
  { title: 'budget', cell: ({ kind }) => (kind.budgetMs === undefined ? '' : `≤ ${kind.budgetMs}`) },
  { title: 'CPU ms each', cell: ({ cpuMs }) => significant(cpuMs) },
]

async function measure(lens: LensProcess, store: FilledStore, kind: Kind): Promise<Row> {
  const questions = kind.questions(store).slice(0, asked + 1)
  // The first question of a kind warms up code and caches; it is asked, and not counted.
  const [first, ...counted] = questions
  if (first !== undefined) await ask(lens, kind, first)
  const millis: number[] = []
  const cpu = lens.cpuMs()
  for (const question of counted) {
    const began = performance.now()
    await ask(lens, kind, question)
    millis.push(performance.now() - began)
  }
  return {
    kind,
    questions: counted.length,
    millis: Float64Array.from(millis).sort(),
    cpuMs: (lens.cpuMs() - cpu) / counted.length,
  }
}

export async function ask({ urls }: LensProcess, kind: Kind, path: string): Promise<void> {
  const response = await fetch(`${urls.ui}${path}`)
  const answer: unknown = await response.json()
  prove(
    response.status === 200 && kind.isAnswer(answer),
    `${path} answered ${response.status} without a result`,
  )
}
