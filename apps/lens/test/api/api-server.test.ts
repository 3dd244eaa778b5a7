/** What the HTTP server does around its routes: names and origins, headers, health, and the UI's addresses. */

import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, test } from 'node:test'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import type { EndpointsResponse, Problem } from '../../src/api/contract.ts'
import type { Envelope } from '../../src/api/jaeger/envelope.ts'
import { RunningLens } from '../support/running-lens.ts'

let lens: RunningLens
before(async () => {
  lens = await RunningLens.start()
})
after(() => lens[Symbol.asyncDispose]())

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  readonly bytes: Buffer
}

/** With headers that fetch does not let a caller set. */
function ask(path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(lens.urls.ui + path, { method, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const bytes = Buffer.concat(chunks)
        const { statusCode: status = 0, headers } = response
        resolve({ status, headers, bytes, body: bytes.toString() })
      })
    })
    sent.on('error', reject)
    sent.end()
  })
}

test('answers to loopback names alone, so that a rebound name reads nothing', async () => {
  const { port } = new URL(lens.urls.ui)
  for (const host of [
    `127.0.0.1:${port}`,
    `localhost:${port}`,
    'LOCALHOST',
    `[::1]:${port}`,
    `lens.localhost:${port}`,
  ]) {
    assert.equal((await ask('/api/services', { host })).status, 200, host)
  }
  for (const host of [
    'evil.example',
    `evil.example:${port}`,
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '169.254.169.254',
  ]) {
    const { status, body } = await ask('/api/lens/search', { host })
    assert.equal(status, 403, host)
    assert.equal((JSON.parse(body) as { status: number }).status, 403)
    const jaeger = await ask('/api/services', { host })
    assert.equal(jaeger.status, 403, host)
    assert.equal((JSON.parse(jaeger.body) as { errors: { code: number }[] }).errors[0]?.code, 403)
  }
})

test('takes no writes from other origins, and allows none by CORS', async () => {
  assert.equal((await ask('/api/lens/search', { origin: 'https://evil.example' }, 'POST')).status, 403)
  assert.equal((await ask('/api/lens/search', { origin: lens.urls.ui }, 'POST')).status, 405)
  const read = await ask('/api/services', { origin: 'https://evil.example' })
  assert.equal(read.headers['access-control-allow-origin'], undefined)
})

test('keeps script of others out of every page', async () => {
  for (const path of ['/', '/trace/abc', '/api/services', '/nothing.js']) {
    const { headers } = await ask(path)
    assert.match(String(headers['content-security-policy']), /default-src 'none'; script-src 'self';/)
    assert.equal(headers['x-content-type-options'], 'nosniff')
  }
})

test('is alive and ready', async () => {
  assert.deepEqual(JSON.parse((await ask('/health/live')).body), { status: 'ok' })
  assert.deepEqual(JSON.parse((await ask('/health/ready')).body), { status: 'ok' })
  assert.deepEqual(JSON.parse((await ask('/health')).body), { status: 'ok' })
})

test('does not answer with a page who looks for health under another name, or sends spans here', async () => {
  for (const [path, method, hint] of [
    ['/healthz', 'GET', /\/health\/live.*\/health\/ready/],
    ['/readyz', 'GET', /\/health\/live.*\/health\/ready/],
    ['/metrics/', 'GET', /there is no \/metrics\/$/],
    ['/v1/traces', 'POST', /\/api\/lens\/endpoints/],
    ['/api/v2/spans', 'POST', /\/api\/lens\/endpoints/],
  ] as const) {
    const { status, body } = await ask(path, {}, method)
    assert.equal(status, 404, path)
    assert.match(path.startsWith('/api') ? messageOf(body) : detailOf(body), hint)
  }
})

test('answers what no route takes in the words of its API, and says which method an address takes', async () => {
  for (const [path, method, status, allow, messageIn] of [
    ['/api/services', 'POST', 405, 'GET, HEAD', messageOf],
    ['/api/traces/0123', 'DELETE', 405, 'GET, HEAD', messageOf],
    ['/api/transform', 'GET', 405, 'POST', messageOf],
    ['/api/nothing', 'PUT', 404, undefined, messageOf],
    ['/api/v3/services', 'POST', 405, 'GET, HEAD', v3MessageOf],
    ['/api/v3/nothing', 'GET', 404, undefined, v3MessageOf],
    ['/api/lens/traces', 'GET', 405, 'POST', detailOf],
    ['/api/lens/session', 'PUT', 405, 'DELETE, GET, HEAD, POST', detailOf],
    ['/api/lens/nothing?a=1', 'GET', 404, undefined, detailOf],
    ['/metrics', 'POST', 405, 'GET, HEAD', detailOf],
  ] as const) {
    const answer = await ask(path, {}, method)
    assert.deepEqual([answer.status, answer.headers.allow], [status, allow], `${method} ${path}`)
    const plain = path.split('?', 1)[0]
    const expected = status === 404 ? `there is no ${plain}` : `${plain} takes `
    assert.ok(messageIn(answer.body).startsWith(expected), answer.body)
  }
})

function messageOf(body: string): string {
  const { errors } = JSON.parse(body) as Envelope<never>
  return errors?.[0]?.msg ?? ''
}

function v3MessageOf(body: string): string {
  return (JSON.parse(body) as { error: { message: string } }).error.message
}

function detailOf(body: string): string {
  return (JSON.parse(body) as Problem).detail
}

