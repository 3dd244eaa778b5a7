/** The trace page over a real Lens: what is drawn, found and told comes from its store. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Browser, chromium, type Page } from 'playwright-core'
import { declinedOrder } from '../shop-traces.ts'
import { RealLens } from '../support/real-lens.ts'
import { type OpenSpan, Random, TraceBuilder } from '../trace-builder.ts'

describe('the trace page over a real Lens', () => {
  const now = Date.now()
  const order = declinedOrder(new Random(5), now - 60_000)
  let lens: RealLens
  let browser: Browser
  let page: Page
  const complaints: string[] = []

  before(async () => {
    lens = await RealLens.start()
    await lens.send([order, catalogue(now - 50_000), retried(now - 40_000), skewed(now - 30_000)])
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu'],
    })
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    page.setDefaultTimeout(15_000)
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
  })
  after(async () => {
    await browser?.close()
    await lens?.[Symbol.asyncDispose]()
  })

  const open = (traceId: string) => page.goto(`${lens.urls.ui}/trace/${traceId}`)
  const rows = () => page.getByRole('treegrid', { name: 'Spans' }).locator('[role=row][aria-level]')
  const details = () => page.getByRole('complementary', { name: 'Span details' })

  it('draws every span, steps through errors, and finds spans by name and by attribute', async () => {
    await open(order.traceId)
    await rows().first().waitFor()
    assert.equal(await rows().count(), order.spans.length)
    const failed = order.spans.filter((span) => span.status === 'error').length
    await page.keyboard.press('n')
    await page.getByText(`1 of ${failed}`).waitFor()
    await page.getByRole('button', { name: 'Next error' }).click()
    await page.getByText(`2 of ${failed}`).waitFor()
    await page.keyboard.press('/')
    const inserts = order.spans.filter((span) => span.name.startsWith('INSERT'))
    await page.keyboard.type('insert')
    await page.getByText(`${inserts.length} found`).waitFor()
    await page.keyboard.press('Enter')
    await details().getByRole('heading', { name: inserts[0]!.name }).waitFor()
    await page.getByRole('searchbox', { name: 'Find in the trace' }).fill('tenant_id=no-such')
    await page.getByText('None found').waitFor()
    assert.deepEqual(complaints, [])
  })

  it('shows a selected span whole, with the stack of its exception', async () => {
    const thrown = order.spans.find((span) => span.events.some(({ name }) => name === 'exception'))!
    await page.goto(`${lens.urls.ui}/trace/${order.traceId}?span=${thrown.spanId}`)
    await details().getByLabel('Span attributes').waitFor()
    await details().getByLabel('Resource attributes').getByText('host.name').waitFor()
    assert.ok((await details().locator('.code-block').count()) > 0)
    assert.deepEqual(complaints, [])
  })

  it('leads from a value to what its traces have that others of the operation do not', async () => {
    const value = details().getByLabel('Span attributes')
    await value.getByRole('link', { name: /^Filter by tenant_id / }).waitFor()
    await value.getByRole('link', { name: /^Exclude tenant_id / }).waitFor()
    await value.getByRole('link', { name: /^Compare tenant_id / }).click()
    await page.waitForURL(/\/why\?.*split=filter/)
    await page
      .getByText(/traces with tenant = /)
      .first()
      .waitFor()
    assert.deepEqual(complaints, [])
  })

  it('zooms by the keys of the minimap, and back', async () => {
    await open(order.traceId)
    const map = page.getByRole('slider', { name: 'Part of the trace that is shown' })
    await map.press('+')
    await page.waitForURL(/from=\d+/)
    assert.doesNotMatch((await map.getAttribute('aria-valuetext')) ?? '', /whole/)
    await map.press('-')
    await page.waitForURL((url) => url.searchParams.get('from') === null)
  })

  it('zooms by Ctrl and the wheel to what is under the pointer, moves along, and zooms out by a key', async () => {
    await open(order.traceId)
    const box = await page.getByRole('treegrid', { name: 'Spans' }).boundingBox()
    assert.ok(box !== null)
    const part = () => {
      const at = new URL(page.url()).searchParams
      return { from: Number(at.get('from') ?? Number.NaN), to: Number(at.get('to') ?? Number.NaN) }
    }
    await page.mouse.move(box.x + box.width - 100, box.y + 100)
    await page.keyboard.down('Control')
    for (let notch = 0; notch < 4; notch++) await page.mouse.wheel(0, -120)
    await page.keyboard.up('Control')
    await page.waitForURL(/from=\d+/)
    const zoomed = part()
    // Near the right end, so that more was left out before than after.
    assert.ok(zoomed.from > (zoomed.to - zoomed.from) / 2, JSON.stringify(zoomed))
    await page.mouse.wheel(-200, 0)
    await page.waitForURL((url) => Number(url.searchParams.get('from')) < zoomed.from)
    const moved = part()
    assert.ok(Math.abs(moved.to - moved.from - (zoomed.to - zoomed.from)) <= 2)
    for (let press = 0; press < 4; press++) await page.keyboard.press('-')
    await page.waitForURL((url) => url.searchParams.get('from') === null)
  })

  it('goes from the longest span by self time to the next, and back', async () => {
    await open(order.traceId)
    const longest = page.getByRole('complementary', { name: 'Overview' }).locator('.overview-spans li')
    const key = () => new URL(page.url()).searchParams.get('span')
    const shownBy = async (name: string) => {
      const before = key()
      await page.keyboard.press(name)
      await page.waitForURL((url) => url.searchParams.get('span') !== before)
      return key()
    }
    await longest.nth(1).waitFor()
    await longest.first().getByRole('button').click()
    await page.waitForURL(/span=/)
    const first = key()
    await page.keyboard.press('Escape')
    await page.waitForURL((url) => !url.searchParams.has('span'))
    assert.equal(await shownBy('s'), first)
    assert.notEqual(await shownBy('s'), first)
    assert.equal(await shownBy('S'), first)
  })

  it('goes along what the answer waited for, down the rows and around', async () => {
    await open(order.traceId)
    await rows().first().waitFor()
    const key = () => new URL(page.url()).searchParams.get('span')
    const steps: (string | null)[] = []
    const go = async (act: () => Promise<void>) => {
      const before = key()
      await act()
      await page.waitForURL((url) => url.searchParams.get('span') !== before)
      return key()
    }
    const press = (name: string) => go(() => page.keyboard.press(name))
    steps.push(await press('d'))
    while (steps.length < 100 && (steps.length < 2 || steps.at(-1) !== steps[0])) steps.push(await press('d'))
    const path = steps.slice(0, -1)
    // The order waited for its payment, which waited for the provider, twice.
    const names = path.map((id) => order.spans.find(({ spanId }) => spanId === id)!.name)
    assert.ok(path.length > 3, names.join(', '))
    assert.equal(new Set(path).size, path.length)
    assert.ok(names.includes('POST /v1/charges'), names.join(', '))
    const back = page.getByRole('button', { name: 'Previous span of the critical path' })
    assert.equal(await go(() => back.click()), path.at(-1))
    assert.equal(await press('D'), path.at(-2))
  })

  it('opens a file of traces from the palette, and says what is wrong with one that is none', async () => {
    const answer = await fetch(`${lens.urls.ui}/api/lens/traces/${order.traceId}/otlp`)
    const copy = 'ab'.repeat(16)
    const text = (await answer.text()).replaceAll(order.traceId, copy)
    const choose = async (name: string, content: string) => {
      await page.keyboard.press('Control+k')
      const field = page.getByRole('combobox', { name: 'Go to anything' })
      await field.fill('open a file')
      const [chooser] = await Promise.all([page.waitForEvent('filechooser'), field.press('Enter')])
      await chooser.setFiles({ name, mimeType: 'application/json', buffer: Buffer.from(content) })
    }
    await choose('good.json', text)
    await page.waitForURL(`**/trace/${copy}`)
    await rows().first().waitFor()
    assert.equal(await rows().count(), order.spans.length)
    await choose('lines.jsonl', `${text}\n${text.replaceAll(copy, 'cd'.repeat(16))}`)
    await page.getByText(`${order.spans.length * 2} spans of 2 traces`).waitFor()
    await page.keyboard.press('Escape')
    await choose('broken.json', '{"resourceSpans": [')
    await page.getByRole('alert').getByText('The JSON is broken').waitFor()
    await page.getByRole('button', { name: 'Close', exact: true }).click()
    assert.deepEqual(complaints, [])
  })

  it('goes anywhere by its name, and tells times in UTC and back', async () => {
    await page.keyboard.press('Control+k')
    const field = page.getByRole('combobox', { name: 'Go to anything' })
    const found = page.getByRole('listbox', { name: 'Found' }).getByRole('option')
    await field.fill('casa-oliva')
    await found.filter({ hasText: 'Tenant' }).first().waitFor()
    await field.press('Enter')
    await page.waitForURL(/\/tenants\/casa-oliva/)
    await page.keyboard.press('Control+k')
    await field.fill('utc')
    await found.filter({ hasText: 'Show times in UTC' }).waitFor()
    await field.press('Enter')
    await page.getByRole('button', { name: /^UTC times/ }).click()
    await page.getByRole('button', { name: /^Local times/ }).waitFor()
    assert.deepEqual(complaints, [])
  })

  it('folds the same call over and over into one row, and opens it', async () => {
    const { traceId } = catalogue(now - 50_000)
    await open(traceId)
    await rows().first().waitFor()
    assert.equal(await rows().count(), 2)
    await page.getByRole('row', { name: /Show all 42 SELECT products/ }).waitFor()
    await page.getByRole('button', { name: 'Show all 42' }).click()
    await page.locator('[role=treegrid][aria-rowcount="44"]').waitFor()
    assert.deepEqual(complaints, [])
  })

  it('sums up operations in a table, which leads to the spans of one, and back to all', async () => {
    const { traceId } = catalogue(now - 50_000)
    await open(traceId)
    await rows().first().waitFor()
    await page.keyboard.press('t')
    const table = page.getByRole('table', { name: /^Spans by operation/ })
    const [first, second] = ['SELECT products', 'GET /catalogue'].map((name) =>
      table.getByRole('row').filter({ has: page.getByRole('button', { name: new RegExp(`^${name}`) }) }),
    )
    assert.equal(await first!.getByRole('cell').first().textContent(), '42')
    await table.getByRole('button', { name: 'Longest' }).click()
    await page.waitForURL(/sort=/)
    assert.equal(
      await table.getByRole('row').nth(1).getByRole('rowheader').textContent(),
      'GET /catalogueshop',
    )
    assert.equal(await second!.getByRole('cell').first().textContent(), '1')
    await first!.getByRole('button', { name: /^SELECT products/ }).click()
    await page.getByText(/42 spans/).waitFor()
    await page.waitForURL(/like=/)
    await page.keyboard.press('x')
    await page.waitForURL((url) => url.searchParams.get('like') === null)
    assert.equal(await page.getByRole('treegrid', { name: 'Spans' }).count(), 1)
    assert.deepEqual(complaints, [])
  })

  it('draws a flame, in which keys go from call to call and zoom', async () => {
    await open(order.traceId)
    await rows().first().waitFor()
    await page.keyboard.press('f')
    await page.waitForURL(/view=flame/)
    const flame = page.getByRole('application', { name: 'Flame of the trace' })
    await flame.focus()
    const told = page.getByRole('region', { name: 'Flame' }).getByRole('status')
    await told.filter({ hasText: order.spans[0]!.name }).waitFor()
    await page.keyboard.press('ArrowDown')
    await told.filter({ hasText: 'level 2' }).waitFor()
    await page.keyboard.press('Enter')
    await page.waitForURL(/from=\d+.*span=|span=.*from=\d+/)
    await page.keyboard.press('w')
    await rows().first().waitFor()
    assert.deepEqual(complaints, [])
  })

  it('opens with the request where work goes on for long after it, and shows all of it by a key', async () => {
    const { traceId } = retried(now - 40_000)
    await open(traceId)
    const part = page.getByRole('slider', { name: 'Part of the trace that is shown' })
    await page.getByRole('button', { name: /^Until the answer: / }).waitFor()
    assert.match((await part.getAttribute('aria-valuetext')) ?? '', /^Until the answer/)
    await page.keyboard.press('0')
    await page.waitForURL(/from=0/)
    assert.match((await part.getAttribute('aria-valuetext')) ?? '', /^The whole trace/)
    // A span that ran later is brought into sight.
    await open(traceId)
    await page.getByRole('button', { name: /^Until the answer: / }).waitFor()
    await page.keyboard.press('e')
    await page.waitForURL(/from=0/)
    assert.deepEqual(complaints, [])
  })

  it('says that clocks differ, and draws them aligned and as reported', async () => {
    const { traceId } = skewed(now - 30_000)
    await open(traceId)
    const warnings = page.getByRole('region', { name: 'Warnings' })
    await warnings.getByText(/mailer is about .* behind shop/).waitFor()
    await warnings.getByRole('button', { name: 'Align clocks' }).click()
    await page.waitForURL(/clocks=aligned/)
    await warnings.getByText(/where the calls fit/).waitFor()
    await page.keyboard.press('a')
    await page.waitForURL((url) => url.searchParams.get('clocks') === null)
    await warnings.getByText(/drawn as reported/).waitFor()
    assert.deepEqual(complaints, [])
  })
})

function catalogue(startMillis: number) {
  const t = new TraceBuilder(new Random(77), startMillis, 'casa-oliva', 'ben')
  t.within(undefined, { service: 'shop', name: 'GET /catalogue', kind: 'server' }, (root) => {
    for (let at = 0; at < 42; at++)
      t.within(root, { service: 'shop', name: 'SELECT products', kind: 'client' }, () => t.work(900))
  })
  return t.build()
}

/** An answer after some milliseconds, and a handler that fails two seconds later. */
function retried(startMillis: number) {
  const t = new TraceBuilder(new Random(78), startMillis, 'casa-oliva', 'ben')
  let placed: OpenSpan | undefined
  t.within(undefined, { service: 'shop', name: 'POST /orders', kind: 'server' }, (root) => {
    t.work(4_000)
    placed = t.within(root, { service: 'shop', name: 'create order.placed', kind: 'producer' })
    t.work(2_000)
  })
  t.work(2_000_000)
  t.within(placed, { service: 'shop', name: 'process order.placed', kind: 'consumer' }, (handler) => {
    t.work(3_000)
    t.fail(handler, 'no answer')
  })
  return t.build()
}

/** A service is called whose clock is behind by 20 ms. */
function skewed(startMillis: number) {
  const t = new TraceBuilder(new Random(79), startMillis, 'casa-oliva', 'ben')
  t.within(undefined, { service: 'shop', name: 'POST mailer', kind: 'client' }, (client) => {
    t.work(1_000)
    const { span } = t.within(client, { service: 'mailer', name: 'POST /mails', kind: 'server' }, () =>
      t.work(3_000),
    )
    span.startUnixNano = String(BigInt(span.startUnixNano) - 20_000_000n)
    t.work(1_000)
  })
  return t.build()
}
