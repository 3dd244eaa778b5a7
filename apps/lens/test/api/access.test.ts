/** A Lens with tokens: who gets in, by a header or by a browser's cookie, and how everybody else is told. */

import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import type { SessionResponse } from '../../src/api/contract.ts'
import { RunningLens } from '../support/running-lens.ts'
import { TemporaryDirectory } from '../support/temporary-directory.ts'
import { tokenFile } from '../support/token-file.ts'

let directory: TemporaryDirectory
let lens: RunningLens
let path: string
let tokens: Readonly<Record<'sender' | 'reader' | 'everything' | 'admin', string>>
before(async () => {
  directory = await TemporaryDirectory.create()
  const file = await tokenFile(directory, {
    sender: { role: 'ingest', tenants: ['acme'] },
    reader: { role: 'read', tenants: ['acme', 'globex'] },
    everything: { role: 'read', tenants: ['*'] },
    admin: { role: 'admin' },
  })
  path = file.path
  tokens = file.tokens
  lens = await RunningLens.start({ LENS_TOKENS_FILE: path })
})
after(async () => {
  await lens[Symbol.asyncDispose]()
  await directory[Symbol.asyncDispose]()
})

interface Asked {
  readonly token?: string
  readonly cookie?: string
  readonly method?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

function ask(route: string, { token, cookie, method = 'GET', body, headers }: Asked = {}): Promise<Response> {
  return fetch(lens.urls.ui + route, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(cookie === undefined ? {} : { cookie }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

test('answers 401 on every route without a token, in the words of its API, and says how to come in', async () => {
  const routes = lens.lens.routes.filter((route) => route.split(' ')[1]?.startsWith('/api/'))
  assert.ok(routes.length >= 9)
  for (const route of routes) {
    const [method = '', pattern = ''] = route.split(' ')
    if (pattern === '/api/lens/session' && method !== 'GET') continue
    // It says nothing of what is stored.
    if (pattern === '/api/openapi.json') continue
    const response = await ask(pattern.replace(/:\w+|\*/g, 'x'), { method })
    assert.equal(response.status, 401, route)
    assert.equal(response.headers.get('www-authenticate'), 'Bearer realm="rustok-lens"', route)
    const body = (await response.json()) as {
      status?: number
      errors?: { code: number }[]
      error?: { httpCode: number }
    }
    if (pattern.startsWith('/api/lens/')) {
      assert.match(String(response.headers.get('content-type')), /^application\/problem\+json/)
      assert.equal(body.status, 401, route)
    } else if (pattern.startsWith('/api/v3/')) assert.equal(body.error?.httpCode, 401, route)
    else assert.equal(body.errors?.[0]?.code, 401, route)
  }
})

test('keeps health and the page itself open', async () => {
  for (const route of ['/health', '/health/live', '/health/ready', '/', '/trace/abc']) {
    assert.notEqual((await ask(route)).status, 401, route)
  }
})

test('lets readers and admins read, and senders not', async () => {
  for (const [name, status] of [
    ['reader', 200],
    ['everything', 200],
    ['admin', 200],
    ['sender', 403],
  ] as const) {
    assert.equal((await ask('/api/lens/facets', { token: tokens[name] })).status, status, name)
    assert.equal((await ask('/api/services', { token: tokens[name] })).status, status, name)
  }
})

for (const authorization of [
  'Bearer',
  'Bearer ',
  'Bearer nonsense',
  'Basic YWRtaW46YWRtaW4=',
  'Bearer lens_ü',
  `Bearer ${'x'.repeat(4_000)}`,
]) {
  test(`answers 401 to ${JSON.stringify(authorization.slice(0, 30))}`, async () => {
    const headers = { authorization: Buffer.from(authorization).toString('latin1') }
    assert.equal((await ask('/api/lens/facets', { headers })).status, 401)
    assert.equal((await ask('/api/lens/session', { headers })).status, 401)
  })
}

test('does not take a token from the address, where logs and histories would keep it', async () => {
  assert.equal((await ask(`/api/lens/facets?token=${tokens.admin}&access_token=${tokens.admin}`)).status, 401)
})

test('exchanges a token for a cookie that no script and no other site can use, until one logs out', async () => {
  const opened = await ask('/api/lens/session', { method: 'POST', body: { token: ` ${tokens.reader}\n` } })
  assert.equal(opened.status, 200)
  const expected: SessionResponse = { login: true, name: 'reader', role: 'read', tenants: ['acme', 'globex'] }
  assert.deepEqual(await opened.json(), expected)
  const setCookie = opened.headers.get('set-cookie') ?? ''
  assert.match(
    setCookie,
    /^rustok_lens_session=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
  )
  assert.equal(opened.headers.get('cache-control'), 'no-store')
  assert.ok(!setCookie.includes(tokens.reader))

  const cookie = `theme=dark; ${setCookie.split(';')[0]}`
  assert.deepEqual(await (await ask('/api/lens/session', { cookie })).json(), expected)
  assert.equal((await ask('/api/lens/facets', { cookie })).status, 200)
  assert.equal((await ask('/api/lens/facets', { cookie, token: 'wrong' })).status, 401)

  const closed = await ask('/api/lens/session', { method: 'DELETE', cookie })
  assert.equal(closed.status, 204)
  assert.match(closed.headers.get('set-cookie') ?? '', /^rustok_lens_session=; Path=\/; Max-Age=0;/)
  assert.equal((await ask('/api/lens/facets', { cookie })).status, 401)
  assert.equal((await ask('/api/lens/session', { cookie })).status, 401)
})

test('keeps the cookie to TLS where a proxy says that there is TLS', async () => {
  const opened = await ask('/api/lens/session', {
    method: 'POST',
    body: { token: tokens.reader },
    headers: { 'x-forwarded-proto': 'https' },
  })
  assert.match(opened.headers.get('set-cookie') ?? '', /; Secure$/)
})

for (const [what, body, status] of [
  ['a token that is not known', { token: 'lens_nobody' }, 401],
  ['no token', {}, 400],
  ['a token that is no text', { token: { $ne: '' } }, 400],
] as const) {
  test(`opens no session for ${what}`, async () => {
    const response = await ask('/api/lens/session', { method: 'POST', body })
    assert.equal(response.status, status)
    assert.equal(((await response.json()) as { status: number }).status, status)
    assert.equal(response.headers.get('set-cookie'), null)
  })
}

test('opens no session for a token that is for sending', async () => {
  const response = await ask('/api/lens/session', { method: 'POST', body: { token: tokens.sender } })
  assert.equal(response.status, 403)
})

test('opens no session for a page of another site, and none for a body that is no JSON', async () => {
  for (const headers of [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://localhost:3000' },
    { origin: lens.urls.ui.replace('http:', 'ws:') },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
  ]) {
    const body = { token: tokens.reader }
    const response = await ask('/api/lens/session', {
      method: 'POST',
      body,
      headers: headers as Record<string, string>,
    })
    assert.equal(response.status, 403, JSON.stringify(headers))
  }
  const form = await fetch(`${lens.urls.ui}/api/lens/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `token=${tokens.reader}`,
  })
  assert.equal(form.status, 415)
})

test('ends a token’s sessions with the token', async () => {
  const opened = await ask('/api/lens/session', { method: 'POST', body: { token: tokens.everything } })
  const cookie = (opened.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  assert.equal((await ask('/api/lens/facets', { cookie })).status, 200)
  const { tokens: entries } = JSON.parse(await readFile(path, 'utf8')) as { tokens: { name: string }[] }
  await writeFile(path, JSON.stringify({ tokens: entries.filter(({ name }) => name !== 'everything') }))
  await lens.lens.reload()
  assert.equal((await ask('/api/lens/facets', { cookie })).status, 401)
  assert.equal((await ask('/api/lens/facets', { token: tokens.everything })).status, 401)
  assert.equal((await ask('/api/lens/facets', { token: tokens.reader })).status, 200)
})
