/**
 * What it takes Chromium to show the first screen of a Lens that has traffic, with nothing cached, and a search once it is answered; and the
 * script that the first screen loads. Called by the suite lens-ui.
 */
import { loadavg } from 'node:os'
import { gzipSync } from 'node:zlib'
import type { Browser } from 'playwright-core'
import { TraceGenerator } from '../lens/generator/trace-generator.ts'
import type { LensProcess } from '../lens/lens-process.ts'
import { grouped, significant } from '../report/format.ts'
import { percentile } from '../report/statistics.ts'
import { prove } from '../suite.ts'

export interface FirstScreens {
  /** From the navigation's start to the frame after home's figures and tables were in the document. */
  readonly homeMs: number
  /** Compressed, as it goes to other machines. */
  readonly scriptBytes: number
  /** From the last byte of the answer to the frame after its traces were in the document. */
  readonly searchMs: number
  /** From Enter to that frame. */
  readonly searchWholeMs: number
}

/** The usual traffic of many tenants in the last half hour. */
export async function storeTraffic({ urls }: LensProcess, spans: number): Promise<void> {
  const to = BigInt(Date.now() - 10_000) * 1_000_000n
  const generator = new TraceGenerator({ seed: 5, spans, from: to - 1_800_000_000_000n, to })
  const send = async (bytes: Uint8Array) => {
    const response = await fetch(`${urls.otlpHttp}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
      body: bytes as BodyInit,
    })
    prove(response.status === 200, `Lens answered ${response.status} to spans`)
  }
  // Side by side: each is answered when it is stored, and what waits is stored together.
  await Promise.all(Array.from(generator.requests(), ({ bytes }) => send(bytes)))
}

export async function visitFirstScreens(browser: Browser, lens: LensProcess): Promise<FirstScreens> {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
  })
  try {
    const page = await context.newPage()
    await page.goto(lens.urls.ui, { waitUntil: 'commit' })
    const homeMs = await page.evaluate(whenDrawn, {
      all: [
        '.figure-value a',
        'section[aria-label="Services"] tbody tr',
        'section[aria-label="Tenants"] tbody tr',
      ],
      answer: '',
    })
    const scripts = await page.evaluate(() =>
      performance
        .getEntriesByType('resource')
        .map(({ name }) => name)
        .filter((name) => name.endsWith('.js')),
    )
    // Compressed here as Lens does for other machines: to its own it sends files as they are.
    const packed = await Promise.all(
      scripts.map(async (url) => gzipSync(await (await fetch(url)).bytes()).length),
    )
    const scriptBytes = packed.reduce((sum, bytes) => sum + bytes, 0)
    await page.goto(`${lens.urls.ui}/search`)
    await page.locator('.results[aria-busy=false]').waitFor()
    await page.waitForLoadState('networkidle')
    await page.getByRole('combobox', { name: 'Query' }).fill('duration > 1ms')
    const began = await page.evaluate(() => performance.now())
    const drawn = page.evaluate(whenDrawn, {
      all: ['.results[aria-busy=false] .trace-link'],
      answer: '/api/lens/search?query=duration',
    })
    await page.keyboard.press('Enter')
    const shown = await drawn
    const answered = await page.evaluate(
      () =>
        performance
          .getEntriesByType('resource')
          .map((entry) => entry as PerformanceResourceTiming)
          .find(({ name }) => name.includes('/api/lens/search?query=duration'))?.responseEnd,
    )
    prove(answered !== undefined && answered <= shown, 'the search was shown before it was answered')
    prove((await page.locator('.trace-link').count()) >= 50, 'the search shows no whole page of traces')
    return { homeMs, scriptBytes, searchMs: shown - (answered ?? 0), searchWholeMs: shown - began }
  } finally {
    await context.close()
  }
}

export function printFirstScreens(spans: number, rounds: readonly FirstScreens[]): void {
  const figures = (of: (round: FirstScreens) => number) => {
    const sorted = Float64Array.from(rounds, of).sort()
    return `p50 ${significant(percentile(sorted, 0.5))} ms, p95 ${significant(percentile(sorted, 0.95))} ms, of ${sorted.length}`
  }
  const bytes = Math.max(...rounds.map(({ scriptBytes }) => scriptBytes))
  console.log(
    `\nThe first screen and a search in Chromium, over ${grouped(spans)} spans, load ${loadavg()[0]!.toFixed(1)}\n\n` +
      `  home, nothing cached        ${figures(({ homeMs }) => homeMs)} (budget 1,000)\n` +
      `  its script, compressed      ${significant(bytes / 1000)} kB (budget 300)\n` +
      `  traces after their answer   ${figures(({ searchMs }) => searchMs)} (budget 200)\n` +
      `  traces after Enter          ${figures(({ searchWholeMs }) => searchWholeMs)}`,
  )
}

/** Runs in the page: the time of the frame after all of these were there, and this was answered. */
function whenDrawn({ all, answer }: { readonly all: readonly string[]; readonly answer: string }) {
  return new Promise<number>((resolve) => {
    const isThere = () =>
      performance.getEntriesByType('resource').some(({ name }) => name.includes(answer)) &&
      all.every((selector) => document.querySelector(selector) !== null)
    const tell = () => requestAnimationFrame(() => setTimeout(() => resolve(performance.now())))
    if (isThere()) return tell()
    const observer = new MutationObserver(() => {
      if (!isThere()) return
      observer.disconnect()
      tell()
    })
    observer.observe(document, { childList: true, subtree: true, attributes: true })
  })
}
