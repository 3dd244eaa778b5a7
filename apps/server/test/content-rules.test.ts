/** The pure parts of content, with generated inputs: what a node may hold, and cursors. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { nodeCursor } from '../src/content/content-node.ts'
import { canonicalLocale, lookupChain } from '../src/content/locale.ts'
import { checkNewNode, checkNodeChange, MAX_BODY, MAX_TITLE } from '../src/content/node-input.ts'
import { isUuid } from '../src/domain/uuid.ts'

/** Any string at all: NUL and lone surrogates too. */
const anyText = (maxLength: number) =>
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength }).map((units) => String.fromCharCode(...units))

test('brings every cursor back, and takes nothing else for one', () => {
  fc.assert(fc.property(fc.uuid(), (id) => assert.equal(nodeCursor.decode(nodeCursor.encode(id)), id)))
  fc.assert(fc.property(anyText(50), (text) => assert.equal(nodeCursor.decode(text), undefined)))
  fc.assert(
    fc.property(fc.string(), (text) =>
      assert.equal(nodeCursor.decode(Buffer.from(`node:${text}`).toString('base64url')), undefined),
    ),
  )
})

test('knows ids, whatever surrounds them', () => {
  fc.assert(fc.property(fc.uuid(), (id) => assert.ok(isUuid(id) && isUuid(id.toUpperCase()))))
  fc.assert(
    fc.property(fc.uuid(), fc.string({ minLength: 1 }), (id, more) =>
      assert.ok(!isUuid(id + more) && !isUuid(more + id)),
    ),
  )
})

test('accepts exactly what Postgres can store within the limits', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), anyText(MAX_TITLE * 2)),
      fc.oneof(fc.string(), anyText(50)),
      (title, body) => {
        const checked = checkNodeChange({ title, body })
        const storable = (value: string) => value.isWellFormed() && !value.includes('\0')
        const trimmed = title.trim()
        const length = [...trimmed].length
        const valid = storable(trimmed) && storable(body) && length >= 1 && length <= MAX_TITLE
        if (valid) assert.deepEqual(checked, { input: { title: trimmed, body } })
        else assert.ok('errors' in checked && checked.errors.length > 0)
      },
    ),
  )
})

test('counts characters as people do, at both sides of each limit', () => {
  const fieldsOf = (title: string, body: string) => {
    const checked = checkNodeChange({ title, body })
    return 'errors' in checked ? checked.errors.map((error) => error.field) : []
  }
  assert.deepEqual(fieldsOf('🚀'.repeat(MAX_TITLE), 'é'.repeat(MAX_BODY)), [])
  assert.deepEqual(fieldsOf('🚀'.repeat(MAX_TITLE + 1), 'é'.repeat(MAX_BODY + 1)), ['title', 'body'])
  assert.deepEqual(fieldsOf('x', ''), [])
  assert.deepEqual(fieldsOf(' \t\n', ''), ['title'])
})

test('says what is wrong with each field of a new node, by its path', () => {
  const node = { title: 'x', body: '', kind: 'article', locale: 'en', tags: [] } as const
  const wrong = (more: object) => {
    const checked = checkNewNode({ ...node, ...more })
    return 'errors' in checked ? checked.errors.map(({ field }) => field) : checked.input
  }
  assert.deepEqual(wrong({ locale: 'pt-br', tags: [' Rockets', 'ROCKETS', 'e\u0301'], slug: 'a-1' }), {
    ...node,
    locale: 'pt-BR',
    tags: ['rockets', '\u00e9'],
    slug: 'a-1',
  })
  for (const slug of ['', 'A', 'a b', '-a', 'a-', 'a--b', 'a/b', '\u00c4', 'x'.repeat(101)]) {
    assert.deepEqual(wrong({ slug }), ['slug'], JSON.stringify(slug))
  }
  for (const slug of ['a', 'x'.repeat(100), 'fünf-äpfel', '日本-語', 'हिन्दी', '5']) {
    assert.equal(Array.isArray(wrong({ slug })), false, slug)
  }
  for (const locale of ['', 'x', 'de_DE', 'english!', 'en-', `de-${'abcd-'.repeat(8)}abcd`]) {
    assert.deepEqual(wrong({ locale }), ['locale'], locale)
  }
  assert.deepEqual(wrong({ tags: ['fine', ' ', 'x'.repeat(41)] }), ['tags.1', 'tags.2'])
  assert.deepEqual(wrong({ tags: Array.from({ length: 21 }, (_, n) => `${n}`) }), ['tags'])
  assert.deepEqual(wrong({ kind: 'story' }), ['productId'])
  assert.deepEqual(wrong({ productId: 'x' }), ['productId'])
})

test('looks languages up from the most to the least exact, as RFC 4647 does', () => {
  assert.deepEqual(lookupChain('zh-Hant-CN-x-private1-private2'), [
    'zh-Hant-CN-x-private1-private2',
    'zh-Hant-CN-x-private1',
    'zh-Hant-CN',
    'zh-Hant',
    'zh',
  ])
  fc.assert(fc.property(fc.string(), (text) => canonicalLocale(text) === undefined || text.length > 0))
})
