/**
 * What it takes Chromium to show the first screen, a search and a long trace of a real Lens: from the address to the first rows, the frames of a
 * scripted scroll, of zooming and of searching in it, how soon its other views are there, and the memory of the page. The browser draws without a
 * GPU, as it does where benches run.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { LensProcess } from './lens/lens-process.ts'
import {
  type FirstScreens,
  printFirstScreens,
  storeTraffic,
  visitFirstScreens,
} from './lens-ui/first-screens.ts'
import { frameKinds } from './lens-ui/in-page.ts'
import { storeLongTrace, traceId } from './lens-ui/long-trace.ts'
import { type TraceVisit, visitTrace } from './lens-ui/trace-page.ts'
import { grouped, significant } from './report/format.ts'
import { percentile } from './report/statistics.ts'
import { type Column, formatTable } from './report/table.ts'
import { prove, type Suite } from './suite.ts'

const chromiumPath = process.env.CHROMIUM ?? '/usr/bin/chromium'
const full = { traffic: 50_000, spans: 100_000, rounds: 5, frames: 300 } as const
const quick = { traffic: 10_000, spans: 20_000, rounds: 2, frames: 100 } as const

export const lensUi: Suite = {
  name: 'lens-ui',
  summary:
    'the web UI in Chromium: first screen, a search, a trace of 100,000 spans: to its rows, frames, memory',
  async run(options) {
    const size = options.quick ? quick : full
    const directory = await mkdtemp(join(tmpdir(), 'rustok-bench-'))
    try {
      await using lens = await LensProcess.start(directory)
      await storeTraffic(lens, size.traffic)
      const spans = await storeLongTrace(lens, size.spans)
      const answer = await answerOf(lens, spans)
      const browser = await chromium.launch({
        executablePath: chromiumPath,
        args: ['--no-sandbox', '--disable-gpu', '--enable-precise-memory-info'],
      })
      try {
        const screens: FirstScreens[] = []
        const rounds: TraceVisit[] = []
        for (let round = 0; round < (options.rounds ?? size.rounds); round++) {
          screens.push(await visitFirstScreens(browser, lens))
          rounds.push(
            await visitTrace(browser, lens, { spans, frames: size.frames, profileTo: options.profileTo }),
          )
        }
        printFirstScreens(size.traffic, screens)
        print(spans, answer, rounds)
      } finally {
        await browser.close()
      }
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  },
}

interface Answer {
  readonly millis: number
  readonly bytes: number
}

/** The second time: the first one compiles. */
async function answerOf({ urls }: LensProcess, spans: number): Promise<Answer> {
  let answer: Answer = { millis: 0, bytes: 0 }
  for (let turn = 0; turn < 2; turn++) {
    const began = performance.now()
    const text = await (await fetch(`${urls.ui}/api/lens/traces/${traceId}/waterfall`)).text()
    answer = { millis: performance.now() - began, bytes: Buffer.byteLength(text) }
    const { starts } = JSON.parse(text) as { readonly starts?: readonly number[] }
    prove(starts?.length === spans, `the trace has ${starts?.length} spans, not ${spans}`)
  }
  return answer
}

interface TimesRow {
  readonly what: string
  /** Sorted. */
  readonly millis: Float64Array
}

const percentiles: readonly Column<TimesRow>[] = [
  { title: 'p50 ms', cell: ({ millis }) => significant(percentile(millis, 0.5)) },
  { title: 'p95 ms', cell: ({ millis }) => significant(percentile(millis, 0.95)) },
]

interface FramesRow extends TimesRow {
  readonly cpuMs: number
}

const frameColumns: readonly Column<FramesRow>[] = [
  { title: 'frames of', align: 'left', cell: ({ what }) => what },
  { title: 'frames', cell: ({ millis }) => grouped(millis.length) },
  ...percentiles,
  { title: 'p99 ms', cell: ({ millis }) => significant(percentile(millis, 0.99)) },
  { title: 'later than 25 ms', cell: ({ millis }) => `${millis.filter((ms) => ms > 25).length}` },
  { title: 'CPU ms a frame', cell: ({ cpuMs }) => significant(cpuMs) },
]

const stepColumns: readonly Column<TimesRow>[] = [
  { title: 'from a key to its frame', align: 'left', cell: ({ what }) => what },
  { title: 'times', cell: ({ millis }) => grouped(millis.length) },
  ...percentiles,
]

function print(spans: number, answer: Answer, visits: readonly TraceVisit[]): void {
  const frames = frameKinds.map((what) => ({
    what,
    millis: sorted(visits.flatMap((visit) => visit.frames[what].millis)),
    cpuMs: visits.reduce((sum, visit) => sum + visit.frames[what].cpuMs, 0) / visits.length,
  }))
  const steps = Object.keys(visits[0]?.steps ?? {}).map((what) => ({
    what,
    millis: sorted(visits.flatMap((visit) => visit.steps[what] ?? [])),
  }))
  const loads = sorted(visits.map(({ rowsMs }) => rowsMs))
  const heap = Math.max(...visits.map(({ heapBytes }) => heapBytes))
  const peak = Math.max(...visits.map(({ peakBytes }) => peakBytes))
  console.log(
    `\nA trace of ${grouped(spans)} spans in Chromium, load ${loadavg()[0]!.toFixed(1)}\n\n` +
      `  address to rows  p50 ${significant(percentile(loads, 0.5))} ms, p95 ${significant(percentile(loads, 0.95))} ms, of ${loads.length} (budget 1,000)\n` +
      `  of which Lens    ${significant(answer.millis)} ms for ${significant(answer.bytes / 2 ** 20)} MiB of waterfall\n` +
      `  memory           ${significant(heap / 2 ** 20)} MiB of scripts, document and arrays at most, after everything (budget 300);\n` +
      `                   ${significant(peak / 2 ** 20)} MiB resident in the page's process at the peak, the browser's own code with it\n\n` +
      `${formatTable(frameColumns, frames)}\n\n${formatTable(stepColumns, steps)}`,
  )
}

function sorted(millis: readonly number[]): Float64Array {
  return Float64Array.from(millis).sort()
}
