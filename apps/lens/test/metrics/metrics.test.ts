/** /metrics of a Lens that was sent to, asked and refused things, read by the format's reference parser. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Client, credentials, Metadata, status } from '@grpc/grpc-js'
import packageJson from '../../package.json' with { type: 'json' }
import { type ReadFamily, readMetrics } from '../support/read-metrics.ts'
import { RunningLens } from '../support/running-lens.ts'
import { request, span } from '../support/spans.ts'
import { TemporaryDirectory } from '../support/temporary-directory.ts'
import { tokenFile } from '../support/token-file.ts'

let directory: TemporaryDirectory
let lens: RunningLens
let tokens: Readonly<Record<'admin' | 'reader', string>>
before(async () => {
  directory = await TemporaryDirectory.create()
  const file = await tokenFile(directory, {
    admin: { role: 'admin' },
    reader: { role: 'read', tenants: ['*'] },
  })
  tokens = file.tokens
  lens = await RunningLens.start({ LENS_TOKENS_FILE: file.path })
})
after(async () => {
  await lens[Symbol.asyncDispose]()
  await directory[Symbol.asyncDispose]()
})

function get(path: string, token: string | undefined, accept = '*/*'): Promise<Response> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return fetch(lens.urls.ui + path, { headers: { accept, ...authorization } })
}

async function scrape(): Promise<readonly ReadFamily[]> {
  const response = await get(
    '/metrics',
    tokens.admin,
    'application/openmetrics-text;version=1.0.0,text/plain;q=0.5',
  )
  assert.equal(response.status, 200)
  assert.equal(
    response.headers.get('content-type'),
    'application/openmetrics-text; version=1.0.0; charset=utf-8',
  )
  return readMetrics(await response.text(), 'openmetrics')
}

function read(
  families: readonly ReadFamily[],
  sample: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  const found = families
    .flatMap(({ samples }) => samples)
    .find(
      (each) =>
        each.name === sample && Object.entries(labels).every(([name, value]) => each.labels[name] === value),
    )
  return found?.value ?? 0
}

test('counts what senders sent and what they were told, and what was asked', async () => {
  const post = (body: Uint8Array | string, token: string | undefined) =>
    lens.post(body, {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    })
  const before = await scrape()
  await lens.send(request('shop', [span(), span(), span({ traceId: new Uint8Array(16) })]), tokens.admin)
  assert.equal((await post('{"resourceSpans": 1}', tokens.admin)).status, 400)
  assert.equal((await post('{}', tokens.reader)).status, 403)
  assert.equal((await get('/api/services', tokens.reader)).status, 200)
  assert.equal((await get('/api/lens/traces/nonsense', tokens.reader)).status, 400)
  assert.equal((await get('/api/lens/nothing', tokens.reader)).status, 404)
  const now = await scrape()

  const grown = (name: string, labels: Readonly<Record<string, string>> = {}) =>
    read(now, name, labels) - read(before, name, labels)
  const http = { protocol: 'http', signal: 'traces' }
  for (const [outcome, count] of [
    ['accepted', 1],
    ['invalid', 1],
    ['denied', 1],
    ['busy', 0],
  ] as const) {
    assert.equal(grown('rustok_lens_ingest_requests_total', { ...http, outcome }), count, outcome)
  }
  assert.ok(grown('rustok_lens_ingest_bytes_total', { protocol: 'http' }) > 100)
  assert.equal(grown('rustok_lens_insert_seconds_count', { outcome: 'stored' }), 1)
  assert.ok(grown('rustok_lens_insert_bytes_total') > 100)
  const rows = 'rustok_lens_ingest_rows_total'
  assert.equal(grown(rows, { table: 'spans', outcome: 'stored' }), 2)
  assert.equal(grown(rows, { table: 'spans', outcome: 'refused' }), 1)
  assert.equal(grown('rustok_lens_ingest_spans_refused_total', { field: 'traceId' }), 1)
  const refusals = 'rustok_lens_ingest_refusals_total'
  assert.equal(grown(refusals, { ...http, reason: 'malformed' }), 1)
  assert.equal(grown(refusals, { ...http, reason: 'forbidden' }), 1)
  assert.equal(grown('rustok_lens_store_rows', { table: 'spans' }), 2)
  assert.ok(read(now, 'rustok_lens_store_bytes', { table: 'spans' }) > 100)
  assert.ok(read(now, 'rustok_lens_store_parts', { table: 'spans' }) >= 1)
  assert.ok(read(now, 'rustok_lens_store_unmerged_rows', { table: 'spans' }) <= 2)
  const requests = 'rustok_lens_http_request_seconds_count'
  assert.equal(grown(requests, { route: '/api/services', status: '200' }), 1)
  assert.equal(grown(requests, { route: '/api/lens/traces/:traceId', status: '400' }), 1)
})

