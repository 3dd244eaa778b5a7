import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileOfInsert, insertFromFile, prelude, quote } from '../../src/store/embedded/statement.ts'

const defaults = { max_threads: '2', max_result_rows: '0' }

test('sets every default, what the request says instead, and its parameters as literals', () => {
  const search = new URLSearchParams({
    max_result_rows: '10',
    param_who: "o'neil\\",
    database: 'a`b',
    query: 'SELECT',
  })
  assert.equal(
    prelude(search, defaults, new Map()),
    "SET max_threads = '2', max_result_rows = '10', param_who = 'o\\'neil\\\\'; USE `a\\`b`; ",
  )
})

test('says to a session what it does not know yet, and brings back what another request changed', () => {
  const state = new Map<string, string>()
  const next = (fields: Record<string, string>) => prelude(new URLSearchParams(fields), defaults, state)
  next({ max_result_rows: '10', param_who: 'a', database: 'lens' })
  assert.equal(next({ max_result_rows: '10', param_who: 'a', database: 'lens' }), '')
  assert.equal(next({ param_who: 'b', database: 'lens' }), "SET max_result_rows = '0', param_who = 'b'; ")
  assert.equal(next({ database: 'other' }), 'USE `other`; ')
  assert.equal(next({}), '')
  assert.equal(next({ max_result_rows: '10' }), "SET max_result_rows = '10'; ")
})

test('refuses names that are no parameter and no setting with a default, which would stay for the next statement', () => {
  for (const name of [
    'readonly',
    'max_threads = 1, readonly',
    'param_',
    "param_x = '1', y",
    '__proto__',
    'constructor',
  ]) {
    assert.throws(() => prelude(new URLSearchParams([[name, '1']]), defaults, new Map()), RangeError, name)
  }
})

test('knows an insert whose file waits in the inbox, and no other', () => {
  const insert = insertFromFile('INSERT INTO spans (a, b)', 'inbox/0a-7')
  assert.equal(insert, "INSERT INTO spans (a, b) FROM INFILE 'inbox/0a-7' FORMAT Native")
  assert.equal(fileOfInsert(insert), 'inbox/0a-7')
  assert.equal(fileOfInsert("INSERT INTO t FROM INFILE '../elsewhere' FORMAT Native"), undefined)
  assert.equal(fileOfInsert("INSERT INTO t FROM INFILE 'inbox/../x' FORMAT Native"), undefined)
  assert.equal(fileOfInsert('INSERT INTO t SELECT 1'), undefined)
})

test('quotes what would end a literal', () => {
  assert.equal(quote("a'b\\c\0"), "'a\\'b\\\\c\\0'")
})
