/** Whom a span called and what it did, from the few attributes that the waterfall reads. */

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { saidOfSpans } from '../../src/query/said-of-spans.ts'
import { textAt } from '../../src/store/native/read-columns.ts'

const listOf = (texts: readonly string[]) => ({ values: texts, index: texts.map((_, at) => at) })
const of = (name: string, tokens: readonly string[]) => {
  const { callees, operations, errorTypes } = saidOfSpans(listOf([name]), listOf([tokens.join('\0')]))
  return { callee: textAt(callees, 0), operation: textAt(operations, 0), errorType: textAt(errorTypes, 0) }
}

suite('a span named by a verb', () => {
  for (const [what, name, tokens, callee] of [
    [
      'tells its address',
      'GET',
      ['server.address:s=pay', 'url.full:s=https://pay/v3?k=1'],
      'https://pay/v3?k=1',
    ],
    ['tells its host when the address is none', 'GET', ['server.address:s=pay', 'url.full:s=/v3'], 'pay'],
    [
      'tells its table',
      'SELECT',
      ['db.system:s=mysql', 'server.address:s=db', 'db.collection.name:s=a=b'],
      'a=b',
    ],
    ['tells no host for a table', 'SELECT', ['db.system.name:s=mysql', 'server.address:s=db'], ''],
    ['may tell nothing', 'SELECT', [], ''],
    ['is only that: a route is no verb', 'GET /cart', ['url.full:s=https://shop/cart'], ''],
  ] as const) {
    test(what, () => assert.equal(of(name, tokens).callee, callee))
  }
})

suite('an operation of GraphQL', () => {
  const type = 'graphql.operation.type:s=query'
  for (const [what, tokens, operation] of [
    ['has a type and a name', [type, 'graphql.operation.name:s=Cart'], 'query Cart'],
    ['has a name alone', ['graphql.operation.name:s=Cart'], 'Cart'],
    ['without a name is called as its span', [type, 'graphql.operation.name:s='], 'POST /graphql'],
    ['is none without both', ['error.type:s=timeout'], ''],
  ] as const) {
    test(what, () => assert.equal(of('POST /graphql', tokens).operation, operation))
  }
})

test('the first attribute of a key counts, of any type', () => {
  assert.equal(of('a', ['error.type:i=504', 'error.type:s=late']).errorType, '504')
})

test('rows share what they say', () => {
  const names = { values: ['GET', 'jobs'], index: [0, 1, 0] }
  const said = { values: ['', 'server.address:s=pay'], index: [1, 1, 0] }
  const { callees } = saidOfSpans(names, said)
  assert.deepEqual(
    names.index.map((_, row) => textAt(callees, row)),
    ['pay', '', ''],
  )
})