test('counts log records, refusals over gRPC by signal and reason, and what is open at the moment', async () => {
  const before = await scrape()
  const logs = (body: string) =>
    fetch(`${lens.urls.otlpHttp}/v1/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${tokens.admin}` },
      body,
    })
  const records = '[{"body":{"stringValue":"one"}},{"body":{"stringValue":"two"}}]'
  assert.equal((await logs(`{"resourceLogs":[{"scopeLogs":[{"logRecords":${records}}]}]}`)).status, 200)
  assert.equal((await logs('{"resourceLogs":7}')).status, 400)
  const metadata = new Metadata()
  for (const [service, message, reason] of [
    ['trace', Buffer.from([0x0a, 0x05]), status.INVALID_ARGUMENT],
    ['logs', Buffer.from([0x0a, 0x05]), status.INVALID_ARGUMENT],
    ['logs', Buffer.alloc(64 * 1024 * 1024 + 1), status.RESOURCE_EXHAUSTED],
  ] as const) {
    metadata.set('authorization', `Bearer ${tokens.admin}`)
    assert.equal(await callExport(service, message, metadata), reason)
  }
  metadata.remove('authorization')
  assert.equal(await callExport('logs', Buffer.alloc(0), metadata), status.UNAUTHENTICATED)

  const tail = new AbortController()
  const live = await fetch(`${lens.urls.ui}/api/lens/tail`, {
    headers: { authorization: `Bearer ${tokens.reader}` },
    signal: tail.signal,
  })
  assert.equal(live.status, 200)
  const now = await scrape()
  tail.abort()
  await live.text().catch(() => {})

  const grown = (name: string, labels: Readonly<Record<string, string>> = {}) =>
    read(now, name, labels) - read(before, name, labels)
  const refusals = 'rustok_lens_ingest_refusals_total'
  assert.equal(grown('rustok_lens_ingest_rows_total', { table: 'logs', outcome: 'stored' }), 2)
  assert.equal(grown(refusals, { protocol: 'http', signal: 'logs', reason: 'malformed' }), 1)
  assert.equal(grown(refusals, { protocol: 'grpc', signal: 'traces', reason: 'malformed' }), 1)
  assert.equal(grown(refusals, { protocol: 'grpc', signal: 'logs', reason: 'malformed' }), 1)
  assert.equal(grown(refusals, { protocol: 'grpc', signal: 'logs', reason: 'too_large' }), 1)
  assert.equal(grown(refusals, { protocol: 'grpc', signal: 'logs', reason: 'token' }), 1)
  assert.equal(read(now, 'rustok_lens_live_tails'), 1)
  const backlogs = now.find(({ name }) => name === 'rustok_lens_ingest_backlog_bytes')
  assert.deepEqual(
    backlogs?.samples.map(({ labels, value }) => [labels.table, value]),
    [
      ['spans', 0],
      ['logs', 0],
    ],
  )
})

/** The status of a call by the official client. */
async function callExport(service: string, message: Buffer, metadata: Metadata): Promise<number> {
  const client = new Client(new URL(lens.urls.otlpGrpc).host, credentials.createInsecure(), {
    'grpc.max_send_message_length': -1,
  })
  try {
    const name = service === 'trace' ? 'trace.v1.TraceService' : 'logs.v1.LogsService'
    const same = (bytes: Buffer) => bytes
    return await new Promise((resolve) => {
      const path = `/opentelemetry.proto.collector.${name}/Export`
      client.makeUnaryRequest(path, same, same, message, metadata, (error) => resolve(error?.code ?? 0))
    })
  } finally {
    client.close()
  }
}

test('says how Lens and its engine are', async () => {
  const now = await scrape()
  assert.equal(read(now, 'rustok_lens_store_up'), 1)
  assert.ok(read(now, 'rustok_lens_engine_resident_memory_bytes') > 50e6)
  assert.ok(read(now, 'rustok_lens_disk_free_bytes') > 0)
  assert.ok(read(now, 'process_resident_memory_bytes') > 20e6)
  assert.ok(read(now, 'process_cpu_seconds_total') > 0)
  assert.ok(read(now, 'rustok_lens_event_loop_busy_seconds_total') > 0)
  assert.equal(read(now, 'rustok_lens_build_info', { version: packageJson.version }), 1)
  assert.ok(read(now, 'process_open_fds') > 5)
  assert.ok(read(now, 'process_max_fds') > read(now, 'process_open_fds'))
  assert.ok(Math.abs(read(now, 'process_start_time_seconds') - Date.now() / 1000) < 3600)
})

test('speaks the older format to who does not ask for the new one', async () => {
  const response = await get('/metrics', tokens.admin)
  assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  const families = await readMetrics(await response.text(), 'prometheus')
  const types = new Map(families.map(({ name, type }) => [name, type]))
  assert.equal(types.get('rustok_lens_insert_seconds'), 'histogram')
  assert.equal(types.get('rustok_lens_ingest_bytes'), 'counter')
  assert.equal(types.get('rustok_lens_store_up'), 'gauge')
})

test('is for admins where there are tokens, and names no tenant', async () => {
  assert.equal((await get('/metrics', undefined)).status, 401)
  assert.equal((await get('/metrics', tokens.reader)).status, 403)
  assert.doesNotMatch(await (await get('/metrics', tokens.admin)).text(), /tenant/)
})
