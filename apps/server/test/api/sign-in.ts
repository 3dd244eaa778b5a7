/** Sign-in, refresh and sign-out over HTTP, as a client does it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { sendGraphQL } from '../support/graphql-client.ts'
import { sharedServer as server } from '../support/shared-server.ts'

interface Tokens {
  readonly accessToken: string
  readonly refreshToken: string
  readonly tokenType: string
  readonly expiresIn: number
}

async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: () => JSON.parse(text) as Tokens & { errors?: unknown; detail?: string },
  }
}

const ACME = { 'x-tenant-id': 'acme' }
const BEN = { email: 'ben@acme.example', password: 'ben tries rustok' }

async function signIn(body: unknown = BEN, headers: Record<string, string> = ACME): Promise<Tokens> {
  const answer = await post('/auth/sign-in', body, headers)
  assert.equal(answer.status, 200, answer.text)
  return answer.json()
}

const me = async (token: string) => {
  const { status, data } = await sendGraphQL(server.url, '{ me { id } tenant { id } }', { token })
  return status === 200 ? data : status
}

test('signs a user in by e-mail address and password, in the tenant of the header', async () => {
  const answer = await post('/auth/sign-in', { ...BEN, email: 'BEN@Acme.example' }, ACME)
  const tokens = answer.json()
  assert.deepEqual(
    { ...tokens, accessToken: '', refreshToken: '' },
    {
      accessToken: '',
      refreshToken: '',
      tokenType: 'Bearer',
      expiresIn: 900,
    },
  )
  assert.equal(answer.headers.get('cache-control'), 'no-store')
  assert.deepEqual(await me(tokens.accessToken), { me: { id: 'ben' }, tenant: { id: 'acme' } })
})

test('signs in to the tenant of the host name', async () => {
  const inject = (host: string) =>
    server.app.inject({ method: 'POST', url: '/auth/sign-in', headers: { host }, payload: BEN })
  assert.equal((await inject('acme.localhost:5150')).statusCode, 200)
  assert.equal((await inject('globex.localhost')).statusCode, 401)
  assert.equal((await inject('nowhere.example')).statusCode, 401)
})

test('tells nobody what was wrong with a sign-in', async () => {
  const expected =
    '{"type":"urn:rustok:problem:unauthenticated","title":"It takes a valid token, or the right password","status":401,"detail":"The e-mail address or the password is wrong"}'
  for (const [body, headers] of [
    [{ ...BEN, password: 'not this one' }, ACME],
    [{ ...BEN, email: 'nobody@acme.example' }, ACME],
    [BEN, { 'x-tenant-id': 'globex' }],
    [BEN, { 'x-tenant-id': 'no-such-tenant' }],
    [BEN, { 'x-tenant-id': "acme' or '1'='1" }],
    [BEN, {}],
    [{ ...BEN, email: "' or 1=1 --" }, ACME],
  ] as const) {
    const { status, text } = await post('/auth/sign-in', body, headers)
    assert.deepEqual({ status, text }, { status: 401, text: expected }, JSON.stringify([body, headers]))
  }
})

test('names the field that a request got wrong', async () => {
  const errorsOf = async (path: string, body: unknown) => {
    const answer = await post(path, body, ACME)
    assert.equal(answer.status, 400, answer.text)
    assert.equal(answer.headers.get('content-type'), 'application/problem+json; charset=utf-8')
    return answer.json().errors
  }
  assert.deepEqual(await errorsOf('/auth/sign-in', { email: 7 }), [
    { pointer: '#/email', field: 'email', detail: 'email must be a string' },
    { pointer: '#/password', field: 'password', detail: 'password is missing' },
  ])
  assert.deepEqual(await errorsOf('/auth/sign-in', { email: 'x'.repeat(255), password: '' }), [
    { pointer: '#/email', field: 'email', detail: 'email must have at most 254 characters' },
    { pointer: '#/password', field: 'password', detail: 'password must not be empty' },
  ])
  assert.deepEqual(await errorsOf('/auth/sign-in', { email: 'a\0', password: '\ud800' }), [
    { pointer: '#/email', field: 'email', detail: 'email must be well-formed text' },
    { pointer: '#/password', field: 'password', detail: 'password must be well-formed text' },
  ])
  const whole = [{ pointer: '#', field: '', detail: 'the body must be a JSON object' }]
  for (const body of ['[]', 'null', '"x"', '1'])
    assert.deepEqual(await errorsOf('/auth/sign-in', body), whole)
  for (const path of ['/auth/refresh', '/auth/sign-out']) {
    assert.deepEqual(await errorsOf(path, {}), [
      { pointer: '#/refreshToken', field: 'refreshToken', detail: 'refreshToken is missing' },
    ])
  }
  assert.equal((await post('/auth/sign-in', '{"email":', ACME)).status, 400)
  assert.equal((await post('/auth/sign-in', { ...BEN, password: 'x'.repeat(9_000) }, ACME)).status, 413)
  assert.equal((await post('/auth/sign-in', 'email=a', { 'content-type': 'text/plain' })).status, 415)
})

test('renews both tokens, and ends the session when a renewed one comes back', async () => {
  const first = await signIn()
  const second = (await post('/auth/refresh', { refreshToken: first.refreshToken })).json()
  const third = (await post('/auth/refresh', { refreshToken: second.refreshToken })).json()
  assert.equal(new Set([first, second, third].map(({ refreshToken }) => refreshToken)).size, 3)
  assert.deepEqual(await me(third.accessToken), { me: { id: 'ben' }, tenant: { id: 'acme' } })

  const other = await signIn()
  const stolen = await post('/auth/refresh', { refreshToken: first.refreshToken })
  assert.equal(stolen.status, 401)
  assert.equal(stolen.json().detail, 'The refresh token is not valid any more: sign in again')
  // Thief and owner are both out, at once; the user's other devices are not.
  assert.equal((await post('/auth/refresh', { refreshToken: third.refreshToken })).status, 401)
  for (const { accessToken } of [first, second, third]) assert.equal(await me(accessToken), 401)
  assert.notEqual(await me(other.accessToken), 401)
})

test('gives two who refresh with one token at once one session at most', async () => {
  const { refreshToken } = await signIn()
  const answers = await Promise.all(Array.from({ length: 5 }, () => post('/auth/refresh', { refreshToken })))
  assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 401, 401, 401, 401])
})

test('signs out, whatever else may come of the tokens', async () => {
  const { accessToken, refreshToken } = await signIn()
  assert.notEqual(await me(accessToken), 401)
  for (const _ of [1, 2]) assert.equal((await post('/auth/sign-out', { refreshToken })).status, 204)
  assert.equal(await me(accessToken), 401)
  assert.equal((await post('/auth/refresh', { refreshToken })).status, 401)
  assert.equal((await post('/auth/sign-out', { refreshToken: 'nonsense' })).status, 204)
})

test('refuses refresh tokens that were never ours', async () => {
  const { refreshToken } = await signIn()
  const session = refreshToken.split('.')[1]!
  for (const forged of [
    'nonsense',
    refreshToken.replace('rt_acme', 'rt_globex'),
    refreshToken.replace('rt_acme', "rt_acme' or '1'='1"),
    refreshToken.replace(session, crypto.randomUUID()),
    refreshToken.replace(session, '../'.repeat(12)),
    `${refreshToken}x`,
  ]) {
    assert.equal((await post('/auth/refresh', { refreshToken: forged })).status, 401, forged)
  }
  assert.equal((await post('/auth/refresh', { refreshToken })).status, 200)
})

test('publishes the keys with which others verify its tokens', async () => {
  const { accessToken } = await signIn()
  const jwks = createRemoteJWKSet(new URL(`${server.url}/.well-known/jwks.json`))
  const { payload } = await jwtVerify(accessToken, jwks, {
    issuer: 'rustok-server',
    audience: 'rustok-server',
  })
  assert.equal(payload.sub, 'ben')
  assert.equal(decodeProtectedHeader(accessToken).alg, 'EdDSA')
  const response = await fetch(`${server.url}/.well-known/jwks.json`)
  const { keys } = (await response.json()) as { keys: Record<string, string>[] }
  assert.deepEqual(Object.keys(keys[0]!).toSorted(), ['alg', 'crv', 'kid', 'kty', 'use', 'x'])
})

test('stops who guesses, and lets the others in', async () => {
  const guess = (n: number) =>
    post(
      '/auth/sign-in',
      { email: 'chloe@globex.example', password: `guess number ${n}` },
      { 'x-tenant-id': 'globex' },
    )
  let limited = 0
  for (let n = 0; n < 11; n += 1) {
    const answer = await guess(n)
    if (answer.status !== 429) continue
    limited += 1
    assert.match(answer.headers.get('retry-after') ?? '', /^[1-9]\d?$/)
    assert.match(answer.json().detail ?? '', /^Too many attempts: try again in \d+ seconds?$/)
  }
  assert.equal(limited, 1)
  // The right password, too, as a guesser could not tell otherwise when to stop.
  const right = { email: 'chloe@globex.example', password: 'chloe tries rustok' }
  assert.equal((await post('/auth/sign-in', right, { 'x-tenant-id': 'globex' })).status, 429)
  await signIn({ email: 'dev@globex.example', password: 'dev tries rustok' }, { 'x-tenant-id': 'globex' })
})

test('keeps passwords and tokens out of the log', async () => {
  const { accessToken, refreshToken } = await signIn()
  await post('/auth/refresh', { refreshToken })
  const log = JSON.stringify(server.lines)
  for (const secret of [BEN.password, BEN.email, accessToken, refreshToken, '$argon2id$']) {
    assert.equal(log.includes(secret), false, secret.slice(0, 10))
  }
})
