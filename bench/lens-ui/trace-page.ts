/**
 * One visit to the trace page with a long trace: from the address to its rows, the frames of scripted hands in each of its views, what a key takes until
 * the page shows what it asked for, and the page's memory after all of it.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, CDPSession, Page } from 'playwright-core'
import { type LensProcess, peakResidentBytes } from '../lens/lens-process.ts'
import { prove } from '../suite.ts'
import { type FrameKind, recordFrames, timeSteps, watchRows } from './in-page.ts'
import { traceId } from './long-trace.ts'

export interface TraceVisit {
  /** From the navigation's start to the frame after the first rows were in the document. */
  readonly rowsMs: number
  readonly frames: Readonly<Record<FrameKind, Frames>>
  /** By what was asked for, milliseconds until the frame after it was there. */
  readonly steps: Readonly<Record<string, readonly number[]>>
  /** What scripts, the document and arrays hold, after a collection. */
  readonly heapBytes: number
  /** The most that the page's process had resident. Linux only, else NaN. */
  readonly peakBytes: number
}

export interface Frames {
  /** Milliseconds from each to the next. */
  readonly millis: readonly number[]
  /** CPU milliseconds of the page's main thread for each of them: what a loaded machine does not change. */
  readonly cpuMs: number
}

export interface VisitOptions {
  readonly spans: number
  readonly frames: number
  /** Where to write CPU profiles of the page. */
  readonly profileTo: string | undefined
}

export async function visitTrace(
  browser: Browser,
  { urls }: LensProcess,
  { spans, frames, profileTo }: VisitOptions,
): Promise<TraceVisit> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  try {
    const page = await context.newPage()
    const session = await context.newCDPSession(page)
    const profiled = profiler(session, profileTo)
    await page.addInitScript(watchRows)
    const rowsMs = await profiled('open', async () => {
      await page.goto(`${urls.ui}/trace/${traceId}`, { waitUntil: 'commit' })
      // Nothing else is asked meanwhile: to look for a role again and again takes the page as long as its own work.
      const at = await page.evaluate(() => (globalThis as unknown as { rowsAt: Promise<number> }).rowsAt)
      await page
        .getByRole('treegrid', { name: 'Spans' })
        .getByRole('row', { name: /nightly import/ })
        .waitFor()
      return at
    })
    await expandAll(page, spans)
    await session.send('Performance.enable', { timeDomain: 'threadTicks' })
    const record = (what: FrameKind): Promise<Frames> =>
      profiled(what, async () => {
        const before = await taskMs(session)
        const millis = await recordFrames(page, frames, what)
        return { millis, cpuMs: ((await taskMs(session)) - before) / frames }
      })
    const scroll = await record('scroll')
    const zoom = await record('zoom')
    await page.evaluate(() => document.querySelector('[role="treegrid"]')?.scrollTo(0, 0))
    const find = await record('find')
    const steps = await profiled('steps', () => timeSteps(page))
    await page.keyboard.press('f')
    await page.getByRole('application', { name: 'Flame of the trace' }).waitFor()
    const flame = await record('flame')
    const peakBytes = await peakOf(page)
    await session.send('HeapProfiler.enable')
    await session.send('HeapProfiler.collectGarbage')
    const { usedSize, embedderHeapUsedSize, backingStorageSize } = await session.send('Runtime.getHeapUsage')
    return {
      rowsMs,
      frames: { scroll, zoom, find, flame },
      steps,
      heapBytes: usedSize + embedderHeapUsedSize + backingStorageSize,
      peakBytes,
    }
  } finally {
    await context.close()
  }
}

/** Every span in a row of its own: as many as there can be. */
async function expandAll(page: Page, spans: number): Promise<void> {
  await page.getByRole('button', { name: 'Expand all' }).click()
  const grid = page.locator(`[role="treegrid"][aria-rowcount="${spans + 1}"]`)
  await grid.waitFor().catch(() => prove(false, `the waterfall has no row for each of ${spans} spans`))
}

/** By CPU time of the main thread, as far as it has run tasks. */
async function taskMs(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics')
  return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN) * 1000
}

/** Of the only page that the browser has: of its renderers, the largest. */
async function peakOf(page: Page): Promise<number> {
  const session = await page.context().browser()!.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  await session.detach()
  const peaks = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => peakResidentBytes(id))
  return Math.max(...peaks)
}

function profiler(session: CDPSession, directory: string | undefined) {
  return async <Result>(what: string, work: () => Promise<Result>): Promise<Result> => {
    if (directory === undefined) return work()
    await session.send('Profiler.enable')
    await session.send('Profiler.start')
    const result = await work()
    const { profile } = await session.send('Profiler.stop')
    await writeFile(join(directory, `lens-ui-${what}.cpuprofile`), JSON.stringify(profile))
    return result
  }
}