test('compresses answers for clients on other machines, by what they accept', async () => {
  const far = { 'x-forwarded-for': '192.0.2.7' }
  const page = JSON.stringify(await lens.get('/api/openapi.json'))
  const inflaters = { zstd: zstdDecompressSync, gzip: gunzipSync }
  for (const [accept, encoding] of [
    ['gzip, deflate, br, zstd', 'zstd'],
    ['gzip;q=0.5, br', 'gzip'],
    ['zstd;q=0, *', 'gzip'],
    ['br', undefined],
    ['gzip;q=0', undefined],
  ] as const) {
    const { headers, bytes } = await ask('/api/openapi.json', { ...far, 'accept-encoding': accept })
    assert.deepEqual(
      [accept, headers['content-encoding'], headers.vary],
      [accept, encoding, 'accept-encoding'],
    )
    const whole = encoding === undefined ? bytes : inflaters[encoding](bytes)
    assert.equal(whole.toString(), page)
    if (encoding !== undefined) assert.ok(bytes.length < whole.length / 5)
  }
  const accepting = { 'accept-encoding': 'gzip' }
  const near = await ask('/api/openapi.json', accepting)
  assert.equal(near.headers['content-encoding'], undefined, 'on this machine')
  const small = await ask('/api/services', { ...far, ...accepting })
  assert.equal(small.headers['content-encoding'], undefined, 'a small one')
})

test('compresses the files of the UI on their way, and says when they are as they were', async () => {
  const [path = ''] = /\/assets\/index-[\w-]+\.js/.exec((await ask('/')).body) ?? []
  const plain = await ask(path)
  const headers = { 'x-forwarded-for': '192.0.2.7', 'accept-encoding': 'gzip' }
  const packed = await ask(path, headers)
  assert.equal(packed.headers['content-encoding'], 'gzip')
  assert.equal(packed.headers.etag, plain.headers.etag)
  assert.match(String(packed.headers['cache-control']), /immutable/)
  assert.equal(gunzipSync(packed.bytes).toString(), plain.body)
  const known = await ask(path, { ...headers, 'if-none-match': String(plain.headers.etag) })
  assert.deepEqual([known.status, known.body, known.headers['content-encoding']], [304, '', undefined])
  const part = await ask(path, { ...headers, range: 'bytes=0-9' })
  assert.deepEqual([part.status, part.body], [206, plain.body.slice(0, 10)])
})

test('has the page of a trace ask for its spans before it is read', async () => {
  const traceId = '5b8efff798038103d269b633813fc60c'
  const { headers } = await ask(`/trace/${traceId}?view=flame`)
  assert.equal(
    headers.link,
    `</api/lens/traces/${traceId}/waterfall>; rel=preload; as=fetch; crossorigin=anonymous`,
  )
  for (const path of ['/', '/trace/abc', `/trace/${traceId}/x`, `/diff/${traceId}`]) {
    assert.equal((await ask(path)).headers.link, undefined, path)
  }
})

test('names each request, as its client does if that is harmless, for the log', async () => {
  const idOf = async (given: Readonly<Record<string, string>>) =>
    (await ask('/api/services', given)).headers['x-request-id']
  assert.equal(await idOf({ 'x-request-id': 'a:1-b' }), 'a:1-b')
  for (const given of [{}, { 'x-request-id': 'a b' }, { 'x-request-id': 'x'.repeat(129) }]) {
    assert.match(String(await idOf(given)), /^[0-9a-f-]{36}$/)
  }
})

test('says in the words of its API that an address cannot be read', async () => {
  for (const [path, messageIn] of [
    ['/api/%zz', messageOf],
    ['/api/v3/%zz', v3MessageOf],
    ['/trace/%zz', detailOf],
  ] as const) {
    const { status, body } = await ask(path)
    assert.equal(status, 400)
    assert.match(messageIn(body), /not a valid url/)
  }
})

test('lets no cache keep what depends on who asks', async () => {
  for (const path of ['/api/services', '/api/lens/search', '/api/traces/zz', '/metrics', '/health/ready']) {
    assert.equal((await ask(path)).headers['cache-control'], 'no-store', path)
  }
})

test('tells where spans are sent to', async () => {
  const ports = [lens.urls.otlpGrpc, lens.urls.otlpHttp].map((url) => Number(new URL(url).port))
  const { otlpGrpcPort, otlpHttpPort } = await lens.get<EndpointsResponse>('/api/lens/endpoints')
  assert.deepEqual([otlpGrpcPort, otlpHttpPort], ports)
})

test('answers every address that is no API with one page of HTML', async () => {
  const page = await ask('/')
  assert.match(String(page.headers['content-type']), /^text\/html/)
  assert.match(page.body, /^<!doctype html>/i)
  for (const path of ['/trace/0123', '/search?tenant=acme.example', '/tenants/acme.example', '/a%20b']) {
    const { status, headers, body } = await ask(path)
    assert.deepEqual([path, status, body], [path, page.status, page.body])
    assert.equal(headers['cache-control'], page.headers['cache-control'])
  }
})

test('answers a missing file with 404 and not with the page', async () => {
  for (const path of ['/assets/missing.js', '/favicon.ico']) {
    const { status, headers } = await ask(path)
    assert.equal(status, 404)
    assert.doesNotMatch(String(headers['content-type']), /html/)
    assert.doesNotMatch(String(headers['cache-control'] ?? ''), /immutable/)
  }
})

test('does not serve files beside the assets', async () => {
  for (const path of [
    '/assets/..%2f..%2findex.ts',
    '/assets/../../package.json',
    '/assets/%2e%2e/%2e%2e/package.json',
    '/assets/.env',
    '/assets/.git/config',
  ]) {
    const { status, body } = await ask(path)
    assert.ok(status === 404 || status === 200, `${status} ${path}`)
    assert.doesNotMatch(body, /rustok-lens-ui/)
  }
})
