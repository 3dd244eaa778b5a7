/** Signing in to a Lens that asks for tokens, in a real browser: with words, by keys alone, back to where one was, and out again. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { type App, type LensReady, root, startLens } from '../harness/app-process.ts'
import { launchBrowser, openPage, screenshot } from '../harness/browser.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../harness/temporary-directory.ts'

const require = createRequire(import.meta.url)
const traceId = randomBytes(16).toString('hex')

let directory: TemporaryDirectory
let tokensFile: string
let lens: App<LensReady>
let browser: Browser
let sender: string
let support: string

before(async () => {
  directory = temporaryDirectory()
  tokensFile = join(directory.path, 'tokens.json')
  sender = makeToken('shop', 'ingest', 'acme')
  support = makeToken('support', 'read', 'acme,globex')
  lens = await startLens(directory.path, { LENS_TOKENS_FILE: tokensFile })
  await sendSpan(sender, traceId)
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
  await lens?.[Symbol.asyncDispose]()
  directory?.[Symbol.dispose]()
})

/** As whoever runs Lens does. */
function makeToken(name: string, role: string, tenants: string): string {
  const words = ['token', '--name', name, '--role', role, '--tenants', tenants, '--tokens-file', tokensFile]
  const main = join(root, 'apps/lens/src/main.ts')
  return execFileSync(process.execPath, [main, ...words], { encoding: 'utf8', stdio: 'pipe' }).trim()
}

/** Takes a token back, and waits until Lens has noticed. */
async function withdraw(name: string, token: string): Promise<void> {
  const { tokens } = JSON.parse(readFileSync(tokensFile, 'utf8')) as { tokens: { name: string }[] }
  writeFileSync(tokensFile, JSON.stringify({ tokens: tokens.filter((entry) => entry.name !== name) }))
  const isKnown = async () => {
    const headers = { authorization: `Bearer ${token}` }
    return (await fetch(`${lens.ready.urls.ui}/api/lens/session`, { headers })).ok
  }
  while (await isKnown()) await new Promise((resolve) => setTimeout(resolve, 100))
}

