import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { build } from 'vite'
import { fixtureServer } from './fixture-server.ts'
import { FixtureStore } from './fixture-store.ts'
import { BROKEN_ID, HOSTILE_ID, HUGE_ID } from './odd-traces.ts'
import { declinedOrder } from './shop-traces.ts'
import { Random } from './trace-builder.ts'

/** Enough that most rows are outside the window, few enough to generate in a moment. */
const HUGE = 20_000

describe('the UI in a browser', () => {
  const root = join(import.meta.dirname, '..')
  let dist: string
  let store: FixtureStore
  let intercept: ((path: string) => { status: number; body: unknown } | undefined) | undefined
  let server: ReturnType<typeof fixtureServer>
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let origin: string
  /** Console errors, page errors, requests elsewhere and dialogs: no test may leave any. */
  let complaints: string[]

  before(async () => {
    dist = await mkdtemp(join(tmpdir(), 'lens-ui-'))
    await build({ root, logLevel: 'warn', build: { outDir: dist, emptyOutDir: true } })
    store = FixtureStore.filled(Date.now(), 300, HUGE)
    server = fixtureServer({ dist, store: () => store, intercept: (path) => intercept?.(path) })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
      ],
    })
    context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  })

  after(async () => {
    await context?.close()
    await browser?.close()
    server?.closeAllConnections()
    server?.close()
    await rm(dist, { recursive: true, force: true })
  })

  beforeEach(async () => {
    intercept = undefined
    complaints = []
    page = await context.newPage()
    page.setDefaultTimeout(10_000)
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('dialog', (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`)
      void dialog.dismiss()
    })
    page.on('request', (request) => {
      if (!request.url().startsWith(origin)) complaints.push(`request to ${request.url()}`)
    })
  })

  afterEach(async () => {
    await page.close()
  })

  const open = (path: string) => page.goto(origin + path)
  const spans = () => page.getByRole('treegrid', { name: 'Spans' })
  const spanRow = (name: RegExp) => spans().getByRole('row', { name }).first()
  const results = () => page.getByRole('list', { name: 'Traces' }).getByRole('listitem')
  const rowCount = async () => Number(await spans().getAttribute('aria-rowcount')) - 1
  const param = (name: string) => new URL(page.url()).searchParams.get(name)

  it('loads at most 300 kB of compressed script', async () => {
    const assets = (await readdir(join(dist, 'assets'))).filter((name) => name.endsWith('.js'))
    const scripts = await Promise.all(assets.map((name) => readFile(join(dist, 'assets', name))))
    const bytes = scripts.reduce((sum, script) => sum + gzipSync(script).length, 0)
    assert.ok(bytes > 0 && bytes <= 300_000, `${bytes} bytes`)
  })

  it('searches by tenant from the keyboard, and the address is the search', async () => {
    await open('/search')
    const tenant = page.getByRole('combobox', { name: 'Tenant' })
    await tenant.click()
    await page.getByRole('option', { name: /casa-oliva/ }).waitFor()
    await tenant.pressSequentially('cas')
    await tenant.press('Enter')
    await page.waitForURL(/tenant=casa-oliva/)
    await page.getByText(/^Showing/).waitFor()
    const expected = store.search({ tenant: 'casa-oliva' }, Date.now()).total
    await page.getByText(`Showing ${Math.min(50, expected)} of ${expected}`).waitFor()
    for (const item of await results().all()) {
      await item.getByRole('button', { name: 'Only tenant casa-oliva' }).waitFor()
    }
    await page.getByRole('button', { name: 'Remove tenant filter' }).click()
    await page.waitForURL((url) => url.search === '')
    assert.equal(await tenant.inputValue(), '')
    assert.deepEqual(complaints, [])
  })

  it('shows the search of an address, and goes back to the one before', async () => {
    await open('/search?status=error&minDuration=1s&tenant=nordlicht-books&lookback=7d')
    await page.getByText(/^Showing/).waitFor()
    assert.equal(await page.getByRole('radio', { name: 'Errors' }).isChecked(), true)
    assert.equal(await page.getByRole('textbox', { name: 'Shortest duration' }).inputValue(), '1s')
    await page.getByRole('button', { name: 'Time range: Last 7 d' }).waitFor()
    const query = page.getByRole('combobox', { name: 'Query' })
    await query.fill('cardworks')
    await query.press('Enter')
    await page.waitForURL(/query=cardworks/)
    await page.getByRole('button', { name: 'Clear all' }).click()
    await page.waitForURL((url) => url.search === '?lookback=7d')
    assert.equal(await query.inputValue(), '')
    await page.goBack()
    await page.waitForURL(/query=cardworks/)
    assert.equal(await query.inputValue(), 'cardworks')
    assert.deepEqual(complaints, [])
  })

  it('shows more traces, and says how many there are', async () => {
    await open('/search?lookback=7d')
    await page.getByText('Showing 50 of 303 traces').waitFor()
    // Not clicked: to come into view is enough for the next page.
    await page.getByRole('button', { name: 'Show 50 more' }).dispatchEvent('click')
    await page.getByText('Showing 100 of 303 traces').waitFor()
    assert.equal(await results().count(), 100)
    await results().last().scrollIntoViewIfNeeded()
    await page.getByText('Showing 150 of 303 traces').waitFor()
  })

  it('tells a search without a match from one that failed, and from one that could not run', async () => {
    await open('/search?tenant=nobody')
    await page.getByRole('heading', { name: 'No trace matches' }).waitFor()
    await page.getByText(/traces are stored for the last 1 h/).waitFor()

    const problem = {
      type: 'about:blank',
      title: 'Store unavailable',
      status: 503,
      detail: 'The store restarts.',
    }
    intercept = (path) => (path === '/api/lens/search' ? { status: 503, body: problem } : undefined)
    await open('/search?tenant=somebody')
    await page.getByRole('heading', { name: 'Store unavailable' }).waitFor()
    await page.getByText('The store restarts.').waitFor()
    intercept = undefined
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('heading', { name: 'No trace matches' }).waitFor()

    await open('/search?minDuration=fast')
    await page.getByRole('heading', { name: 'The search has not run' }).waitFor()
  })

  it('waits on an empty store, and shows the first trace when it comes', async () => {
    const filled = store
    store = new FixtureStore()
    try {
      await open('/search')
      await page.getByRole('heading', { name: 'Waiting for the first trace' }).waitFor()
      await page.getByText(/v1\/traces/).waitFor()
      store.add(declinedOrder(new Random(3), Date.now() - 1000))
      await results().getByRole('link', { name: 'POST /checkout' }).waitFor()
    } finally {
      store = filled
    }
  })

  it('opens a trace from the list and reads it with the keyboard', async () => {
    await open('/search?tenant=nordlicht-books&status=error&lookback=7d&operation=Mutation.createOrder')
    await results().getByRole('link', { name: 'POST /checkout' }).first().waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/trace\/[0-9a-f]{32}$/)
    await spanRow(/POST \/checkout/).waitFor()
    assert.equal(await spanRow(/POST \/checkout/).getAttribute('aria-level'), '1')
    assert.equal(await spanRow(/graphql\.parse/).getAttribute('aria-level'), '4')

    const all = await rowCount()
    await page.keyboard.press('ArrowLeft')
    assert.equal(await rowCount(), 1)
    assert.equal(await spanRow(/POST \/checkout/).getAttribute('aria-expanded'), 'false')
    await page.keyboard.press('e')
    assert.equal(await rowCount(), all)
    const details = page.getByRole('complementary', { name: 'Span details' })
    await details.getByRole('heading', { name: 'mutation CreateOrder' }).waitFor()
    assert.match(param('span') ?? '', /^[0-9a-f]{16}$/)

    await spanRow(/INSERT orders/).click()
    await details.getByText('insert into').waitFor()
    await details.getByRole('searchbox', { name: 'Filter attributes' }).fill('user_id')
    assert.equal(await details.getByRole('term').filter({ hasText: 'db.query.text' }).count(), 0)
    await details.getByRole('link', { name: /^Filter by user_id / }).click()
    await page.waitForURL(/\/search\?.*user=/)
    await page.goBack()
    await details.getByRole('heading', { name: 'INSERT orders' }).waitFor()
    assert.deepEqual(complaints, [])
  })

  it('draws bars where the spans are', async () => {
    const [trace] = store.search(
      { tenant: 'nordlicht-books', operation: 'Mutation.createOrder', lookback: '7d' },
      Date.now(),
    ).traces
    await open(`/trace/${trace!.traceId}`)
    await spanRow(/POST \/checkout/).waitFor()
    // Of the timeline's pixels in the middle of a row, the share that is not the page's ground.
    const inked = (row: number) =>
      page.evaluate((at) => {
        const canvas = document.querySelector<HTMLCanvasElement>('.waterfall-canvas')!
        const names = document.querySelector<HTMLElement>('.span-name')!.offsetWidth
        const y = (at + 0.5) * 26 * devicePixelRatio
        const x = (names + 14) * devicePixelRatio
        const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d')!
        copy.drawImage(canvas, 0, 0)
        const { data } = copy.getImageData(x, y, canvas.width - x - 14, 1)
        let drawn = 0
        for (let pixel = 3; pixel < data.length; pixel += 4) if (data[pixel]! > 0) drawn++
        return drawn / (data.length / 4)
      }, row)
    assert.ok((await inked(0)) > 0.5, 'the root spans most of the trace')
    assert.ok((await inked(1)) < 0.2, 'verifying the token took a moment of it')
  })

  it('shows every span of a broken trace, and says what is wrong with it', async () => {
    await open(`/trace/${BROKEN_ID}`)
    await spanRow(/GET \/broken/).waitFor()
    const expected = store.trace(BROKEN_ID)!.spans.map(({ name }) => name)
    for (const name of expected) {
      const rows = spans()
        .getByRole('row')
        .filter({ has: page.getByText(name, { exact: true }) })
      assert.equal(await rows.count(), 1, name)
    }
    const warnings = page.getByRole('region', { name: 'Warnings' })
    await warnings.getByRole('button', { name: /more/ }).click()
    const text = (await warnings.textContent()) ?? ''
    for (const words of [
      'parent that is not stored',
      'own descendant',
      'usable time',
      'clocks',
      'lost attributes',
      '2 tenants',
    ]) {
      assert.ok(text.includes(words), words)
    }
    await spanRow(/its own parent/).click()
    await page.getByRole('heading', { name: 'its own parent' }).waitFor()
    assert.deepEqual(complaints, [])
  })

  it('shows hostile text as text', async () => {
    await open(`/trace/${HOSTILE_ID}`)
    await spanRow(/GET \//).waitFor()
    await page.keyboard.press('e')
    const details = page.getByRole('complementary', { name: 'Span details' })
    await details.getByText('<script>alert(4)</script>').waitFor()
    assert.equal(await page.locator('img, b[onmouseover], #root script, #root style').count(), 0)
    const links = await details
      .getByRole('link')
      .evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href))
    for (const href of links) assert.match(href, new RegExp(`^(${origin}/|https://example\\.com/)`))
    assert.ok(links.some((href) => href.startsWith('https://example.com/')))
    assert.match((await spans().textContent()) ?? '', /U\+202E/)
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    assert.equal(overflow, 0)
    await open('/search?lookback=7d&text=alert')
    await results().first().waitFor()
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0)
    assert.deepEqual(complaints, [])
  })

  it(`keeps a window of a trace of ${HUGE.toLocaleString('en')} spans in the document, and reaches its end`, async () => {
    await open(`/trace/${HUGE_ID}`)
    await spanRow(/nightly import/).waitFor()
    // Rows that repeat stand for all of their kind until they are opened.
    await spanRow(/index document/)
      .getByRole('button', { name: 'Show all 67' })
      .waitFor()
    assert.ok((await rowCount()) < HUGE / 50)
    await page.getByRole('button', { name: 'Expand all' }).click()
    await page.waitForFunction(
      (rows) => Number(document.querySelector('[role="treegrid"]')?.getAttribute('aria-rowcount')) === rows,
      HUGE + 1,
    )
    assert.ok((await spans().getByRole('row').count()) < 130)
    await page.keyboard.press('End')
    const last = store.trace(HUGE_ID)!.spans.length
    const active = spans().locator('[data-cursor="true"]')
    await active.waitFor()
    assert.equal(await active.getAttribute('aria-rowindex'), String(last + 1))
    assert.ok((await spans().getByRole('row').count()) < 130)
    assert.equal(await spans().getAttribute('aria-activedescendant'), await active.getAttribute('id'))
  })

  it('says what to do at an address that leads nowhere', async () => {
    await open('/nowhere')
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor()
    await open('/trace/not-an-id')
    await page.getByRole('heading', { name: 'This is not a trace id' }).waitFor()
    await open(`/trace/${'1'.repeat(32)}`)
    await page.getByRole('heading', { name: 'This trace is not stored' }).waitFor()
    await page.getByRole('link', { name: 'All traces', exact: true }).click()
    await page.getByText(/^Showing/).waitFor()
  })

  it('keeps the theme over a reload, before anything is drawn', async () => {
    await open('/')
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
    const light = await ground()
    await page.getByRole('radio', { name: 'Dark theme' }).check({ force: true })
    const dark = await ground()
    assert.notEqual(light, dark)
    await page.reload({ waitUntil: 'commit' })
    await page.waitForFunction(() => document.documentElement.dataset.theme === 'dark')
    assert.equal(await ground(), dark)
    await page.getByRole('radio', { name: "The system's theme" }).check({ force: true })
    assert.equal(await ground(), light)
  })
})
