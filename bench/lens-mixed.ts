/**
 * The questions with a budget, asked of a store of ten million spans while four gRPC senders fill it at full speed, beside the same questions of the same
 * Lens before they began. The store is a copy: what is ingested must not change the one that other runs ask.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child } from './child/child.ts'
import { defaultDirectory, type FilledStore, filledStore } from './lens/filled-store.ts'
import type { ClientCalls } from './lens/ingest/client.ts'
import { LensProcess } from './lens/lens-process.ts'
import { type Kind, kinds } from './lens/questions.ts'
import { untilMerged } from './lens/until-merged.ts'
import { ask } from './lens-query.ts'
import { grouped, significant } from './report/format.ts'
import { percentile } from './report/statistics.ts'
import { type Column, formatTable } from './report/table.ts'
import { prove, type Suite } from './suite.ts'

const senders = 4
const full = { spans: 10_000_000, quiet: 50, seconds: 60, prepared: 65_536, concurrency: 64 } as const
const quick = { spans: 500_000, quiet: 10, seconds: 15, prepared: 32_768, concurrency: 48 } as const
/** Of the quiet budget. */
const allowance = 3
const client = new URL('./lens/ingest/client.ts', import.meta.url)

export const lensMixed: Suite = {
  name: 'lens-mixed',
  summary: 'the backend: its budgeted questions while four gRPC senders ingest at full speed',
  async run(options) {
    const size = options.quick ? quick : full
    const filled = await filledStore(options.store ?? defaultDirectory(size.spans), size.spans)
    const directory = await mkdtemp(join(tmpdir(), 'rustok-bench-'))
    try {
      await cp(filled.directory, directory, { recursive: true })
      await using lens = await LensProcess.start(directory)
      await untilMerged(directory)
      await measure(lens, filled, size)
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  },
}

async function measure(lens: LensProcess, store: FilledStore, size: typeof full | typeof quick) {
  const rounds = new Rounds(lens, store)
  const quietMillis = await rounds.ask((round) => round < size.quiet)
  const clients = await Promise.all(
    Array.from({ length: senders }, () => Child.start<ClientCalls>(client, { nodeArgs: ['--expose-gc'] })),
  )
  try {
    const address = lens.urls.otlpGrpc.replace('http://', '')
    const load = { address, spans: size.prepared, concurrency: size.concurrency }
    await Promise.all(clients.map((child, index) => child.call('prepare', { ...load, seed: index + 1 })))
    const began = performance.now()
    let isSending = true
    const sending = Promise.all(clients.map((child) => child.call('send', size.seconds))).finally(() => {
      isSending = false
    })
    const [busyMillis, results] = await Promise.all([rounds.ask(() => isSending), sending])
    const seconds = (performance.now() - began) / 1000
    const acknowledged = results.reduce((total, result) => total + result.acknowledged, 0)
    prove(acknowledged > 0, 'spans were ingested meanwhile')
    const rows = budgeted.map((kind, index) => ({
      kind,
      quiet: Float64Array.from(quietMillis[index]!).sort(),
      busy: Float64Array.from(busyMillis[index]!).sort(),
    }))
    console.log(
      `\nQuestions to ${grouped(store.spans)} spans while ${grouped(acknowledged / seconds)} spans a second are acknowledged, ` +
        `load ${loadavg()[0]!.toFixed(1)}\n\n${formatTable(columns, rows)}`,
    )
  } finally {
    await Promise.all(clients.map((child) => child.terminate()))
  }
}

const budgeted: readonly Kind[] = kinds.filter(({ budgetMs }) => budgetMs !== undefined)

/** One question of each kind after the other, never the same again while there are others. */
class Rounds {
  readonly #lens: LensProcess
  readonly #questions: readonly (readonly string[])[]
  #next = 0

  constructor(lens: LensProcess, store: FilledStore) {
    this.#lens = lens
    this.#questions = budgeted.map((kind) => kind.questions(store))
  }

  /** Milliseconds of each question, by kind; the first round warms up and is not counted. */
  async ask(goesOn: (round: number) => boolean): Promise<readonly (readonly number[])[]> {
    const millis = budgeted.map((): number[] => [])
    for (let round = -1; round < 0 || goesOn(round); round++) {
      const at = this.#next++
      for (const [index, kind] of budgeted.entries()) {
        const questions = this.#questions[index]!
        const began = performance.now()
        await ask(this.#lens, kind, questions[at % questions.length]!)
        if (round >= 0) millis[index]!.push(performance.now() - began)
      }
    }
    return millis
  }
}

interface Row {
  readonly kind: Kind
  /** Ascending. */
  readonly quiet: Float64Array
  readonly busy: Float64Array
}

const columns: readonly Column<Row>[] = [
  { title: 'question', align: 'left', cell: ({ kind }) => kind.name },
  { title: 'quiet p50 ms', cell: ({ quiet }) => significant(percentile(quiet, 0.5)) },
  { title: 'quiet p95', cell: ({ quiet }) => significant(percentile(quiet, 0.95)) },
  { title: 'asked meanwhile', cell: ({ busy }) => String(busy.length) },
  { title: 'p50 ms', cell: ({ busy }) => significant(percentile(busy, 0.5)) },
  { title: 'p95', cell: ({ busy }) => significant(percentile(busy, 0.95)) },
  { title: 'budget', cell: ({ kind }) => `≤ ${(kind.budgetMs ?? 0) * allowance}` },
  {
    title: 'times as long',
    cell: ({ quiet, busy }) => significant(percentile(busy, 0.95) / percentile(quiet, 0.95)),
  },
]
