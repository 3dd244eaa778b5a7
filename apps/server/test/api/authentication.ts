/** Who gets in: every wrong token gets the same answer, and none reaches GraphQL. */
import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, KeyObject, sign } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { test } from 'node:test'
import { SignJWT } from 'jose'
import { ed25519Key, KeyRing } from '../../src/identity/key-ring.ts'
import { issueToken, TokenVerifier } from '../../src/identity/tokens.ts'
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
  return new SignJWT(payload).setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid, ...header }).sign(secret)
}

test('lets a well-formed token in', async () => {
  const token = await signed(claims())
  const answer = await ask(`Bearer ${token}`)
  assert.equal(answer.status, 200)
  assert.equal((await ask(`bearer   ${token}`)).status, 200)
})

test('answers every wrong token in the same words', async () => {
  const { kid, secret, verifier } = server.keys.current
  assert.ok(secret instanceof KeyObject && verifier instanceof KeyObject)
  const hmac = (key: string | Uint8Array) => (input: string) =>
    createHmac('sha256', key).update(input).digest('base64url')
  const eddsa = (key: KeyObject) => (input: string) =>
    sign(null, Buffer.from(input), key).toString('base64url')
  const other = generateKeyPairSync('ed25519').privateKey
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey
  const pem = verifier.export({ type: 'spki', format: 'pem' })
  const point = Buffer.from(String(verifier.export({ format: 'jwk' }).x), 'base64url')
  const typ = 'at+jwt'
  const good = { alg: 'EdDSA', typ, kid }
  const now = Math.floor(Date.now() / 1_000)
  const valid = await signed(claims())
  const [head, body, signature] = valid.split('.') as [string, string, string]
  const otherBody = Buffer.from(JSON.stringify(claims({ tenant_id: 'globex', sub: 'dev' }))).toString(
    'base64url',
  )
  const { exp: _exp, ...noExpiry } = claims()
  const { sub: _sub, ...noSubject } = claims()
  const { tenant_id: _tenant, ...noTenant } = claims()

  // That what follows is refused for its reason, not for how it was put together.
  assert.equal((await ask(`Bearer ${forge(good, claims(), eddsa(secret))}`)).status, 200)
  const wrong: Record<string, string | undefined> = {
    'no header': undefined,
    'empty header': '',
    'another scheme': `Basic ${Buffer.from('ada:ada').toString('base64')}`,
    'no token': 'Bearer ',
    'no JWT': 'Bearer hello',
    'two tokens': `Bearer ${valid} ${valid}`,
    'signature cut off': `Bearer ${head}.${body}.`,
    'signature of zeros': `Bearer ${head}.${body}.${Buffer.alloc(64).toString('base64url')}`,
    'payload exchanged': `Bearer ${head}.${otherBody}.${signature}`,
    'alg none': `Bearer ${forge({ ...good, alg: 'none' }, claims(), () => '')}`,
    'alg None with a signature': `Bearer ${forge({ ...good, alg: 'None' }, claims(), eddsa(secret))}`,
    'HS256 with the public key in PEM': `Bearer ${forge({ ...good, alg: 'HS256' }, claims(), hmac(String(pem)))}`,
    'HS256 with the point of the public key': `Bearer ${forge({ ...good, alg: 'HS256' }, claims(), hmac(point))}`,
    'HS256 with the kid': `Bearer ${forge({ ...good, alg: 'HS256' }, claims(), hmac(kid))}`,
    'HS256 with an empty key': `Bearer ${forge({ ...good, alg: 'HS256' }, claims(), hmac(''))}`,
    'RS256 with a key of its own': `Bearer ${forge({ ...good, alg: 'RS256' }, claims(), (input) => sign('sha256', Buffer.from(input), rsa).toString('base64url'))}`,
    'another key under our kid': `Bearer ${forge(good, claims(), eddsa(other))}`,
    'a key that the header brings': `Bearer ${forge({ ...good, jwk: other.export({ format: 'jwk' }) }, claims(), eddsa(other))}`,
    'a key from elsewhere': `Bearer ${forge({ ...good, jku: 'http://127.0.0.1:1/keys', x5u: 'http://127.0.0.1:1/x' }, claims(), eddsa(other))}`,
    'no kid': `Bearer ${forge({ alg: 'EdDSA', typ }, claims(), eddsa(secret))}`,
    'unknown kid': `Bearer ${await signed(claims(), { kid: 'unknown' })}`,
    'kid as a path': `Bearer ${forge({ ...good, alg: 'HS256', kid: '../../../dev/null' }, claims(), hmac(''))}`,
    'kid as SQL': `Bearer ${forge({ ...good, alg: 'HS256', kid: "x' union select '" }, claims(), hmac(''))}`,
    'kid from the prototype': `Bearer ${forge({ ...good, kid: '__proto__' }, claims(), eddsa(secret))}`,
    'kid that is no string': `Bearer ${forge({ ...good, kid: { a: 1 } }, claims(), eddsa(secret))}`,
    'unknown critical extension': `Bearer ${forge({ ...good, crit: ['x'], x: 1 }, claims(), eddsa(secret))}`,
    'another type of token': `Bearer ${await signed(claims(), { typ: 'JWT' })}`,
    'no type': `Bearer ${forge({ alg: 'EdDSA', kid }, claims(), eddsa(secret))}`,
    'too long to be ours': `Bearer ${await signed(claims({ padding: 'x'.repeat(3_000) }))}`,
    'the end of no session': `Bearer ${await signed(claims({ sid: '01999999-9999-7999-8999-999999999999' }))}`,
    'a session that is no id': `Bearer ${await signed(claims({ sid: "x' or true --" }))}`,
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
    body: '{"type":"urn:rustok:problem:unauthenticated","title":"It takes a valid token, or the right password","status":401}',
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

test('goes on verifying the tokens of a retired key, and signs with the current one', async () => {
  const [old, fresh] = [0, 1].map((from) => ed25519Key(generateKeyPairSync('ed25519').privateKey, from))
  const ring = new KeyRing([old!])
  const tokens = new TokenVerifier(ring)
  const token = await issueToken(ring, ACTOR, 3_600)
  const holder = { ...ACTOR, sessionId: undefined }
  assert.deepEqual(await tokens.verify(token), holder)

  ring.replace([fresh!, old!])
  assert.deepEqual(await tokens.verify(token), holder)
  const next = await issueToken(ring, ACTOR, 3_600)
  assert.deepEqual(await tokens.verify(next), holder)
  assert.equal(await new TokenVerifier(new KeyRing([old!])).verify(next), undefined)

  ring.replace([fresh!])
  assert.equal(await tokens.verify(token), undefined, 'not even from memory')
  assert.deepEqual(await tokens.verify(next), holder)
})

test('forgets a verified token when it expires', async (t) => {
  const { keys } = server
  const tokens = new TokenVerifier(keys)
  // Tokens count in whole seconds.
  t.mock.timers.enable({ apis: ['Date'], now: Math.floor(Date.now() / 1_000) * 1_000 })
  const token = await issueToken(keys, ACTOR, 60)
  assert.ok(await tokens.verify(token))
  t.mock.timers.tick(64_999)
  assert.ok(await tokens.verify(token))
  t.mock.timers.tick(1)
  assert.equal(await tokens.verify(token), undefined)
  assert.equal(await tokens.verify(token), undefined)
})

test('refuses a token whose tenant is not the one that the request names', async () => {
  const { token } = server.user('ada')
  const named = async (headers: Record<string, string>) => {
    const sent = request(`${server.url}/graphql?query={me{id}}`, {
      headers: { authorization: `Bearer ${token}`, ...headers },
    }).end()
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    const body = Buffer.concat(await response.toArray()).toString()
    return { status: response.statusCode, body }
  }
  assert.equal((await named({ 'x-tenant-id': 'acme' })).status, 200)
  assert.equal((await named({ host: 'ACME.localhost:5150' })).status, 200)
  assert.equal((await named({ host: 'somewhere.example' })).status, 200)
  const refused = {
    status: 403,
    body: '{"type":"urn:rustok:problem:forbidden","title":"That is not allowed","status":403,"detail":"The token belongs to another tenant"}',
  }
  for (const header of ['globex', 'no-such-tenant', '', "acme' or '1'='1"]) {
    assert.deepEqual(await named({ 'x-tenant-id': header }), refused, header)
  }
  assert.deepEqual(await named({ host: 'globex.localhost' }), refused)
  // Only the connection itself says where a request came to.
  assert.equal(
    (await named({ 'x-forwarded-host': 'globex.localhost', forwarded: 'host=globex.localhost' })).status,
    200,
  )
})