async function sendSpan(token: string, id: string): Promise<void> {
  const end = BigInt(Date.now()) * 1_000_000n
  const span = {
    traceId: id,
    spanId: randomBytes(8).toString('hex'),
    name: 'GET /orders',
    kind: 2,
    startTimeUnixNano: String(end - 42_000_000n),
    endTimeUnixNano: String(end),
  }
  const service = { key: 'service.name', value: { stringValue: 'shop' } }
  const response = await fetch(`${lens.ready.urls.otlpHttp}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({
      resourceSpans: [{ resource: { attributes: [service] }, scopeSpans: [{ spans: [span] }] }],
    }),
  })
  assert.equal(response.status, 200, await response.text())
}

const field = (page: Page) => page.getByLabel('Access token')
const heading = (page: Page) => page.getByRole('heading', { name: 'Sign in to Lens' })
const account = (page: Page) => page.getByRole('button', { name: 'Signed in as' })
const traceRow = (page: Page) =>
  page.getByRole('treegrid', { name: 'Spans' }).locator('[role=row]', { hasText: 'GET /orders' })

async function signIn(page: Page, token: string): Promise<void> {
  await field(page).fill(token)
  await field(page).press('Enter')
}

/** A browser of its own: cookies are shared by the pages of one. */
async function visitor(path: string) {
  const context = await browser.newContext()
  const { page, complaints } = await openPage(context)
  await page.goto(lens.ready.urls.ui + path)
  return { context, page, complaints }
}

/** What a browser says about answers of 401 and 403, which are what is provoked here, does not count. */
function others(complaints: readonly string[]): readonly string[] {
  return complaints.filter((text) => !/\b40[13]\b/.test(text))
}

describe('signing in', () => {
  it('asks for a token where a page was asked for, says what is wrong with one, and leads on to that page', async () => {
    const { context, page, complaints } = await visitor(`/trace/${traceId}`)
    await heading(page).waitFor()
    assert.equal(await account(page).count(), 0)
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'sign-in-token')
    assert.equal(await page.title(), 'Sign in · RusToK Lens')
    await screenshot(page, 'sign-in')

    await page.keyboard.press('Enter')
    await page.getByText('Paste or type your token first.').waitFor()
    await signIn(page, 'rk_not-a-token')
    await page.getByText('Lens does not know this token').waitFor()
    assert.equal(await field(page).getAttribute('aria-invalid'), 'true')
    await screenshot(page, 'sign-in-wrong')
    await signIn(page, sender)
    await page.getByText('This token is for sending spans, not for reading them.').waitFor()

    await signIn(page, support)
    await traceRow(page).waitFor()
    assert.equal(new URL(page.url()).pathname, `/trace/${traceId}`)
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'main')
    await page.reload()
    await traceRow(page).waitFor()
    const stored = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))
    assert.ok(!stored.includes(support) && !(await page.evaluate(() => document.cookie)).includes('lens'))
    assert.deepEqual(others(complaints), [])
    await context.close()
  })

  it('says who one is, and signs out, by keys alone', async () => {
    const { context, page, complaints } = await visitor('/?tenant=acme')
    await heading(page).waitFor()
    await page.keyboard.type(support)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Space')
    assert.equal(await field(page).getAttribute('type'), 'text')
    await page.keyboard.press('Space')
    assert.equal(await field(page).getAttribute('type'), 'password')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByText('Showing 1 of 1 trace').waitFor()

    await account(page).focus()
    await page.keyboard.press('Enter')
    const menu = page.getByRole('dialog', { name: 'Account' })
    await menu.getByText('support').waitFor()
    await menu.getByText('Read: looks at traces, sends nothing').waitFor()
    assert.deepEqual(await menu.getByRole('listitem').allTextContents(), ['acme', 'globex'])
    await screenshot(page, 'signed-in')
    await page.keyboard.press('Escape')
    await menu.waitFor({ state: 'detached' })
    await page.keyboard.press('Enter')
    await menu.waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Sign out')
    await page.keyboard.press('Enter')

    await page.getByText('You are signed out.').waitFor()
    assert.equal(new URL(page.url()).search, '')
    await page.reload()
    await heading(page).waitFor()
    assert.equal(await page.getByText('Your session has ended').count(), 0)
    assert.deepEqual(others(complaints), [])
    await context.close()
  })

  it('comes back to the same search when the session ended in between, with what the new token may see', async () => {
    const passing = makeToken('passing', 'read', 'acme')
    const elsewhere = makeToken('elsewhere', 'read', 'globex')
    const { context, page, complaints } = await visitor('/search?lookback=6h')
    await heading(page).waitFor()
    // A Lens that runs notices a new token within seconds.
    while (await heading(page).isVisible()) {
      await signIn(page, passing)
      await page.getByText(/Lens does not know this token|Showing 1 of 1 trace/).waitFor()
    }
    await withdraw('passing', passing)
    await page.keyboard.press('r')
    await page.getByText('Your session has ended. Sign in to go on where you were.').waitFor()
    assert.equal(await account(page).count(), 0)
    await screenshot(page, 'session-ended')
    await signIn(page, elsewhere)
    await account(page).waitFor()
    assert.equal(new URL(page.url()).search, '?lookback=6h')
    await page.getByText('Waiting for the first trace').waitFor()
    await page.getByText('OTEL_EXPORTER_OTLP_HEADERS').waitFor()
    assert.equal(await page.getByText('GET /orders').count(), 0)
    assert.deepEqual(others(complaints), [])
    await context.close()
  })

  it('signs out in every tab', async () => {
    const { context, page } = await visitor('/search')
    await heading(page).waitFor()
    await signIn(page, support)
    await page.getByText('Showing 1 of 1 trace').waitFor()
    const other = await context.newPage()
    await other.goto(lens.ready.urls.ui)
    await account(other).click()
    await other.getByRole('button', { name: 'Sign out' }).click()
    await heading(other).waitFor()
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange', { bubbles: true })))
    await heading(page).waitFor()
    assert.equal(await page.getByText('GET /orders').count(), 0)
    await context.close()
  })

  for (const { theme, width } of [
    { theme: 'light', width: 1440 },
    { theme: 'dark', width: 390 },
  ] as const) {
    it(`has no fault that axe finds, ${theme}, ${width} pixels wide`, async () => {
      const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')
      const { context, page } = await visitor('/search')
      await page.emulateMedia({ colorScheme: theme })
      await page.setViewportSize({ width, height: 844 })
      const check = async (view: string) => {
        await page.evaluate(axe)
        const faults = await page.evaluate(async () => {
          const { axe: run } = window as unknown as {
            axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> }
          }
          const { violations } = await run.run()
          return violations.flatMap(({ id, nodes }) =>
            nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`),
          )
        })
        assert.deepEqual(faults, [], view)
        await screenshot(page, `${view}-${theme}`)
      }
      await heading(page).waitFor()
      await signIn(page, 'wrong')
      await page.getByText('Lens does not know this token').waitFor()
      await check('sign-in')
      await signIn(page, support)
      await page.getByText('Showing 1 of 1 trace').waitFor()
      await account(page).click()
      await check('account')
      await context.close()
    })
  }
})
