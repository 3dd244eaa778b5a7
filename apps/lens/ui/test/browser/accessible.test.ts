/**
 * Every page for everybody, over a real Lens: what axe finds in both themes, wide and narrow, with dialogs open; what fits at 200 % and 400 %; what
 * stands still where motion is reduced; and what is copied.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import type { SearchResponse } from 'rustok-lens/contract'
import {
  BROKEN_ID,
  brokenTrace,
  HOSTILE_ID,
  HOSTILE_TENANT,
  HOSTILE_USER,
  hostileTrace,
} from '../odd-traces.ts'
import { declinedOrder, shopTrace } from '../shop-traces.ts'
import { RealLens } from '../support/real-lens.ts'
import { Random } from '../trace-builder.ts'

const WIDE = { width: 1440, height: 900 }
const NARROW = { width: 390, height: 844 }
/** What a theme or a width can change; the rest is asked once. */
const OF_WIDTH = ['color-contrast', 'link-in-text-block', 'scrollable-region-focusable', 'target-size']
const OF_HOSTILE = new URLSearchParams({ tenant: HOSTILE_TENANT })
/** What lies over a page. */
const OPEN = 'dialog[open], [role=dialog]'

describe('the UI for everybody', () => {
  const now = Date.now()
  const random = new Random(17)
  const usual = Array.from({ length: 90 }, (_, at) => shopTrace(random, now - 90_000 - at * 29_000))
  const failed = Array.from({ length: 12 }, (_, at) => declinedOrder(random, now - 300_000 + at * 3000))
  const order = failed[0]!
  const span = order.spans.find(({ events }) => events.length > 1)!
  let lens: RealLens
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let axe: string
  let complaints: string[] = []

  before(async () => {
    axe = await readFile(new URL(import.meta.resolve('axe-core/axe.min.js')), 'utf8')
    lens = await RealLens.start()
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu'],
    })
    context = await browser.newContext({
      viewport: WIDE,
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    // One for all tests: a page of its own is a process of its own, which compiles everything again.
    page = await context.newPage()
    page.setDefaultTimeout(20_000)
    page.on('console', (message) => {
      if (message.type() === 'error' || message.text().includes('preload')) complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    // A stored name that was taken for a script: the hostile trace's are on most pages here.
    page.on('dialog', (dialog) => {
      complaints.push(`a dialog: ${dialog.message()}`)
      void dialog.dismiss()
    })
  })
  after(async () => {
    await browser?.close()
    await lens?.[Symbol.asyncDispose]()
  })
  beforeEach(async () => {
    complaints = []
    await page.setViewportSize(WIDE)
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'no-preference' })
  })
  afterEach(() => assert.deepEqual(complaints, []))

  const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true })
  const open = async (path: string) => {
    await page.goto(lens.urls.ui + path)
    await page.locator('h1').first().waitFor({ state: 'attached' })
    // A tail never ends.
    if (!path.includes('live=')) await page.waitForLoadState('networkidle')
  }

  const views: readonly { readonly path: string; readonly act?: () => Promise<unknown> }[] = [
    { path: '/' },
    { path: '/search?status=error&limit=5' },
    { path: '/search?tenant=nobody' },
    {
      path: `/search?service=rustok-server&query=error+%3D+true&start=${now - 1_800_000}&end=${now}&minDuration=1ms&within=${now - 3_600_000}-${now}&limit=2`,
      act: async () => {
        await page.getByRole('combobox', { name: 'Query' }).click()
        await page.keyboard.type(' and ')
        const completions = page.getByRole('listbox', { name: 'Completions' })
        await completions.getByRole('option', { name: /^http\.route/ }).waitFor()
      },
    },
    { path: '/search?live=traces', act: () => page.getByText(/^Live since/).waitFor() },
    { path: `/trace/${order.traceId}?span=${span.spanId}` },
    { path: `/trace/${BROKEN_ID}` },
    { path: `/trace/${HOSTILE_ID}` },
    { path: `/trace/${HOSTILE_ID}?view=flame` },
    { path: `/trace/${HOSTILE_ID}?view=table` },
    { path: '/why?split=duration&threshold=100ms' },
    { path: `/diff/${order.traceId}` },
    { path: `/diff/${order.traceId}/${usual[0]!.traceId}` },
    { path: '/map' },
    { path: '/tenants' },
    { path: `/tenants/${order.spans[0]!.tenant ?? 'nordlicht-books'}` },
    { path: '/tenants/nordlicht-books/users/ada.lindqvist' },
    { path: `/search?${OF_HOSTILE}` },
    { path: `/why?${OF_HOSTILE}&split=duration&threshold=1ms` },
    { path: `/diff/${HOSTILE_ID}/${order.traceId}` },
    { path: `/map?${OF_HOSTILE}` },
    { path: `/tenants/${encodeURIComponent(HOSTILE_TENANT)}` },
    { path: `/tenants/${encodeURIComponent(HOSTILE_TENANT)}/users/${encodeURIComponent(HOSTILE_USER)}` },
    { path: '/nowhere' },
  ]

  it('has no fault that axe finds while nothing is stored', async () => {
    await open('/')
    await page.getByRole('heading', { name: 'Waiting for the first trace' }).waitFor()
    await everywhere()
  })

  describe('with traces', () => {
    before(async () => {
      const hostile = hostileTrace(now - 60_000)
      // Its link leads to an id that is none, which no exporter can send.
      const spans = hostile.spans.map((one) => ({ ...one, links: [] }))
      await lens.send([...usual, ...failed, brokenTrace(now - 70_000), { ...hostile, spans }])
    })

    for (const { path, act } of views) {
      it(`has no fault that axe finds, and fits: ${path.replaceAll(/[0-9a-f]{32}|\d{13}/g, '…')}`, async () => {
        await open(path)
        await act?.()
        await everywhere()
      })
    }

    it('has no fault that axe finds in what opens over a page', async () => {
      const over: readonly [path: string, ways: readonly (() => Promise<unknown>)[]][] = [
        ['/nowhere', [() => page.locator('body').press('Control+k'), () => page.locator('body').press('?')]],
        ['/search?tenant=nobody', [() => button(/^Saved/).click(), () => button(/^Time range/).click()]],
        [`/trace/${BROKEN_ID}`, [() => button('Copy as').click()]],
      ]
      for (const [path, ways] of over) {
        await open(path)
        for (const opened of ways) {
          await opened()
          await page.getByRole('dialog').first().waitFor()
          await everywhere(OPEN)
          await page.keyboard.press('Escape')
          await page.getByRole('dialog').first().waitFor({ state: 'hidden' })
        }
      }
    })

    it('stands still where motion is reduced', async () => {
      await page.emulateMedia({ reducedMotion: 'reduce' })
      for (const path of ['/search?live=traces', '/map', `/trace/${order.traceId}`]) {
        await open(path)
        const moving = await page.evaluate(() =>
          [...document.querySelectorAll('*')].flatMap((element) => {
            const { transitionDuration, animationDuration, animationName } = getComputedStyle(element)
            const seconds = [transitionDuration, animationName === 'none' ? '0s' : animationDuration]
              .join(', ')
              .split(', ')
              .map(Number.parseFloat)
            return Math.max(...seconds) > 0.01 ? [element.className || element.tagName] : []
          }),
        )
        assert.deepEqual(moving, [], path)
      }
    })

    it('leads from home to the value that is to blame and back by keys alone, and shows all the way where they are', async () => {
      await open('/')
      await press('Tab')
      await page.keyboard.press('Enter')
      assert.equal(await focused(), 'main', 'after the link that skips to the page')
      await page.keyboard.press('Shift+Tab')
      await tabTo(/^Traces$/, 'Shift+Tab')
      await page.keyboard.press('Enter')
      await page.waitForURL(/\/search$/)
      await page.getByRole('list', { name: 'Traces' }).waitFor()

      await page.keyboard.press('/')
      await page.keyboard.type('stat')
      await page.keyboard.press('Tab')
      await page.keyboard.type('= er')
      const completions = page.getByRole('listbox', { name: 'Completions' })
      await completions.getByRole('option', { name: /^error/ }).waitFor()
      await page.keyboard.press('Tab')
      await page.keyboard.type('and duration > 1s')
      const answered = page.waitForResponse((response) =>
        /\/search\?.*query=status.*error.*1s/.test(response.url()),
      )
      await page.keyboard.press('Enter')
      await page.waitForURL(/query=status\+%3D\+error\+and/)
      await answered
      await page.locator('.results[aria-busy=false]').waitFor()
      assert.equal(await focused(), 'Query')
      await page.keyboard.press('Escape')
      await seen()
      await press('j')
      const from = await focused()
      await page.keyboard.press('Enter')
      await page.waitForURL(/\/trace\//)
      await page.getByRole('treegrid', { name: 'Spans' }).getByRole('row').nth(3).waitFor()
      assert.equal(await focused(), 'main', 'after a trace was opened')
      await page.getByText(/ · RusToK Lens$/).waitFor({ state: 'attached' })

      await page.keyboard.press('e')
      const details = page.getByRole('complementary', { name: 'Span details' })
      await details.waitFor()
      await tabTo(/^Close span details$/)
      await page.keyboard.press('Enter')
      await details.waitFor({ state: 'detached' })
      await seen()
      await page.keyboard.press('e')
      await details.getByRole('term').first().waitFor()
      await tabTo(/^Compare (error\.type|exception\.type|tenant_id)/)
      const compared = await focused()
      await page.keyboard.press('Enter')
      await page.waitForURL(/\/why\?/)
      const standOut = page.getByRole('list', { name: 'Values that stand out' }).getByRole('listitem')
      await standOut
        .filter({ hasText: /user\s*ada\.lindqvist/ })
        .first()
        .waitFor()
      assert.match(await page.title(), /^Why/)
      await tabTo(/^Show its traces/)

      await page.goBack()
      await page.waitForFunction(
        (name) => document.activeElement?.getAttribute('aria-label') === name,
        compared,
      )
      await page.goBack()
      await page.goBack()
      await page.waitForFunction((name) => document.activeElement?.textContent === name, from)
      await seen()
    })

    it('says once that Lens does not answer, keeps what it showed, and goes on by itself', async () => {
      await open('/')
      const rows = page.getByRole('table', { name: 'Tenants' }).getByRole('row')
      const shown = await rows.count()
      await page.route('**/api/**', (route) => route.abort('connectionrefused'))
      await button('Ask again').click()
      const lost = page.getByText('Lens does not answer.', { exact: true })
      await lost.waitFor()
      await page.getByText('Not loaded: Lens does not answer.').nth(4).waitFor()
      assert.equal(await page.getByRole('alert').count(), 0)
      assert.equal(await rows.count(), shown)
      await everywhere('#root')
      await page.unroute('**/api/**')
      await lost.waitFor({ state: 'detached' })
      await page.getByText('Not loaded: Lens does not answer.').first().waitFor({ state: 'detached' })
      // The browser itself tells of each request that came to nothing.
      complaints = complaints.filter((text) => !text.includes('ERR_CONNECTION_REFUSED'))
    })

    it('copies a search as links and as a command that finds the same, a trace as what was sent, and a span', async () => {
      await open('/search?status=error')
      const copied = async (name: string) => {
        await page.evaluate(() => navigator.clipboard.writeText(''))
        await button(name).press('Enter')
        return page.evaluate(async () => {
          let text = ''
          while (text === '') {
            await new Promise((resolve) => setTimeout(resolve, 50))
            text = await navigator.clipboard.readText()
          }
          return text
        })
      }
      const run = async (command: string) =>
        (await promisify(execFile)('sh', ['-c', command], { maxBuffer: 2 ** 24 })).stdout
      await button('Copy as').press('Enter')
      assert.equal(await copied('Copy link'), `${lens.urls.ui}/search?status=error`)
      const timed = new URL(await copied('Copy link with times')).searchParams
      assert.equal(Number(timed.get('end')) - Number(timed.get('start')), 3_600_000)
      const found = JSON.parse(await run(await copied('Copy curl'))) as SearchResponse
      const ids = found.traces.map(({ traceId }) => traceId)
      assert.ok(ids.includes(order.traceId))
      const json = JSON.parse(await copied('Copy JSON')) as SearchResponse
      assert.deepEqual(
        json.traces.map(({ traceId }) => traceId),
        ids,
      )
      await page.keyboard.press('Escape')
      assert.equal(await button('Copy as').evaluate((element) => element === document.activeElement), true)

      await open(`/trace/${order.traceId}`)
      await button('Copy as').press('Enter')
      const text = await copied('Copy JSON')
      assert.equal(text.match(/"spanId"/g)?.length, order.spans.length)
      assert.deepEqual(JSON.parse(await run(await copied('Copy curl'))), JSON.parse(text))

      await open(`/trace/${order.traceId}?span=${span.spanId}`)
      const one = JSON.parse(await copied('Copy span as JSON'))
      assert.deepEqual(
        [one.traceId, one.spanId, one.events.length],
        [order.traceId, span.spanId, span.events.length],
      )
      assert.equal(one.resource.service, order.resources[span.resource]!.service)
    })
  })

  /** The name of what has the focus. */
  const focused = () =>
    page.evaluate(() => {
      const element = document.activeElement!
      if (element.id === 'main') return 'main'
      return element.getAttribute('aria-label') ?? element.textContent
    })

  const press = async (key: string) => {
    await page.keyboard.press(key)
    await seen()
  }

  async function tabTo(name: RegExp, key = 'Tab'): Promise<void> {
    for (let presses = 0; presses < 70; presses++) {
      await press(key)
      if (name.test((await focused()).trim())) return
    }
    assert.fail(`${key} does not reach ${name}`)
  }

  /** Something of the page has the focus, is in view, and it or what it is a part of is marked. */
  async function seen(): Promise<void> {
    const fault = await page.evaluate(() => {
      const element = document.activeElement
      if (element === null || element === document.body) return 'the focus is lost'
      const probe = document.body.appendChild(document.createElement('i'))
      probe.style.color = 'var(--accent-line)'
      const accent = getComputedStyle(probe).color
      probe.remove()
      const marked = (of: Element | null) => {
        if (of === null) return false
        const { outlineStyle, outlineWidth, boxShadow, backgroundColor } = getComputedStyle(of)
        if (outlineStyle !== 'none' && Number.parseFloat(outlineWidth) > 0) return true
        return boxShadow !== 'none' || backgroundColor === accent
      }
      const { top, bottom, width, height } = element.getBoundingClientRect()
      const name = `${element.outerHTML.slice(0, 120)}`
      if (width === 0 || height === 0 || bottom <= 0 || top >= innerHeight) return `out of view: ${name}`
      const row = document.getElementById(element.getAttribute('aria-activedescendant') ?? '')
      if (row !== null) return marked(row) || row.ariaSelected === 'true' ? '' : `not marked: ${row.id}`
      let near: Element | null = element
      for (let level = 0; level < 4 && near !== null; level++, near = near.parentElement)
        if (marked(near)) return ''
      return marked(element.nextElementSibling) ? '' : `not marked: ${name}`
    })
    assert.equal(fault, '')
  }

  /** In both themes, wide and narrow. */
  async function everywhere(within?: string): Promise<void> {
    await page.setViewportSize(WIDE)
    await page.emulateMedia({ colorScheme: 'light' })
    await faultless('wide, light', undefined, within)
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.setViewportSize(NARROW)
    await faultless('narrow, dark', OF_WIDTH, within)
    await fits()
  }

  /** What is drawn to measure follows a new width with the next frames: until everything lies where it lay two frames before. */
  async function atRest(): Promise<void> {
    await page.evaluate(async () => {
      const places = () =>
        [...document.querySelectorAll('body *')]
          .map((element) => Object.values(element.getBoundingClientRect().toJSON()).join())
          .join(';')
      const still = 2
      let last = ''
      for (let frame = 0, same = 0; frame < 60 && same < still; frame++) {
        await new Promise(requestAnimationFrame)
        const now = places()
        same = now === last ? same + 1 : 0
        last = now
      }
    })
  }

  async function faultless(view: string, runOnly?: readonly string[], within = ':root'): Promise<void> {
    await atRest()
    if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe)
    const faults = await page.evaluate(
      async ({ context, ...options }) => {
        type Found = { violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }
        const { axe: engine } = window as unknown as {
          axe: { run(context: object, options: object): Promise<Found> }
        }
        const { violations } = await engine.run(context, options)
        return violations.flatMap(({ id, nodes }) =>
          nodes.map(
            ({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary.slice(0, 240)}`,
          ),
        )
      },
      {
        context: { include: [within] },
        preload: false,
        resultTypes: ['violations'],
        ...(runOnly && { runOnly }),
      },
    )
    assert.deepEqual(faults, [], view)
  }

  /** Nothing beyond the side of the page: on a telephone, and on a screen of 1,280 pixels at 200 % and at 400 % (WCAG 1.4.10). */
  async function fits(): Promise<void> {
    for (const width of [NARROW.width, 640, 320]) {
      await page.setViewportSize({ width, height: 700 })
      const beyond = await page.evaluate(async () => {
        const { documentElement: root } = document
        // What is drawn to measure follows the new width with the next frames.
        for (let frame = 0; frame < 30 && root.scrollWidth > root.clientWidth; frame++)
          await new Promise(requestAnimationFrame)
        if (root.scrollWidth <= root.clientWidth) return []
        return [...document.querySelectorAll('body *')]
          .filter((element) => element.getBoundingClientRect().right > root.clientWidth + 1)
          .slice(0, 6)
          .map((element) => `${element.tagName}.${element.className}`)
      })
      assert.deepEqual(beyond, [], `${width} pixels`)
    }
  }
})
