/** The pure parts of content, with generated inputs: what a node may hold, and cursors. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeCursor, encodeCursor } from '../src/content/cursor.ts'
import { MAX_BODY, MAX_TITLE, validateNewNode } from '../src/content/node-input.ts'
import { isUuid } from '../src/domain/uuid.ts'

/** Any string at all: NUL and lone surrogates too. */
const anyText = (maxLength: number) =>
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength }).map((units) => String.fromCharCode(...units))

test('brings every cursor back, and takes nothing else for one', () => {
  fc.assert(fc.property(fc.uuid(), (id) => assert.equal(decodeCursor(encodeCursor(id)), id)))
  fc.assert(fc.property(anyText(50), (text) => assert.equal(decodeCursor(text), undefined)))
  fc.assert(
    fc.property(fc.string(), (text) =>
      assert.equal(decodeCursor(Buffer.from(`node:${text}`).toString('base64url')), undefined),
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
        const checked = validateNewNode({ title, body })
        const storable = (value: string) => value.isWellFormed() && !value.includes('\0')
        const trimmed = title.trim()
        const length = [...trimmed].length
        const valid = storable(trimmed) && storable(body) && length >= 1 && length <= MAX_TITLE
        if (valid) assert.deepEqual(checked, { node: { title: trimmed, body } })
        else assert.ok('errors' in checked && checked.errors.length > 0)
      },
    ),
  )
})

test('counts characters as people do, at both sides of each limit', () => {
  const fieldsOf = (title: string, body: string) => {
    const checked = validateNewNode({ title, body })
    return 'errors' in checked ? checked.errors.map((error) => error.field) : []
  }
  assert.deepEqual(fieldsOf('🚀'.repeat(MAX_TITLE), 'é'.repeat(MAX_BODY)), [])
  assert.deepEqual(fieldsOf('🚀'.repeat(MAX_TITLE + 1), 'é'.repeat(MAX_BODY + 1)), ['title', 'body'])
  assert.deepEqual(fieldsOf('x', ''), [])
  assert.deepEqual(fieldsOf(' \t\n', ''), ['title'])
})
