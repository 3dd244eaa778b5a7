/** Who gets in: every wrong token gets the same answer, and none reaches GraphQL. */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { test } from 'node:test'
import { SignJWT } from 'jose'
import { KeyRing } from '../../src/identity/key-ring.ts'
import { issueToken, verifyToken } from '../../src/identity/tokens.ts'
import { sharedServer as server } from '../support/shared-server.ts'

const ACTOR = { tenantId: 'acme', userId: 'ada' }

async function ask(authorization: string | undefined) {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(authorization === undefined ? {} : { authorization }),
    },
    body: JSON.stringify({ query: '{ me { id } }' }),
  })
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    challenge: response.headers.get('www-authenticate'),
    body: await response.text(),
  }
}

/** A JWT put together by hand, as an attacker would. */
function forge(header: object, payload: object, sign: (input: string) => string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const input = `${part(header)}.${part(payload)}`
  return `${input}.${sign(input)}`
}

function claims(overrides: Record<string, unknown> = {}) {
  const now = Math.floor(Date.now() / 1_000)
  return {
    tenant_id: 'acme',
    sub: 'ada',
    iss: 'rustok-server',
    aud: 'rustok-server',
    iat: now,
    exp: now + 3_600,
    ...overrides,
  }
}

function signed(payload: Record<string, unknown>, header: Record<string, unknown> = {}): Promise<string> {
  const { kid, secret } = server.keys.current
  return new SignJWT(payload).setProtectedHeader({ alg: 'HS256', kid, ...header }).sign(secret)
}

test('lets a well-formed token in', async () => {
  const token = await signed(claims())
  const answer = await ask(`Bearer ${token}`)
  assert.equal(answer.status, 200)
  assert.equal((await ask(`bearer   ${token}`)).status, 200)
})

test('answers every wrong token in the same words', async () => {
  const { kid, secret } = server.keys.current
  const hmac = (key: string | Uint8Array) => (input: string) =>
    createHmac('sha256', key).update(input).digest('base64url')
  const now = Math.floor(Date.now() / 1_000)
  const valid = await signed(claims())
  const [head, body, signature] = valid.split('.') as [string, string, string]
  const otherBody = Buffer.from(JSON.stringify(claims({ tenant_id: 'globex', sub: 'dev' }))).toString(
    'base64url',
  )
  const { exp: _exp, ...noExpiry } = claims()
  const { sub: _sub, ...noSubject } = claims()
  const { tenant_id: _tenant, ...noTenant } = claims()

  const wrong: Record<string, string | undefined> = {
    'no header': undefined,
    'empty header': '',
    'another scheme': `Basic ${Buffer.from('ada:ada').toString('base64')}`,
    'no token': 'Bearer ',
    'no JWT': 'Bearer hello',
    'two tokens': `Bearer ${valid} ${valid}`,
    'signature cut off': `Bearer ${head}.${body}.`,
    'payload exchanged': `Bearer ${head}.${otherBody}.${signature}`,
    'alg none': `Bearer ${forge({ alg: 'none', kid }, claims(), () => '')}`,
    'alg None with a signature': `Bearer ${forge({ alg: 'None', kid }, claims(), hmac(secret))}`,
    'HS512 with our key': `Bearer ${await signed(claims(), { alg: 'HS512' })}`,
    'RS256 claimed over an HMAC': `Bearer ${forge({ alg: 'RS256', kid }, claims(), hmac(secret))}`,
    'another key': `Bearer ${forge({ alg: 'HS256', kid }, claims(), hmac('another secret of thirty-two bytes'))}`,
    'empty key': `Bearer ${forge({ alg: 'HS256', kid }, claims(), hmac(''))}`,
    'no kid': `Bearer ${forge({ alg: 'HS256' }, claims(), hmac(secret))}`,
    'unknown kid': `Bearer ${await signed(claims(), { kid: 'unknown' })}`,
    'kid as a path': `Bearer ${forge({ alg: 'HS256', kid: '../../../dev/null' }, claims(), hmac(''))}`,
    'kid as SQL': `Bearer ${forge({ alg: 'HS256', kid: "x' union select '" }, claims(), hmac(''))}`,
    'kid from the prototype': `Bearer ${forge({ alg: 'HS256', kid: '__proto__' }, claims(), hmac(''))}`,
    'kid that is no string': `Bearer ${forge({ alg: 'HS256', kid: { a: 1 } }, claims(), hmac(secret))}`,
    'unknown critical extension': `Bearer ${forge({ alg: 'HS256', kid, crit: ['x'], x: 1 }, claims(), hmac(secret))}`,
    expired: `Bearer ${await signed(claims({ exp: now - 60 }))}`,
    'not yet valid': `Bearer ${await signed(claims({ nbf: now + 60 }))}`,
    'no expiry': `Bearer ${await signed(noExpiry)}`,
    'no subject': `Bearer ${await signed(noSubject)}`,
    'no tenant': `Bearer ${await signed(noTenant)}`,
    'tenant that is no string': `Bearer ${await signed(claims({ tenant_id: ['acme'] }))}`,
    'wrong audience': `Bearer ${await signed(claims({ aud: 'another-server' }))}`,
    'wrong issuer': `Bearer ${await signed(claims({ iss: 'somebody' }))}`,
    'unknown tenant': `Bearer ${await signed(claims({ tenant_id: 'initech' }))}`,
    'unknown user': `Bearer ${await signed(claims({ sub: 'nobody' }))}`,
    'tenant as SQL': `Bearer ${await signed(claims({ tenant_id: "acme' or '1'='1" }))}`,
    'no end to the tenant': `Bearer ${await signed(claims({ tenant_id: 'a'.repeat(5_000) }))}`,
    'NUL in the tenant': `Bearer ${await signed(claims({ tenant_id: 'acme\0' }))}`,
  }
  const expected = {
    status: 401,
    type: 'application/problem+json; charset=utf-8',
    challenge: 'Bearer',
    body: '{"type":"about:blank","title":"Unauthorized","status":401}',
  }
  for (const [name, header] of Object.entries(wrong)) assert.deepEqual(await ask(header), expected, name)
})

test('answers a wrong token before it reads the body', async () => {
  const sent = request(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-length': 1_000, authorization: 'Bearer wrong' },
  })
  sent.flushHeaders()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  assert.equal(response.statusCode, 401)
  sent.destroy()
})

test('verifies tokens of a retired key, and signs with the current one', async () => {
  const [old, fresh] = [Buffer.alloc(32, 'old'), Buffer.alloc(32, 'new')]
  const before = new KeyRing([old])
  const rotated = new KeyRing([fresh, old])
  const token = await issueToken(before, ACTOR, '1h')
  assert.deepEqual(await verifyToken(rotated, token), ACTOR)
  const next = await issueToken(rotated, ACTOR, '1h')
  assert.deepEqual(await verifyToken(rotated, next), ACTOR)
  assert.equal(await verifyToken(before, next), undefined)
  assert.equal(await verifyToken(new KeyRing([fresh]), token), undefined)
})
