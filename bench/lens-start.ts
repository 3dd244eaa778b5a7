/**
 * How soon a Lens is ready: on an empty directory, on a store of ten million spans, and on that store after it was killed. Each start is a process of its
 * own; it counts as ready when it says so, which is when its store answers, and has to prove it by the answer to a question.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { defaultDirectory, filledStore } from './lens/filled-store.ts'
import { LensProcess } from './lens/lens-process.ts'
import { grouped, significant } from './report/format.ts'
import { spreadOf } from './report/statistics.ts'
import { type Column, formatTable } from './report/table.ts'
import { prove, type Suite } from './suite.ts'

const full = 10_000_000
const quick = 500_000
const budgetMs = 1_500

export const lensStart: Suite = {
  name: 'lens-start',
  summary: 'the backend: how soon it is ready, on an empty store, on 10 million spans, and after a kill',
  async run(options) {
    const { directory, spans, sample } = await filledStore(
      options.store ?? defaultDirectory(options.quick ? quick : full),
      options.quick ? quick : full,
    )
    const rounds = options.rounds ?? (options.quick ? 3 : 9)
    const known = `/api/lens/traces/${sample.traceIds[0]}`
    const rows: Row[] = [
      { what: 'an empty directory', starts: [] },
      { what: `${grouped(spans)} spans`, starts: [] },
      { what: 'the same, killed before', starts: [] },
    ]
    const [empty, stopped, killed] = rows
    for (let round = 0; round < rounds; round++) {
      const fresh = await mkdtemp(join(tmpdir(), 'rustok-bench-'))
      try {
        empty!.starts.push(await measure(fresh, '/api/lens/services', (lens) => lens.stop()))
      } finally {
        await rm(fresh, { recursive: true, force: true })
      }
      stopped!.starts.push(await measure(directory, known, (lens) => lens.kill()))
      killed!.starts.push(await measure(directory, known, (lens) => lens.stop()))
    }
    console.log(
      `\nStarts of Lens, ${rounds} of each, median (range), load ${loadavg()[0]!.toFixed(1)}; ready within ${grouped(budgetMs)} ms is the aim\n\n` +
        formatTable(columns, rows),
    )
  },
}

interface Start {
  readonly readyMs: number
  /** From the start to the answer to the first question. */
  readonly answeredMs: number
  readonly cpuMs: number
  readonly residentMb: number
}

interface Row {
  readonly what: string
  readonly starts: Start[]
}

async function measure(
  directory: string,
  question: string,
  end: (lens: LensProcess) => Promise<void>,
): Promise<Start> {
  const began = performance.now()
  await using lens = await LensProcess.start(directory)
  const readyMs = performance.now() - began
  const cpuMs = lens.cpuMs()
  const response = await fetch(lens.urls.ui + question)
  prove(response.status === 200, `Lens answered ${response.status} to ${question}: ${await response.text()}`)
  const answeredMs = performance.now() - began
  const residentMb = lens.residentBytes() / 2 ** 20
  await end(lens)
  return { readyMs, answeredMs, cpuMs, residentMb }
}

function column(title: string, of: (start: Start) => number): Column<Row> {
  return {
    title,
    cell({ starts }) {
      const { median, min, max } = spreadOf(starts.map(of))
      return `${significant(median)} (${significant(min)}-${significant(max)})`
    },
  }
}

const columns: readonly Column<Row>[] = [
  { title: 'start on', align: 'left', cell: ({ what }) => what },
  column('ready, ms', ({ readyMs }) => readyMs),
  column('first answer, ms', ({ answeredMs }) => answeredMs),
  column('CPU, ms', ({ cpuMs }) => cpuMs),
  column('memory, MiB', ({ residentMb }) => residentMb),
]
