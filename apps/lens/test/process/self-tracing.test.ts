/** Lens traces itself, and shows it: looked for in Lens, as anybody's traces are. */

import assert from 'node:assert/strict'
import { after, before, describe, it, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ClickHouseError } from '@clickhouse/client'
import { tracedSpan } from '@rustok/telemetry'
import { captureSpans } from '@rustok/telemetry/testing'
import type { SearchResponse, SpanView, TraceResponse } from '../../src/api/contract.ts'
import { configFromEnvironment } from '../../src/config.ts'
import type { LensUrls } from '../../src/lens.ts'
import { startSelfTracing, type TracingFields } from '../../src/self-tracing.ts'
import { engineFailure } from '../../src/store/engine-failure.ts'
import { announced } from '../../src/store/statement-channel.ts'
import { LensProcess } from '../support/lens-process.ts'
import { TemporaryDirectory } from '../support/temporary-directory.ts'
import { tokenFile } from '../support/token-file.ts'

let directory: TemporaryDirectory
let lens: LensProcess
let urls: LensUrls
let admin: string
let reader: string

before(async () => {
  directory = await TemporaryDirectory.create()
  const { path, tokens } = await tokenFile(directory, {
    admin: { role: 'admin' },
    reader: { role: 'read', tenants: ['acme'] },
  })
  admin = tokens.admin
  reader = tokens.reader
  lens = new LensProcess({
    RUSTOK_DATA_DIR: directory.path,
    LENS_TOKENS_FILE: path,
    LENS_TRACE_ITSELF: 'true',
    OTEL_BSP_SCHEDULE_DELAY: '100',
  })
  urls = await lens.ready
})
after(async () => {
  await lens?.[Symbol.asyncDispose]()
  await directory?.[Symbol.asyncDispose]()
})

async function get<Body>(path: string, token = admin): Promise<Body> {
  const response = await fetch(urls.ui + path, { headers: { authorization: `Bearer ${token}` } })
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return JSON.parse(text) as Body
}

/** The trace of the one request that was made with this in its address, once its spans are there: they may come in several batches. */
async function traceOf(mark: string): Promise<readonly SpanView[]> {
  const query = new URLSearchParams({
    query: `service = rustok-lens and url.query ~ ${mark}`,
    lookback: '1h',
  })
  let before = 0
  for (let tries = 0; tries < 100; tries++) {
    const { traces } = await get<SearchResponse>(`/api/lens/search?${query}`)
    const found = traces.filter(({ rootName }) => rootName !== 'GET /api/lens/search')
    if (found.length > 0) {
      assert.equal(found.length, 1)
      const { spans } = await get<TraceResponse>(`/api/lens/traces/${found[0]!.traceId}`)
      if (spans.length === before && spans.some(({ parentSpanId }) => parentSpanId === '')) return spans
      before = spans.length
    }
    await sleep(150)
  }
  throw new Error(`no trace of ${mark} was stored`)
}

function attributesOf(span: SpanView): Readonly<Record<string, unknown>> {
  return Object.fromEntries(span.attributes.map(({ key, value }) => [key, value]))
}

async function storedSpans(): Promise<number> {
  const response = await fetch(`${urls.ui}/metrics`, { headers: { authorization: `Bearer ${admin}` } })
  const text = await response.text()
  return Number(/^rustok_lens_ingest_rows_total\{[^}]*table="spans"[^}]*\} (\S+)/m.exec(text)?.[1] ?? 0)
}

describe('a Lens that traces itself', () => {
  it('has a span of the request by its route, and one of each statement below it', async () => {
    await get('/api/lens/facets?fields=tenant&text=needle1')
    const spans = await traceOf('needle1')
    const [request] = spans.filter(({ parentSpanId }) => parentSpanId === '')
    assert.ok(request)
    assert.equal(request.name, 'GET /api/lens/facets')
    assert.equal(request.kind, 'server')
    const of = attributesOf(request)
    assert.equal(of['http.route'], '/api/lens/facets')
    assert.equal(of['url.path'] ?? of['http.route'], '/api/lens/facets')
    assert.equal(String(of['http.response.status_code']), '200')

    const statements = spans.filter((span) => span !== request)
    assert.ok(statements.length >= 1)
    for (const span of statements) {
      assert.equal(span.parentSpanId, request.spanId)
      assert.equal(span.kind, 'client')
      const attributes = attributesOf(span)
      assert.equal(attributes['db.system.name'], 'clickhouse')
      assert.equal(attributes['db.namespace'], 'lens')
      assert.equal(attributes['db.query.summary'], span.name)
      assert.match(String(attributes['db.query.text']), /\{\w+:\w+/)
      assert.ok(!String(attributes['db.query.text']).includes('needle1'))
      assert.ok(Number(attributes['rustok.lens.queue_wait_ms']) >= 0)
      assert.ok(Number(attributes['db.response.returned_rows']) >= 0)
      assert.ok(Number(attributes['clickhouse.read_rows']) >= 0)
    }
    assert.ok(statements.some(({ name }) => name === 'SELECT spans'))
  })

  it('comes to rest when nobody asks: storing its spans makes no more of them', async () => {
    await get('/api/services')
    let before = -1
    for (let tries = 0; ; tries++) {
      const now = await storedSpans()
      if (now > 0 && now === before) break
      assert.ok(tries < 60, 'spans go on being stored')
      before = now
      await sleep(1_000)
    }
    const query = new URLSearchParams({ service: 'rustok-lens', lookback: '1h', limit: '1000' })
    const { traces } = await get<SearchResponse>(`/api/lens/search?${query}`)
    const operations = new Set(traces.map(({ rootName }) => rootName))
    for (const operation of operations) assert.match(operation, /^GET \/api\//)
  })

  it('shows none of them to those who may see one tenant alone', async () => {
    const { stored } = await get<SearchResponse>('/api/lens/search?lookback=1h', reader)
    assert.equal(stored, 0)
  })
})

test('a statement that failed says what of, by the code of the engine', async () => {
  const config = configFromEnvironment({ LENS_TRACE_ITSELF: 'https://collector:4318/v1/traces' })
  let fields: TracingFields | undefined
  const tracing = await startSelfTracing(config, config.traceItself as URL, async (given) => {
    fields = given
    return { shutdown: async () => {} }
  })
  const refused = engineFailure(new ClickHouseError({ code: '241', type: 'MEMORY', message: 'too much' }))
  const statement = 'SELECT count() AS n FROM spans WHERE tenant = {p0:String}'
  const spans = await captureSpans(async () => {
    const run = () => announced({ statement, waitedMs: 2.5 }, () => Promise.reject(refused))
    // Of no request: not a span.
    await assert.rejects(run())
    await tracedSpan('GET /api/services', {}, () => assert.rejects(run()))
  })
  await tracing.close()
  await assert.rejects(announced({ statement, waitedMs: 0 }, () => Promise.reject(refused)))

  assert.equal(fields?.protocol, 'http/protobuf')
  assert.equal(fields?.endpoint, 'https://collector:4318/v1/traces')
  assert.deepEqual([...spans].map(({ name }) => name).sort(), ['GET /api/services', 'SELECT spans'])
  const failed = spans.find({ name: 'SELECT spans' })
  assert.ok(failed)
  assert.equal(failed.attributes['error.type'], '241')
  assert.equal(failed.attributes['db.response.status_code'], '241')
  assert.equal(failed.attributes['db.query.text'], statement)
  assert.equal(failed.attributes['rustok.lens.queue_wait_ms'], 2.5)
})
