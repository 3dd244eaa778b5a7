/** The search page over a real Lens: what it completes, finds, counts, brushes and follows comes from its store. */
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import type { SearchResponse } from 'rustok-lens/contract'
import { completionsAt, contextAt, fixedValues, QUERY_FIELDS } from '../../src/model/query-completion.ts'
import { searchScope } from '../../src/model/search-scope.ts'
import { declinedOrder, shopTrace } from '../shop-traces.ts'
import { RealLens } from '../support/real-lens.ts'
import { Random, TraceBuilder } from '../trace-builder.ts'

describe('the search page over a real Lens', () => {
  const now = Date.now()
  let lens: RealLens
  let browser: Browser
  let context: BrowserContext
  let page: Page
  /** Console errors and page errors: no test may leave any. */
  let complaints: string[]

  before(async () => {
    const random = new Random(11)
    const traces = Array.from({ length: 118 }, (_, at) => shopTrace(random, now - 120_000 - at * 25_000))
    const incident = Array.from({ length: 12 }, (_, at) => declinedOrder(random, now - 900_000 + at * 2000))
    lens = await RealLens.start()
    await lens.send([...traces, ...incident])
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
    page.setDefaultTimeout(30_000)
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
  })
  afterEach(async () => {
    await page.close()
  })

  const open = (path: string) => page.goto(lens.urls.ui + path)
  const query = () => page.getByRole('combobox', { name: 'Query' })
  const results = () => page.getByRole('list', { name: 'Traces' }).getByRole('listitem')
  const offered = (name: RegExp) =>
    page.getByRole('listbox', { name: 'Completions' }).getByRole('option', { name })
  const params = () => new URL(page.url()).searchParams
  const ask = async (search: Readonly<Record<string, string>>) => {
    const response = await fetch(`${lens.urls.ui}/api/lens/search?${new URLSearchParams(search)}`)
    return (await response.json()) as SearchResponse
  }
  const shows = (total: number) =>
    page.getByText(`Showing ${Math.min(50, total)} of ${total} trace`).waitFor()

  it('completes a query from the keyboard alone, with what is stored, and finds what the API finds', async () => {
    await open('/search')
    await results().first().waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('serv')
    await page.keyboard.press('Tab')
    await offered(/^=~/).waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await offered(/^rustok-server/).waitFor()
    await page.keyboard.type('rustok-s')
    await page.keyboard.press('Tab')
    await page.keyboard.type('and db.oper')
    await offered(/^db\.operation\.name/).waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.type('= ')
    await offered(/^[A-Z]/)
      .first()
      .waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    assert.match(await query().inputValue(), /^service = rustok-server and db\.operation\.name = [A-Z]+ $/)
    await page.keyboard.press('Enter')
    await page.waitForURL(/query=service/)
    const { total } = await ask({ query: params().get('query')! })
    assert.ok(total > 0)
    await shows(total)
    await query().fill('')
    await query().press('Enter')
    await page.waitForURL((url) => url.search === '')
    await page.keyboard.press('ArrowDown')
    await offered(/^service = rustok-server and db\.operation\.name/).waitFor()
    assert.deepEqual(complaints, [])
  })

  it('underlines what the server could not read, and says it in its words', async () => {
    await open('/search?query=name+%3D+x+and+duraton+%3E+1s')
    await page.getByRole('heading', { name: 'The query cannot be read' }).waitFor()
    await page
      .getByText(/did you mean duration/)
      .first()
      .waitFor()
    assert.equal(await page.locator('.query-field mark').textContent(), 'duraton')
    assert.equal(await query().getAttribute('aria-invalid'), 'true')
    await query().fill('duration > 1s')
    await query().press('Enter')
    await shows((await ask({ query: 'duration > 1s' })).total)
  })

  it('turns a rectangle of the heatmap into the search, exactly, and asks why', async () => {
    await open('/search?order=longest')
    const map = page.getByRole('application', { name: 'Heatmap of latency over time' })
    const box = (await map.boundingBox())!
    await page.mouse.move(box.x + box.width * 0.65, box.y + 4)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.85, box.y + 50, { steps: 3 })
    const told = (await map.locator('output').textContent())!
    await page.mouse.up()
    await page.waitForURL(/start=\d+&end=\d+/)
    const [, count] = /: ([\d,]+) traces?/.exec(told)!
    assert.ok(Number(count) > 0, told)
    await shows(Number(count))
    assert.equal(params().get('order'), 'longest')
    const why = new URL(
      (await page.getByRole('link', { name: 'Why are these different?' }).getAttribute('href'))!,
      lens.urls.ui,
    )
    assert.equal(why.pathname, '/why')
    assert.equal(why.searchParams.get('selectStart'), params().get('start'))
    assert.equal(why.searchParams.get('selectMinDuration'), params().get('minDuration'))
    assert.equal(why.searchParams.get('minDuration'), null)
    assert.ok(Number(why.searchParams.get('start')) < Number(params().get('start')))

    const failed = (await ask({ status: 'error' })).total
    await page.getByRole('button', { name: 'Show all again' }).click()
    const fails = page.getByRole('link', { name: new RegExp(`^Why do ${failed} of `) })
    assert.match((await fails.getAttribute('href'))!, /^\/why\?.*split=error/)
    await page.waitForURL((url) => !url.searchParams.has('minDuration'))
    await results().first().waitFor()
    await page.locator('.results[aria-busy=false]').waitFor()
    await page.locator('.heatmap[data-stale=false]').waitFor()
    await page.keyboard.press('h')
    await page.keyboard.press('Shift+ArrowLeft')
    await page.keyboard.press('Shift+ArrowUp')
    const selected = /: ([\d,]+) traces?/.exec((await map.locator('output').textContent())!)![1]
    await page.keyboard.press('Enter')
    await page.waitForURL(/minDuration=/)
    await shows(Number(selected))
    assert.deepEqual(complaints, [])
  })

  it('narrows by values with counts, and says and switches what one span has to meet', async () => {
    await open('/search')
    const facet = page.getByRole('complementary', { name: 'Filters' })
    const value = facet
      .getByRole('list', { name: 'Service, by count' })
      .getByRole('button', { name: /^payments/ })
    const count = Number(/\d+$/.exec((await value.textContent())!)![0])
    await value.click()
    await page.waitForURL(/service=payments/)
    await shows(count)
    assert.equal(await value.getAttribute('aria-pressed'), 'true')
    await facet.getByRole('button', { name: 'Exclude rustok-worker' }).click()
    await page.waitForURL(/query=not/)
    assert.equal(await query().inputValue(), 'not { service = rustok-worker }')
    await shows((await ask({ service: 'payments', query: 'not { service = rustok-worker }' })).total)
    await query().fill('service.name = storefront or name ~ INSERT')
    await query().press('Enter')
    await page.getByText('one and the same span meets both conditions').waitFor()
    await page.getByRole('heading', { name: 'No trace matches' }).or(results().first()).waitFor()
    await page.getByRole('button', { name: 'Let several spans meet them' }).click()
    await page.waitForURL(/%7B/)
    assert.equal(
      params().get('query'),
      '{ service = payments } and { service.name = storefront or name ~ INSERT }',
    )
    await shows((await ask({ query: params().get('query')! })).total)
    await page.getByRole('button', { name: 'Ask for one span that meets all' }).click()
    await page.getByText('one and the same span meets both conditions').waitFor()
    assert.deepEqual(complaints, [])
  })

  it('counts by an attribute that one chooses, whose value goes into the query', async () => {
    await open('/search')
    const add = page.getByRole('combobox', { name: 'Count by another field' })
    await add.locator('option', { hasText: 'db.operation.name' }).waitFor({ state: 'attached' })
    await add.selectOption('db.operation.name')
    const values = page.getByRole('list', { name: 'db.operation.name, by count' })
    const first = values.getByRole('button').first()
    const [, name, count] = /^(.*?)([\d,]+)$/.exec((await first.textContent())!)!
    await first.click()
    await page.waitForURL(/query=db\.operation\.name/)
    assert.equal(await query().inputValue(), `db.operation.name = ${name}`)
    await shows(Number(count))
    await first.click()
    await page.waitForURL((url) => url.search === '')
    await page.getByRole('button', { name: 'Hide db.operation.name' }).click()
  })

  it('brings page after page in any order, each trace once, and tells what is new without moving', async () => {
    const own = await browser.newContext({ viewport: { width: 1440, height: 900 } })
    page = await own.newPage()
    await page.clock.install()
    await open('/search?order=spans')
    const { total } = await ask({})
    await shows(total)
    for (let shown = 100; shown < total + 50; shown += 50) {
      await results().last().scrollIntoViewIfNeeded()
      await page.getByText(`Showing ${Math.min(shown, total)} of ${total} traces`).waitFor()
    }
    const counts = await page.locator('.trace-services > span').allTextContents()
    const spans = counts.map((text) => Number.parseInt(text, 10))
    assert.deepEqual(
      spans,
      spans.toSorted((a, b) => b - a),
    )
    const links = await page
      .locator('.trace-link')
      .evaluateAll((all) => all.map((one) => one.getAttribute('href')))
    assert.equal(new Set(links).size, total)
    await lens.send([shopTrace(new Random(99), Date.now())])
    const isTold = page.getByRole('button', { name: '1 new trace: show' })
    for (let tries = 0; tries < 20 && !(await isTold.isVisible()); tries++) {
      await page.clock.fastForward(10_000)
      await isTold.waitFor({ timeout: 1000 }).catch(() => {})
    }
    assert.equal(await results().count(), total)
    await isTold.click()
    await shows(total + 1)
    await own.close()
  })

  it('follows what arrives, pauses, goes on, and says what it left out', async () => {
    await open('/search?live=traces&query=tenant+%3D+live-tenant')
    await page.getByText(/^Live since/).waitFor()
    await page.getByRole('heading', { name: 'Listening' }).waitFor()
    await lens.send([live('POST /first'), shopTrace(new Random(7), Date.now())])
    await results().getByRole('link', { name: 'POST /first' }).waitFor()
    await page.getByText('1 trace arrived').waitFor()
    await page.keyboard.press('p')
    await page.getByText('Paused').waitFor()
    await lens.send([live('POST /second')])
    const resume = page.getByRole('button', { name: 'Show 1 and go on' })
    await resume.waitFor()
    assert.equal(await results().count(), 1)
    await resume.click()
    await results().first().getByRole('link', { name: 'POST /second' }).waitFor()

    await page.getByRole('radio', { name: 'Spans' }).check({ force: true })
    await page.getByRole('combobox', { name: 'Spans a second' }).selectOption('5')
    await page.waitForURL(/live=spans&rate=5/)
    await page.getByText(/^Live since/).waitFor()
    await lens.send([live('POST /third', 40)])
    await page.getByRole('list', { name: 'Spans' }).getByRole('listitem').first().waitFor()
    await page.getByText(/Not shown: \d+ matching spans beyond the rate/).waitFor()
    await page.setViewportSize({ width: 390, height: 844 })
    await page.getByRole('button', { name: 'Filters' }).click()
    await page.getByRole('button', { name: 'Saved' }).click()
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0)

    await open('/search?live=traces&query=tenant+%3D')
    await page.getByText('expected a value after =').first().waitFor()
    assert.equal(await query().getAttribute('aria-invalid'), 'true')
  })

  it('keeps a search under a name, over a reload, until it is deleted', async () => {
    await open('/search?status=error&lookback=6h')
    await page.getByRole('button', { name: 'Saved' }).click()
    await page.getByRole('textbox', { name: 'Save this search as' }).fill('Failed <b>lately</b>')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await open('/search')
    await page.getByRole('button', { name: 'Saved' }).click()
    await page.getByRole('link', { name: /^Failed <b>lately<\/b>/ }).click()
    await page.waitForURL((url) => url.search === '?status=error&lookback=6h')
    await page.getByRole('button', { name: 'Failed <b>lately</b>' }).click()
    await page.getByRole('button', { name: 'Delete Failed <b>lately</b>' }).click()
    await page.getByText('None yet.').waitFor()
    await page.keyboard.press('Escape')
    assert.equal(await page.getByRole('dialog').count(), 0)
    assert.deepEqual(complaints, [])
  })

  /** Reads the query and asks the store nothing: `kind` has a list of its own. */
  const reads = async (text: string) => {
    const query = new URLSearchParams({ key: 'kind', query: text })
    return (await fetch(`${lens.urls.ui}/api/lens/attribute-values?${query}`)).status === 200
  }

  it('offers nothing that the server does not read', async () => {
    const sample = { oneIn: 1 }
    const values = { values: [{ value: 'a "b" {c}', count: 1 }], sample }
    const known = { keys: { keys: [], sample }, values, recent: [] }
    const refused: string[] = []
    for (const { name } of [...QUERY_FIELDS, { name: 'http.route' }]) {
      const operators = completionsAt(`${name} `, contextAt(`${name} `, name.length + 1), known)
      assert.ok(operators.length > 0, name)
      for (const { label } of operators) {
        const values = fixedValues(name) ?? [/^[<>]/.test(label) ? '5' : 'x']
        for (const value of values)
          if (!(await reads(`${name} ${label} ${value}`))) refused.push(`${name} ${label} ${value}`)
      }
    }
    for (const query of [
      'a.b = 1 or c.d = "x y"',
      'not status = error "free text"',
      '(root = true) has(a.b)',
    ]) {
      const { wholeTrace } = searchScope({ service: 'x "y"', text: 'two words', query })
      const { oneSpan } = searchScope(wholeTrace!)
      for (const state of [wholeTrace, oneSpan])
        if (!(await reads(state!.query!))) refused.push(state!.query!)
    }
    assert.deepEqual(refused, [])
    assert.equal(await reads('service ='), false)
  })

  /** The last one: Lens is gone afterwards. */
  it('says that Lens has gone', async () => {
    await open('/search?live=traces')
    await page.getByText(/^Live since/).waitFor()
    await lens[Symbol.asyncDispose]()
    await page.getByText(/Trying again…$/).waitFor()
    await page.getByRole('button', { name: 'Live', exact: true }).click()
    await page.getByRole('heading', { name: 'Lens does not answer' }).waitFor()
  })
})

/** One trace of the tenant that the live tail looks for. */
function live(name: string, spans = 1) {
  const t = new TraceBuilder(
    new Random(Math.floor(Math.random() * 2 ** 31)),
    Date.now() - 500,
    'live-tenant',
    'ada',
  )
  t.within(undefined, { service: 'shop', name, kind: 'server' }, (root) => {
    for (let at = 0; at < spans; at++)
      t.within(root, { service: 'shop', name: 'SELECT', kind: 'client' }, () => t.work(900))
  })
  return t.build()
}
