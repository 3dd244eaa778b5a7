/** Home, tenants, a tenant and a user over a real Lens: their numbers are those of the traces that they lead to. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import type { CompareResponse, SearchResponse, TenantsResponse } from 'rustok-lens/contract'
import { formatRate, formatShare } from '../../src/model/amounts.ts'
import { conditionOf, inTrace } from '../../src/model/compared-value.ts'
import { declinedOrder, shopTrace } from '../shop-traces.ts'
import { RealLens } from '../support/real-lens.ts'
import { Random, TraceBuilder } from '../trace-builder.ts'

const HOSTILE = ['', '..', '<script>alert(1)</script>', 'a/b?c#d', 'w'.repeat(2000)]

describe('home and tenants over a real Lens', () => {
  let lens: RealLens
  let browser: Browser
  let context: BrowserContext
  let page: Page
  /** Console errors, page errors and dialogs: no test may leave any. */
  let complaints: string[]

  before(async () => {
    lens = await RealLens.start()
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu'],
    })
    context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  })
  after(async () => {
    await browser?.close()
    await lens?.[Symbol.asyncDispose]()
  })
  beforeEach(async () => {
    complaints = []
    page = await context.newPage()
    page.setDefaultTimeout(15_000)
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('dialog', (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`)
      void dialog.dismiss()
    })
  })
  afterEach(async () => {
    await page.close()
  })

  const open = (path: string) => page.goto(lens.urls.ui + path)
  const ask = async <Answer>(path: string) => (await (await fetch(lens.urls.ui + path)).json()) as Answer
  const table = (name: string) => page.getByRole('table', { name })
  const figure = (name: string) => page.getByRole('region', { name, exact: true })
  /** What the search page says it found. */
  const found = async () => {
    const text = await page.getByText(/^Showing/).textContent()
    return Number(/of ([\d,]+)/.exec(text ?? '')?.[1]?.replaceAll(',', ''))
  }

  it('shows an empty store how to send, by commands that work, and the trace as soon as it is there', async () => {
    await open('/')
    await page.getByRole('heading', { name: 'Waiting for the first trace' }).waitFor()
    await page
      .getByText(`OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:${new URL(lens.urls.otlpHttp).port}`)
      .waitFor()
    for (const [language, command] of [
      ['Python', 'opentelemetry-instrument'],
      ['Java', '-javaagent'],
      ['Go', 'otlptracehttp.New'],
      ['.NET', 'AddOtlpExporter'],
      ['Node.js', 'auto-instrumentations-node'],
    ] as const) {
      await page.getByRole('radio', { name: language }).check({ force: true })
      await page.getByText(command).first().waitFor()
    }
    const curl = (await page.getByText(/^curl .*v1\/traces/).textContent()) ?? ''
    await promisify(execFile)('sh', ['-c', `${curl} --silent --fail`])
    await table('Tenants').getByRole('link', { name: 'hello' }).waitFor()
    await page.getByText('Nothing to compare with').waitFor()
    assert.deepEqual(complaints, [])
  })

  it('counts as the search does, says what changed most, and leads to the traces and to why', async () => {
    await fill()
    await open('/')
    const total = await figure('Traces').getByRole('link').first().textContent()
    await figure('With errors').getByRole('link').first().click()
    await page.waitForURL(/\/search\?status=error$/)
    const failed = await found()
    await page.goBack()
    assert.match((await figure('With errors').textContent()) ?? '', new RegExp(`\\b${failed} traces`))
    assert.equal(Number(total), (await ask<SearchResponse>('/api/lens/search')).total)

    const changes = page.getByRole('region', { name: 'What changed most' }).getByRole('listitem')
    const worse = changes.filter({ hasText: /payments.*fails more often/ })
    await worse.getByRole('link', { name: 'Why do these fail?' }).click()
    await page.waitForURL(/\/why\?.*service=payments.*split=error/)
    await page.goBack()

    // A tenant's figures and the traces that they lead to.
    const tenants = await table('Tenants')
      .getByRole('row')
      .filter({ has: page.getByRole('link') })
      .all()
    assert.ok(tenants.length >= 5)
    for (const row of tenants) {
      const [requests, errors] = await Promise.all(
        [1, 2].map(async (at) => {
          const link = row.getByRole('link').nth(at)
          const { search } = new URL((await link.getAttribute('href')) ?? '', lens.urls.ui)
          const { total: found } = await ask<SearchResponse>(`/api/lens/search${search}`)
          return { text: (await link.textContent()) ?? '', found }
        }),
      )
      const name = await row.getByRole('rowheader').textContent()
      assert.equal(requests!.text, formatRate(requests!.found / 60), `requests of ${name}`)
      assert.equal(errors!.text, formatShare(errors!.found / requests!.found), `errors of ${name}`)
    }

    // A call that failed and its trace: here there is one of each.
    const payments = table('Services').getByRole('row', { name: /^payments/ })
    await payments.getByRole('link').nth(2).click()
    await page.waitForURL(/service=payments/)
    assert.equal(
      await found(),
      (
        await ask<SearchResponse>(
          '/api/lens/search?service=payments&query=kind%3Dserver%20and%20status%3Derror',
        )
      ).total,
    )
    assert.deepEqual(complaints, [])
  })

  it('says what failed traces have that others do not, each value by a search that finds as many', async () => {
    const { values, selected } = await ask<CompareResponse>('/api/lens/compare?split=error&limit=12')
    assert.ok(values.length > 10 && selected.total === selected.sampled)
    for (const value of values) {
      const query = inTrace(conditionOf(value)!)
      const search = new URLSearchParams({ status: 'error', query })
      assert.equal(
        (await ask<SearchResponse>(`/api/lens/search?${search}`)).total,
        value.selectedCount,
        query,
      )
    }

    await open('/why?tenant=nordlicht-books')
    const listed = page.getByRole('list', { name: 'Values that stand out' }).getByRole('listitem')
    const failure = listed.filter({ hasText: 'PaymentError' }).first()
    const [, count] = /On ([\d,]+) of/.exec((await failure.textContent()) ?? '') ?? []
    await failure.getByRole('link', { name: 'Show its traces' }).click()
    await page.waitForURL(/\/search\?/)
    assert.equal(await found(), Number(count))
    await page.goBack()
    await failure.getByRole('link', { name: 'Exclude' }).click()
    await page.waitForURL(/query=not/)
    await failure.waitFor({ state: 'detached' })
    await page.getByRole('radio', { name: 'Slow traces' }).check()
    await page.waitForURL(/split=duration&threshold=/)
    await page.getByRole('textbox', { name: 'From' }).fill('1.5s')
    await page.keyboard.press('Enter')
    await page.waitForURL(/threshold=1\.5s/)
    await page
      .getByText(/traces of 1\.5 s or longer against|No traces of 1\.5 s or longer/)
      .first()
      .waitFor()

    const slider = page.getByRole('slider', { name: 'Slow from' })
    assert.match((await slider.getAttribute('aria-valuetext')) ?? '', /^1\.5 s or longer: /)
    await slider.focus()
    await page.keyboard.press('ArrowLeft')
    await page.waitForURL((url) => url.searchParams.get('threshold') !== '1.5s')
    const led = new URL(page.url()).searchParams.get('threshold') ?? ''
    await page.keyboard.press('ArrowRight')
    await page.waitForURL((url) => url.searchParams.get('threshold') !== led)
    const { x, y, width, height } = (await slider.boundingBox())!
    await page.mouse.move(x + width / 2, y + height / 2)
    await page.mouse.down()
    await page.mouse.move(x, y + height / 2)
    await page.mouse.up()
    await page.getByRole('heading', { name: /^Nothing but traces of/ }).waitFor()
    await page.keyboard.press('End')
    await page.getByRole('heading', { name: /^No traces of/ }).waitFor()
    assert.deepEqual(complaints, [])
  })

  it('draws what the traces went through, and says of a chosen node who calls it', async () => {
    await open('/map?service=storefront')
    const nodes = page
      .getByRole('region', { name: 'Drawing of the map' })
      .getByRole('list', { name: 'Nodes' })
    await nodes.getByRole('button', { name: /^payments/ }).click()
    const panel = page.getByRole('complementary', { name: 'Chosen node' })
    await panel.getByRole('heading', { name: 'payments' }).waitFor()
    await panel.getByRole('button', { name: 'rustok-server' }).click()
    await panel.getByRole('heading', { name: 'rustok-server' }).waitFor()
    await page.keyboard.press('Escape')
    await panel.waitFor({ state: 'detached' })
    assert.equal(await nodes.getByRole('button', { name: /postgresql rustok/ }).count(), 1)
    await page.getByRole('button', { name: 'Remove service filter' }).click()
    await page.waitForURL(/\/map$/)
    assert.deepEqual(complaints, [])
  })

  it('says which service calls which, with the traces of it', async () => {
    await open('/map')
    const edge = table('Calls').getByRole('row', { name: /storefront calls rustok-server/ })
    await edge.getByRole('link', { name: /^storefront/ }).click()
    await page.waitForURL(/\/search\?/)
    const query = '{ service = storefront } and { service = rustok-server }'
    // With room for all: a search that stops early knows only of how many at least.
    const { total } = await ask<SearchResponse>(
      `/api/lens/search?${new URLSearchParams({ query, limit: '1000' })}`,
    )
    await page.getByText(new RegExp(`^Showing .* of ${total.toLocaleString('en')}\\b`)).waitFor()
    await page.goBack()
    await edge.getByTitle(/^95 %/).click()
    await page.waitForURL(/\/search\?order=longest&/)
    const slow = await found()
    assert.ok(slow >= 1 && slow < total, `${slow} of ${total} are slow`)
    assert.deepEqual(complaints, [])
  })

  it('puts a trace beside a typical one, and says what differs', async () => {
    const { traces } = await ask<SearchResponse>('/api/lens/search?status=error&order=longest&limit=1')
    await open(`/trace/${traces[0]?.traceId}`)
    await page.getByRole('link', { name: 'Compare', exact: true }).click()
    await page.getByRole('link', { name: /^A typical one/ }).click()
    await page.waitForURL(/\/diff\/[0-9a-f]{32}\/[0-9a-f]{32}$/)
    await page.getByText(/^B takes .* less than A\.$/).waitFor()
    const rows = table('Side by side').getByRole('row')
    await rows.filter({ hasText: 'fails no more' }).first().waitFor()
    const few = await rows.count()
    await page.getByRole('checkbox', { name: /rows that hardly differ/ }).check()
    assert.ok((await rows.count()) > few)
    await page.getByRole('link', { name: 'The other way round' }).click()
    await page.getByText(/^B takes .* longer than A\.$/).waitFor()
    await page.getByRole('link', { name: 'Compare with another' }).click()
    await page
      .getByRole('textbox', { name: /by its id/ })
      .fill(`00-${traces[0]?.traceId}-00f067aa0ba902b7-01`)
    await page.getByRole('button', { name: 'Compare' }).click()
    await page.waitForURL(/\/diff\//)
    assert.deepEqual(complaints, [])
  })

  it('takes the time range along from page to page, also over a trace', async () => {
    await open('/?lookback=6h')
    const nav = page.getByRole('navigation', { name: 'Main' })
    await page
      .getByRole('region', { name: 'Slowest traces' })
      .getByRole('listitem')
      .getByRole('link')
      .first()
      .click()
    await page.waitForURL(/\/trace\/[0-9a-f]{32}$/)
    await nav.getByRole('link', { name: 'Tenants' }).click()
    await page.waitForURL(/\/tenants\?lookback=6h$/)
    await page.getByRole('button', { name: 'Time range: Last 6 h' }).click()
    await page.getByRole('button', { name: 'Last 24 h' }).click()
    await page.waitForURL(/\/tenants\?lookback=24h$/)
    await nav.getByRole('link', { name: 'Home' }).click()
    await page.waitForURL(/\/\?lookback=24h$/)
    await open('/?tenant=casa-oliva&lookback=6h')
    await page.waitForURL(/\/search\?tenant=casa-oliva&lookback=6h$/)
    assert.deepEqual(complaints, [])
  })

  it('sorts, searches and leads from tenant to user to trace, by keys alone', async () => {
    await open('/tenants')
    await table('Tenants')
      .getByRole('row', { name: /nordlicht-books/ })
      .waitFor()
    const names = () => table('Tenants').getByRole('rowheader').allTextContents()
    await table('Tenants').getByRole('link', { name: 'p95', exact: true }).press('Enter')
    await page.waitForURL(/sort=p95$/)
    const sorted = await ask<TenantsResponse>('/api/lens/tenants?sort=p95')
    await page.locator('th[aria-sort=descending]', { hasText: 'p95' }).waitFor()
    await page.waitForFunction(
      (first) => document.querySelector('tbody th')?.textContent === first,
      sorted.tenants[0]!.tenant,
    )
    assert.deepEqual(
      (await names()).slice(0, 5),
      sorted.tenants.slice(0, 5).map(({ tenant }) => tenant),
    )

    await page.keyboard.press('/')
    await page.keyboard.type('NORD')
    await page.waitForURL(/contains=NORD/)
    await page.getByText(/^1 tenant by that name/).waitFor()
    await table('Tenants').getByRole('link', { name: 'nordlicht-books' }).press('Enter')
    await page.waitForURL(/\/tenants\/nordlicht-books$/)
    await page.getByText(/of all traces/).waitFor()
    const slowest = table('Slowest operations').getByRole('row').nth(1)
    await slowest.waitFor()
    await page.getByRole('radio', { name: 'Most errors' }).check({ force: true })
    await table('Users').getByRole('link', { name: 'ada.lindqvist' }).press('Enter')
    await page.waitForURL(/\/users\/ada\.lindqvist$/)
    const requests = page.getByRole('list', { name: 'Requests' }).getByRole('listitem')
    await requests.first().waitFor()
    const { total } = await ask<SearchResponse>('/api/lens/search?tenant=nordlicht-books&user=ada.lindqvist')
    await page.getByText(`Showing ${Math.min(50, total)} of ${total}, newest first`).waitFor()
    const times = await requests.locator('time').allTextContents()
    assert.deepEqual(times, times.toSorted().toReversed())
    await requests.first().getByRole('link').press('Enter')
    await page.waitForURL(/\/trace\/[0-9a-f]{32}$/)
    assert.deepEqual(complaints, [])
  })

  it('has a page for every name of a tenant', async () => {
    await open('/tenants')
    for (const tenant of HOSTILE) {
      await table('Tenants')
        .getByRole('rowheader')
        .getByRole('link', {
          name: tenant === '' ? 'no tenant' : tenant.slice(0, 200),
          exact: tenant.length < 200,
        })
        .click()
      await page.waitForURL(/\/tenants\/./)
      await figure('Traces').getByRole('link').first().waitFor()
      await page.reload()
      assert.equal(await figure('Traces').getByRole('link').first().textContent(), '1')
      const heading = page.getByRole('heading', { level: 1 })
      assert.equal(await heading.textContent(), tenant === '' ? 'No tenant' : shortened(tenant))
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0)
      await page.goBack()
    }
    assert.deepEqual(complaints, [])
  })

  it('says what to do where nothing is', async () => {
    await open('/tenants/nobody')
    await page.getByRole('heading', { name: 'No trace in the last 1 h' }).waitFor()
    await open('/tenants?contains=nobody')
    await page.getByRole('heading', { name: 'No tenant by that name' }).waitFor()
    await open('/?start=1000&end=2000')
    await page.getByRole('link', { name: 'Go to the newest traces' }).click()
    await table('Services').waitFor()
    assert.deepEqual(complaints, [])
  })

  /** An hour of traffic as usual, one with an incident, and tenants with odd names. */
  async function fill(): Promise<void> {
    const now = Date.now()
    const random = new Random(42)
    const traces = Array.from({ length: 240 }, (_, at) => shopTrace(random, now - 90_000 - at * 29_000))
    const incident = Array.from({ length: 40 }, (_, at) => declinedOrder(random, now - 800_000 + at * 3000))
    const odd = HOSTILE.map((tenant, at) => {
      const t = new TraceBuilder(new Random(at + 900), now - 200_000, tenant, 'u')
      t.within(undefined, { service: 'odd', name: 'GET /', kind: 'server' }, () => t.work(900))
      return t.build()
    })
    await lens.send([...traces, ...incident, ...odd])
  }
})

/** As `Text` does. */
function shortened(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}
