/** What a worker answers over HTTP: to those who look after it, and to those who take it for a server. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { buildWorkerApp } from '../src/app.ts'
import { createLogger } from '../src/log.ts'
import { ServerMetrics } from '../src/metrics.ts'
import type { Finding } from '../src/readiness/check.ts'
import { Readiness } from '../src/readiness/readiness.ts'

let finding: Finding = { status: 'ok' }
const log = createLogger({ level: 'silent', format: 'json' })
const blind: Finding = { status: 'failed', detail: 'It does not answer' }
const readiness = new Readiness({ bus: { look: async () => finding, blind } }, log)
const app = buildWorkerApp({ log, metrics: new ServerMetrics(() => 'tracing_spans 7\n'), readiness })
after(() => app.close())

test('is live, and ready as far as its checks say', async () => {
  assert.deepEqual((await app.inject('/health/live')).json(), { status: 'live' })
  assert.deepEqual((await app.inject('/health/ready')).json(), {
    status: 'ready',
    checks: { bus: { status: 'ok' } },
  })
  finding = { status: 'failed', detail: 'It is away' }
  const answer = await app.inject('/health/ready')
  finding = { status: 'ok' }
  assert.equal(answer.statusCode, 503)
  const { type, detail, checks } = answer.json()
  assert.deepEqual([type, detail], ['urn:rustok:problem:not-ready', 'Not ready: bus'])
  assert.deepEqual(checks, { bus: { status: 'failed', detail: 'It is away' } })
})

test('has metrics of its process, of its requests and of its tracing', async () => {
  await app.inject('/nope')
  const { body } = await app.inject('/metrics')
  assert.match(body, /^process_resident_memory_bytes \d/m)
  assert.match(body, /^rustok_http_requests_total\{method="GET",route="unmatched",status="404"\} [1-9]/m)
  assert.match(body, /^tracing_spans 7$/m)
})

test('has no API: its paths are answered as problems', async () => {
  for (const [method, url, status, kind] of [
    ['POST', '/graphql', 404, 'not-found'],
    ['POST', '/auth/sign-in', 404, 'not-found'],
    ['GET', '/%zz', 400, 'bad-request'],
    ['POST', '/metrics', 405, 'method-not-allowed'],
  ] as const) {
    const answer = await app.inject({ method, url })
    assert.equal(answer.statusCode, status, url)
    assert.match(String(answer.headers['content-type']), /^application\/problem\+json/, url)
    assert.equal(answer.json().type, `urn:rustok:problem:${kind}`, url)
  }
})
