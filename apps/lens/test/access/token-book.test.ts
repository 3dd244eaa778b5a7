import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestOf, newToken, TokenBook } from '../../src/access/token-book.ts'

const token = newToken()
const sha256 = digestOf(token).toString('hex')

function bookOf(...entries: readonly object[]): TokenBook {
  return TokenBook.parse(JSON.stringify({ tokens: entries }))
}

test('knows a token by its hash, and who it is', () => {
  const book = bookOf({ name: 'support', role: 'read', tenants: ['acme', 'globex', 'acme'], sha256 })
  assert.deepEqual(book.find(token)?.access, { name: 'support', role: 'read', tenants: ['acme', 'globex'] })
})

test('takes a star for all tenants, and sets no bounds to admins', () => {
  const all = bookOf({ name: 'a', role: 'read', tenants: ['*'], sha256 }).find(token)
  assert.deepEqual(all?.access, { name: 'a', role: 'read', tenants: undefined })
  assert.equal(bookOf({ name: 'a', role: 'admin', sha256 }).find(token)?.access.tenants, undefined)
})

test('knows no other token, nor one whose hash begins alike', () => {
  const book = bookOf({ name: 'a', role: 'admin', sha256 })
  for (const other of [newToken(), '', token.slice(0, -1), `${token} `, sha256]) {
    assert.equal(book.find(other), undefined)
  }
  const alike = digestOf(token)
  alike[31] = alike[31]! ^ 1
  assert.equal(book.findDigest(alike), undefined)
})

test('forgets a token when it has expired', () => {
  const entry = { name: 'a', role: 'admin', sha256 }
  assert.equal(
    bookOf({ ...entry, expires: new Date(Date.now() - 1000).toISOString() }).find(token),
    undefined,
  )
  assert.ok(bookOf({ ...entry, expires: new Date(Date.now() + 60_000).toISOString() }).find(token))
})

test('makes tokens that no one guesses, and that fit a header', () => {
  assert.match(token, /^lens_[A-Za-z0-9_-]{43}$/)
  assert.notEqual(newToken(), token)
})

const good = { name: 'a', role: 'read', tenants: ['acme'], sha256 }
for (const [what, text, message] of [
  ['no JSON', '{"sha256": "secret', 'not JSON'],
  ['no list', '{}', 'expected {"tokens": […]}'],
  ['null', 'null', 'expected {"tokens": […]}'],
  ['no object', '{"tokens": [1]}', 'tokens[0]: expected an object'],
  ['a misspelt field', one({ ...good, tenant: 'acme' }), 'tokens[0]: there is no field "tenant"'],
  ['no name', one({ ...good, name: '' }), 'tokens[0]: name: expected 1 to 256 characters'],
  ['no role', one({ ...good, role: 'root' }), 'tokens[0]: role: expected one of ingest, read, admin'],
  [
    'a token in place of its hash',
    one({ ...good, sha256: token }),
    'tokens[0]: sha256: expected 64 hex digits',
  ],
  [
    'no tenants',
    one({ ...good, tenants: [] }),
    'tokens[0]: tenants: expected a list of names, or ["*"] for all',
  ],
  [
    'tenants that are no list',
    one({ ...good, tenants: 'acme' }),
    'tokens[0]: tenants: expected a list of names, or ["*"] for all',
  ],
  ['a star among others', one({ ...good, tenants: ['*', 'acme'] }), 'tokens[0]: tenants: "*" stands alone'],
  [
    'a sender of two tenants',
    one({ ...good, role: 'ingest', tenants: ['a', 'b'] }),
    'tokens[0]: tenants: an ingest token has one, or ["*"]',
  ],
  [
    'an admin of one tenant',
    one({ ...good, role: 'admin' }),
    'tokens[0]: tenants: an admin token sees all, and names none',
  ],
  ['a bad date', one({ ...good, expires: 'soon' }), 'tokens[0]: expires: expected a date such as 2027-01-31'],
  [
    'one name twice',
    JSON.stringify({ tokens: [good, { ...good, sha256: '0'.repeat(64) }] }),
    'tokens[1]: there is another token called "a"',
  ],
  [
    'one token twice',
    JSON.stringify({ tokens: [good, { ...good, name: 'b' }] }),
    'tokens[1]: its sha256 is that of another token',
  ],
] as const) {
  test(`refuses a file with ${what}, and says where`, () => {
    assert.throws(() => TokenBook.parse(text), { message })
  })
}

function one(entry: object): string {
  return JSON.stringify({ tokens: [entry] })
}
