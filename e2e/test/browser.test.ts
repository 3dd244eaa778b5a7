/** The web UI in a real browser: from "which customer?" to the attributes of one span, without a complaint of the browser. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser, Locator, Page } from 'playwright-core'
import { type App, type LensReady, type ServerReady, startLens, startServer } from '../harness/app-process.ts'
import { launchBrowser, openPage, screenshot } from '../harness/browser.ts'
import { createNode, createNodePaths, newCaller, sendGraphQL } from '../harness/graphql.ts'
import { awaitTrace } from '../harness/lens-api.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../harness/temporary-directory.ts'

let directory: TemporaryDirectory
let lens: App<LensReady>
let browser: Browser
/** Of a mutation by Ben of Acme; Globex has some of its own. */
const { traceId, ...caller } = newCaller()

before(async () => {
  directory = temporaryDirectory()
  lens = await startLens(directory.path)
  await using server = await startServer(directory.path, lens.ready.urls.otlpGrpc)
  await visit(server, 'globex', 'dev', { query: createNode, variables: { title: 'Theirs' } })
  await visit(server, 'acme', 'ada', { query: 'query Bad { nodes(first: 0) { totalCount } }' })
  const request = { query: createNode, variables: { title: 'First light' }, caller: { traceId, ...caller } }
  await visit(server, 'acme', 'ben', request)
  await visit(server, 'globex', 'chloe', { query: 'query Stats { contentStats { drafts published } }' })
  assert.equal(await server.end('SIGTERM'), 0, server.output())
  await awaitTrace(lens.ready.urls.ui, traceId, ({ spans }) => spans.length === createNodePaths.length)
  browser = await launchBrowser()
})
after(async () => {
  await browser.close()
  await lens[Symbol.asyncDispose]()
  directory[Symbol.dispose]()
})

type Request = Omit<Parameters<typeof sendGraphQL>[1], 'token'>

async function visit(
  { ready }: App<ServerReady>,
  tenantId: string,
  userId: string,
  request: Request,
): Promise<void> {
  const users = ready.demo.tenants.find(({ id }) => id === tenantId)?.users
  const token = users?.find(({ id }) => id === userId)?.token
  assert.ok(token)
  assert.equal((await sendGraphQL(ready.url, { ...request, token })).status, 200)
}

/** The waterfall's rows as `A > B > C`, by what assistive technology is told of their nesting. */
async function rowPaths(page: Page): Promise<readonly string[]> {
  const rows = page.getByRole('treegrid', { name: 'Spans' }).locator('[role=row][aria-level]')
  const read = await rows.evaluateAll((elements) =>
    elements.map((row) => ({
      level: Number(row.getAttribute('aria-level')),
      name: row.querySelector('.span-operation')?.textContent ?? '',
    })),
  )
  const path: string[] = []
  return read.map(({ level, name }) => {
    path.splice(level - 1, path.length, name)
    return path.join(' > ')
  })
}

/** The row of a span that is the only one of its name. */
function rowOf(page: Page, name: string): Locator {
  return page.getByRole('treegrid', { name: 'Spans' }).locator('[role=row]', { hasText: name })
}

describe('the web UI', () => {
  it('leads from a tenant to its trace, and from the waterfall to the attributes of a span', async () => {
    const { page, complaints } = await openPage(browser)
    await page.goto(lens.ready.urls.ui)
    await page.getByRole('table', { name: 'Tenants' }).getByRole('link', { name: 'acme' }).waitFor()
    await screenshot(page, 'home')
    await page.getByRole('link', { name: 'Traces', exact: true }).click()
    const traces = page.getByRole('list', { name: 'Traces' }).getByRole('listitem')
    await traces.first().waitFor()
    assert.ok((await traces.count()) >= 4)
    await screenshot(page, 'search')

    const tenant = page.getByRole('combobox', { name: 'Tenant' })
    await tenant.click()
    await page.getByRole('option', { name: /^acme/ }).click()
    await page.waitForURL((url) => url.searchParams.get('tenant') === 'acme')
    await page.getByText('Showing 2 of 2 traces').waitFor()
    for (const trace of await traces.all()) {
      await trace.getByRole('button', { name: 'Only tenant acme' }).waitFor()
    }
    assert.equal(await page.getByRole('button', { name: 'Only tenant globex' }).count(), 0)
    await screenshot(page, 'search-tenant')

    await page.locator(`a[href*="/trace/${traceId}"]`).click()
    await page.waitForURL((url) => url.pathname === `/trace/${traceId}`)
    await rowOf(page, 'INSERT content_stats').waitFor()
    const names = createNodePaths.map((path) => path.replace(/ \[\w+\]/g, ''))
    assert.deepEqual([...(await rowPaths(page))].sort(), names)
    await screenshot(page, 'trace')

    await rowOf(page, 'INSERT nodes').click()
    const details = page.getByRole('complementary', { name: 'Span details' })
    await details.getByRole('heading', { name: 'INSERT nodes' }).waitFor()
    const attributes = details.getByLabel('Span attributes')
    await attributes.waitFor()
    const values = Object.fromEntries(
      await attributes
        .locator('.attribute')
        .evaluateAll((rows) =>
          rows.map((row) => [
            row.querySelector('dt')?.textContent ?? '',
            row.querySelector('dd')?.textContent ?? '',
          ]),
        ),
    ) as Record<string, string>
    assert.equal(values.tenant_id, 'acme')
    assert.equal(values.user_id, 'ben')
    assert.equal(values['db.system.name'], 'postgresql')
    assert.match(values['db.query.text'] ?? '', /insert into "nodes"/i)
    await screenshot(page, 'trace-span')

    assert.deepEqual(complaints, [])
    await page.close()
  })

  it('opens the link of a selected span where it was copied', async () => {
    const { page, complaints } = await openPage(browser)
    await page.goto(`${lens.ready.urls.ui}/trace/${traceId}`)
    await rowOf(page, 'process content.node.created').click()
    await page.getByRole('complementary', { name: 'Span details' }).waitFor()
    await page.waitForURL((url) => url.search !== '')
    const link = page.url()

    const other = await openPage(browser)
    await other.page.goto(link)
    const details = other.page.getByRole('complementary', { name: 'Span details' })
    await details.getByRole('heading', { name: 'process content.node.created' }).waitFor()
    assert.deepEqual([...complaints, ...other.complaints], [])
    await Promise.all([page.close(), other.page.close()])
  })

  it('marks what failed', async () => {
    const { page, complaints } = await openPage(browser)
    await page.goto(`${lens.ready.urls.ui}/?status=error`)
    const traces = page.getByRole('list', { name: 'Traces' }).getByRole('listitem')
    await traces.first().waitFor()
    assert.equal(await traces.count(), 1)
    await traces.getByRole('link').click()
    await rowOf(page, 'query Bad').getByText('error', { exact: true }).waitFor({ state: 'attached' })
    await screenshot(page, 'trace-error')
    assert.deepEqual(complaints, [])
    await page.close()
  })

  it('says that a trace is not there, instead of nothing', async () => {
    const { page } = await openPage(browser)
    await page.goto(`${lens.ready.urls.ui}/trace/${'0'.repeat(31)}1`)
    await page.getByRole('heading', { name: 'This trace is not stored' }).waitFor()
    await page.close()
  })
})
