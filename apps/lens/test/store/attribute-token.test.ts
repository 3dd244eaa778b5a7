import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KeyValueList } from '@rustok/otlp'
import fc from 'fast-check'
import {
  appendAttribute,
  decodeAttribute,
  encodeAttribute,
  tokensEqualTo,
} from '../../src/store/attribute-token.ts'
import { ByteBuffer } from '../../src/store/native/byte-buffer.ts'
import { keyValue } from '../support/arbitrary-otlp.ts'

test('brings back every attribute that OTLP can say', () => {
  fc.assert(
    fc.property(keyValue, (attribute) => {
      assert.deepEqual(decodeAttribute(encodeAttribute(attribute)), attribute)
    }),
    { numRuns: 2000 },
  )
})

test('appends to a buffer the same string as it returns, behind its length', () => {
  fc.assert(
    fc.property(keyValue, fc.nat({ max: 300 }), (attribute, padding) => {
      const longer =
        typeof attribute.value === 'string' ? attribute.value + 'é'.repeat(padding) : attribute.value
      const appended = new ByteBuffer(1)
      appendAttribute(appended, { key: attribute.key, value: longer })
      const expected = new ByteBuffer(1)
      expected.appendString(encodeAttribute({ key: attribute.key, value: longer }))
      assert.deepEqual(appended.view(), expected.view())
    }),
    { numRuns: 2000 },
  )
})

test('writes tokens in the documented form', () => {
  const token = (key: string, value: Parameters<typeof encodeAttribute>[0]['value']) =>
    encodeAttribute({ key, value })
  assert.equal(token('http.request.method', 'GET'), 'http.request.method:s=GET')
  assert.equal(token('http.response.status_code', 200n), 'http.response.status_code:i=200')
  assert.equal(token('rate', -0), 'rate:d=-0')
  assert.equal(token('retried', true), 'retried:t=true')
  assert.equal(token('body', new Uint8Array([1, 2])), 'body:x=AQI=')
  assert.equal(token('a=b\\', 'c=d'), 'a\\=b\\\\:s=c=d')
  assert.equal(token('list', [1n, 'x', undefined]), 'list:a=[{"i":"1"},"x",null]')
  assert.equal(token('map', new KeyValueList([{ key: 'k', value: 1.5 }])), 'map:k=[["k",{"d":"1.5"}]]')
})

test('looks for a text among all types that would show it', () => {
  assert.deepEqual(tokensEqualTo('k', '200'), ['k:s=200', 'k:i=200', 'k:d=200'])
  assert.deepEqual(tokensEqualTo('k', 'true'), ['k:s=true', 'k:t=true'])
  assert.deepEqual(tokensEqualTo('k', '0.5'), ['k:s=0.5', 'k:d=0.5'])
  assert.deepEqual(tokensEqualTo('k=', ''), ['k\\=:s='])
})
