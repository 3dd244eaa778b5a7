/**
 * What it takes Chromium to show a long trace of a real Lens: from the address to the first rows, the frames of a scripted scroll, of zooming and
 * of searching in it, and the memory of the page. The browser draws without a GPU, as it does where benches run.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeTraceRequest, encodeTraceRequest } from '@rustok/otlp'
import { type Browser, chromium, type Page } from 'playwright-core'
import { TraceGenerator } from './lens/generator/trace-generator.ts'
import { LensProcess } from './lens/lens-process.ts'
import { grouped, significant } from './report/format.ts'
import { percentile } from './report/statistics.ts'
import { type Column, formatTable } from './report/table.ts'
import { prove, type Suite } from './suite.ts'

const chromiumPath = process.env.CHROMIUM ?? '/usr/bin/chromium'
const traceId = 'ab'.repeat(16)
const rootId = 'cd'.repeat(8)
const full = { spans: 100_000, rounds: 5, frames: 300 } as const
const quick = { spans: 20_000, rounds: 2, frames: 100 } as const

export const lensUi: Suite = {
  name: 'lens-ui',
  summary: 'the web UI: a trace of 100,000 spans in Chromium, from the address to its rows, frames, memory',
  async run(options) {
    const size = options.quick ? quick : full
    const directory = await mkdtemp(join(tmpdir(), 'rustok-bench-'))
    try {
      await using lens = await LensProcess.start(directory)
      const spans = await fill(lens, size.spans)
      const answer = await answerOf(lens, spans)
      const browser = await chromium.launch({
        executablePath: chromiumPath,
        args: ['--no-sandbox', '--disable-gpu', '--enable-precise-memory-info'],
      })
      try {
        const rounds: Round[] = []
        for (let round = 0; round < (options.rounds ?? size.rounds); round++) {
          rounds.push(await measure(browser, lens, spans, size.frames))
        }
        print(spans, answer, rounds)
      } finally {
        await browser.close()
      }
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  },
}

/** Generated traces as the parts of one long job: their roots become its children. */
async function fill(lens: LensProcess, count: number): Promise<number> {
  const from = BigInt(Date.now() - 120_000) * 1_000_000n
  const generator = new TraceGenerator({ seed: 3, spans: count, from, to: from + 60_000_000_000n })
  const [id, root] = [Buffer.from(traceId, 'hex'), Buffer.from(rootId, 'hex')]
  let hasRoot = false
  for (const { bytes } of generator.requests()) {
    const { resourceSpans } = decodeTraceRequest(bytes)
    const patched = resourceSpans.map((group) => ({
      ...group,
      scopeSpans: group.scopeSpans.map((part) => ({
        ...part,
        spans: part.spans.map((span) => {
          const isRoot = span.parentSpanId === undefined || span.parentSpanId.length === 0
          // One trace is one tenant's.
          const attributes = span.attributes.map((pair) =>
            pair.key === 'tenant_id' || pair.key === 'tenant.id' ? { ...pair, value: 'acme' } : pair,
          )
          const moved = { ...span, attributes, traceId: id, ...(isRoot ? { parentSpanId: root } : {}) }
          if (hasRoot || !isRoot) return moved
          hasRoot = true
          const { parentSpanId: _, ...top } = moved
          return {
            ...top,
            spanId: root,
            parentSpanId: new Uint8Array(),
            name: 'nightly import',
            startTimeUnixNano: from,
            endTimeUnixNano: from + 61_000_000_000n,
          }
        }),
      })),
    }))
    const response = await fetch(`${lens.urls.otlpHttp}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
      body: encodeTraceRequest({ resourceSpans: patched }) as BodyInit,
    })
    prove(response.status === 200, `Lens answered ${response.status} to spans`)
  }
  return generator.spans
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
    const { spanIds } = JSON.parse(text) as { readonly spanIds?: readonly string[] }
    prove(spanIds?.length === spans, `the trace has ${spanIds?.length} spans, not ${spans}`)
  }
  return answer
}

interface Round {
  /** From the navigation's start to the frame after the first rows were in the document. */
  readonly rowsMs: number
  readonly frames: Readonly<Record<'scroll' | 'zoom' | 'find', readonly number[]>>
  readonly heapBytes: number
}

async function measure(browser: Browser, lens: LensProcess, spans: number, frames: number): Promise<Round> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  try {
    const page = await context.newPage()
    await page.addInitScript(watchRows)
    await page.goto(`${lens.urls.ui}/trace/${traceId}`)
    await page
      .getByRole('treegrid', { name: 'Spans' })
      .getByRole('row', { name: /nightly import/ })
      .waitFor()
    const rowsMs = await page.evaluate(() => (globalThis as unknown as { rowsAt: Promise<number> }).rowsAt)
    // Every span in a row of its own: as many as there can be.
    await page.getByRole('button', { name: 'Expand all' }).click()
    const grid = page.locator(`[role="treegrid"][aria-rowcount="${spans + 1}"]`)
    await grid.waitFor().catch(() => prove(false, `the waterfall has no row for each of ${spans} spans`))
    const scroll = await record(page, frames, 'scroll')
    const zoom = await record(page, frames, 'zoom')
    await page.evaluate(() => document.querySelector('[role="treegrid"]')?.scrollTo(0, 0))
    const find = await record(page, frames, 'find')
    const session = await context.newCDPSession(page)
    await session.send('HeapProfiler.enable')
    await session.send('HeapProfiler.collectGarbage')
    const { usedSize } = await session.send('Runtime.getHeapUsage')
    return { rowsMs, frames: { scroll, zoom, find }, heapBytes: usedSize }
  } finally {
    await context.close()
  }
}

/** Runs in the page, before its scripts. */
function watchRows(): void {
  const page = globalThis as unknown as { rowsAt: Promise<number> }
  page.rowsAt = new Promise((resolve) => {
    new MutationObserver((_, observer) => {
      if (document.querySelector('[role="treegrid"] [role="row"] [role="gridcell"]') === null) return
      observer.disconnect()
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now())))
    }).observe(document, { childList: true, subtree: true })
  })
}

/** Milliseconds between the frames of so many, each of which asks for something new to be drawn. */
function record(page: Page, frames: number, what: 'scroll' | 'zoom' | 'find'): Promise<number[]> {
  return page.evaluate(
    async ([count, kind]) => {
      const grid = document.querySelector<HTMLElement>('[role="treegrid"]')!
      const key = (name: string) =>
        document.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true }))
      const field = document.querySelector<HTMLInputElement>('input[aria-label="Find in the trace"]')
      const type = (text: string) => {
        if (field === null) return
        const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')!.set!
        set.call(field, text)
        field.dispatchEvent(new Event('input', { bubbles: true }))
      }
      const word = 'select orders'
      const step = (frame: number) => {
        // Two and a half screens a second at first, and then as fast as a wheel goes.
        if (kind === 'scroll') grid.scrollTop += frame < count / 2 ? 36 : 360
        else if (kind === 'zoom' && frame % 4 === 0) key(frame % 8 === 0 ? 'z' : '0')
        else if (kind === 'find' && frame % 8 === 0) type(word.slice(0, (frame / 8) % (word.length + 1)))
      }
      const next = () => new Promise<number>((resolve) => requestAnimationFrame(resolve))
      const times: number[] = []
      let before = await next()
      for (let frame = 0; frame < count; frame++) {
        step(frame)
        const now = await next()
        times.push(now - before)
        before = now
      }
      return times
    },
    [frames, what] as const,
  )
}

interface FrameRow {
  readonly what: string
  readonly millis: Float64Array
}

const columns: readonly Column<FrameRow>[] = [
  { title: 'frames of', align: 'left', cell: ({ what }) => what },
  { title: 'frames', cell: ({ millis }) => grouped(millis.length) },
  { title: 'p50 ms', cell: ({ millis }) => significant(percentile(millis, 0.5)) },
  { title: 'p95 ms', cell: ({ millis }) => significant(percentile(millis, 0.95)) },
  { title: 'p99 ms', cell: ({ millis }) => significant(percentile(millis, 0.99)) },
  { title: 'later than 25 ms', cell: ({ millis }) => `${millis.filter((ms) => ms > 25).length}` },
]

function print(spans: number, answer: Answer, rounds: readonly Round[]): void {
  const rows = (['scroll', 'zoom', 'find'] as const).map((what) => ({
    what,
    millis: Float64Array.from(rounds.flatMap(({ frames }) => frames[what])).sort(),
  }))
  const loads = Float64Array.from(rounds, ({ rowsMs }) => rowsMs).sort()
  const heap = Math.max(...rounds.map(({ heapBytes }) => heapBytes))
  console.log(
    `\nA trace of ${grouped(spans)} spans in Chromium, load ${loadavg()[0]!.toFixed(1)}\n\n` +
      `  address to rows  p50 ${significant(percentile(loads, 0.5))} ms, p95 ${significant(percentile(loads, 0.95))} ms, of ${loads.length} (budget 1,000)\n` +
      `  of which Lens    ${significant(answer.millis)} ms for ${significant(answer.bytes / 2 ** 20)} MiB of waterfall\n` +
      `  heap of the page ${significant(heap / 2 ** 20)} MiB at most, after everything (budget 300)\n\n${formatTable(columns, rows)}`,
  )
}
