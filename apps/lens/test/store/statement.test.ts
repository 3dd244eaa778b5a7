import assert from 'node:assert/strict'
import { test } from 'node:test'
import { insertFromFile, prelude, quote } from '../../src/store/embedded/statement.ts'

const defaults = { max_threads: '2', max_result_rows: '0' }

test('sets every default, what the request says instead, and its parameters as literals', () => {
  const search = new URLSearchParams({
    max_result_rows: '10',
    param_who: "o'neil\\",
    database: 'a`b',
    query: 'SELECT',
  })
  assert.equal(
    prelude(search, defaults, 'm1'),
    "SET max_threads = '2', max_result_rows = '10', log_comment = 'm1', param_who = 'o\\'neil\\\\'; USE `a\\`b`; ",
  )
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
    assert.throws(() => prelude(new URLSearchParams([[name, '1']]), defaults, 'm1'), RangeError, name)
  }
})

test('reads an insert from a file', () => {
  assert.equal(
    insertFromFile('INSERT INTO spans (a, b) FORMAT Native', 'inbox/7'),
    "INSERT INTO spans (a, b) FROM INFILE 'inbox/7' FORMAT Native",
  )
  assert.equal(insertFromFile('INSERT INTO t SELECT 1', 'inbox/7'), undefined)
  assert.equal(insertFromFile('SELECT 1 FORMAT JSON', 'inbox/7'), undefined)
})

test('quotes what would end a literal', () => {
  assert.equal(quote("a'b\\c\0"), "'a\\'b\\\\c\\0'")
})
