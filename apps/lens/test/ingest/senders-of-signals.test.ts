/** Tokens over the ways in that are not OTLP's traces: what logs and Zipkin's spans are filed under, and who may not send. */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { LogsResponse, TraceLogsResponse, TraceResponse } from '../../src/api/contract.ts'
import { RunningLens } from '../support/running-lens.ts'
import { TemporaryDirectory } from '../support/temporary-directory.ts'
import { tokenFile } from '../support/token-file.ts'

let directory: TemporaryDirectory
let lens: RunningLens
let tokens: Readonly<Record<'acmeSends' | 'acmeReads' | 'globexReads', string>>
before(async () => {
  directory = await TemporaryDirectory.create()
  const file = await tokenFile(directory, {
    acmeSends: { role: 'ingest', tenants: ['acme'] },
    acmeReads: { role: 'read', tenants: ['acme'] },
    globexReads: { role: 'read', tenants: ['globex'] },
  })
  tokens = file.tokens
  lens = await RunningLens.start({ LENS_TOKENS_FILE: file.path })
})
after(async () => {
  await lens[Symbol.asyncDispose]()
  await directory[Symbol.asyncDispose]()
})

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

function post(path: string, body: object, headers: Readonly<Record<string, string>>): Promise<Response> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers } }
  return fetch(lens.urls.otlpHttp + path, { ...init, body: JSON.stringify(body) })
}

async function get<Body>(path: string, token: string): Promise<[number, Body]> {
  const response = await fetch(lens.urls.ui + path, { headers: bearer(token) })
  return [response.status, (await response.json()) as Body]
}

const traceId = randomBytes(16).toString('hex')
const logs = {
  resourceLogs: [
    {
      resource: { attributes: [{ key: 'tenant_id', value: { stringValue: 'globex' } }] },
      scopeLogs: [
        {
          logRecords: [
            { traceId, timeUnixNano: `${Date.now()}000000`, body: { stringValue: 'secret of acme' } },
          ],
        },
      ],
    },
  ],
}
const spans = [
  {
    traceId,
    id: 'b7ad6b7169203331',
    name: 'work',
    timestamp: Date.now() * 1000,
    tags: { tenant_id: 'globex' },
  },
]

test('files logs and Zipkin spans under the tenant of the token, whatever they claim', async () => {
  assert.equal((await post('/v1/logs', logs, bearer(tokens.acmeSends))).status, 200)
  assert.equal((await post('/api/v2/spans', spans, bearer(tokens.acmeSends))).status, 202)

  const [, own] = await get<TraceLogsResponse>(`/api/lens/traces/${traceId}/logs`, tokens.acmeReads)
  assert.deepEqual([own.total, own.logs[0]?.tenant], [1, 'acme'])
  const [, trace] = await get<TraceResponse>(`/api/lens/traces/${traceId}`, tokens.acmeReads)
  assert.deepEqual(
    trace.spans.map(({ tenant }) => tenant),
    ['acme'],
  )

  const [, others] = await get<TraceLogsResponse>(`/api/lens/traces/${traceId}/logs`, tokens.globexReads)
  assert.deepEqual([others.total, others.logs], [0, []])
  for (const query of ['', '?text=secret', '?tenant=acme', `?traceId=${traceId}`]) {
    const [status, found] = await get<LogsResponse>(`/api/lens/logs${query}`, tokens.globexReads)
    if (status === 200) assert.deepEqual([found.total, found.logs], [0, []])
    else assert.equal(status, 403)
  }
  assert.equal((await get(`/api/lens/traces/${traceId}`, tokens.globexReads))[0], 404)
})

test('refuses senders without a token by 401, and those whose token only reads by 403', async () => {
  for (const path of ['/v1/logs', '/api/v2/spans', '/v1/traces']) {
    const stranger = await post(path, {}, {})
    assert.equal(stranger.status, 401)
    assert.equal(stranger.headers.get('www-authenticate'), 'Bearer')
    assert.equal((await post(path, {}, bearer('unknown'))).status, 401)
    assert.equal((await post(path, {}, bearer(tokens.acmeReads))).status, 403)
  }
})
