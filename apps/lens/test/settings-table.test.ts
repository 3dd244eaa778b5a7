/** One table drives the variables, the flags, the help and the README. */

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { settings } from '../src/config/settings.ts'
import { parseFlags, UsageError } from '../src/flags.ts'
import { defaultWords, helpText } from '../src/help.ts'

const rows = Object.values(settings)

test('the README has a row for each setting, in the words of the table', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  const documented = readme.split('\n').filter((line) => /^\| `(LENS|RUSTOK)_/.test(line))
  const expected = rows.map(
    (row) => `| \`${row.variable}\` | \`--${row.flag}\` | ${defaultWords(row)} | ${row.meaning} |`,
  )
  assert.deepEqual(documented, expected)
})

test('the help names every flag and variable, and fits a terminal', () => {
  const help = helpText()
  for (const { flag, variable } of rows) {
    assert.match(help, new RegExp(`^  --${flag}( <|$)`, 'm'))
    assert.ok(help.includes(`[${variable}, default `), variable)
  }
  assert.ok(help.split('\n').every((line) => line.length <= 130))
})

test('no two settings share a flag or a variable', () => {
  assert.equal(new Set(rows.map(({ flag }) => flag)).size, rows.length)
  assert.equal(new Set(rows.map(({ variable }) => variable)).size, rows.length)
})

test('takes a value after a space or an equals sign, and none for a switch; the last one counts', () => {
  const { values } = parseFlags(['--port', '1', '--data-dir=a=b', '--no-login', '--port=2'], rows)
  assert.deepEqual(
    [...values],
    [
      ['port', '2'],
      ['data-dir', 'a=b'],
      ['no-login', 'true'],
    ],
  )
})

for (const [words, message] of [
  [['--prot', '1'], 'there is no --prot: did you mean --port?'],
  [['--otlp-gprc-port=1'], 'there is no --otlp-gprc-port: did you mean --otlp-grpc-port?'],
  [['host'], 'there is no host: did you mean --host?'],
  [['--something-else-entirely'], 'there is no --something-else-entirely: --help lists what there is'],
  [['-x'], 'there is no -x: --help lists what there is'],
  [['--port'], '--port needs a value: --port <port>'],
  [['--port', '--no-login'], '--port needs a value: --port <port>'],
  [['--__proto__=1'], 'there is no --__proto__: --help lists what there is'],
] as const) {
  test(`refuses ${words.join(' ')} in one line`, () => {
    assert.throws(
      () => parseFlags(words, rows),
      (error) => error instanceof UsageError && error.message === message && error.exitCode === 2,
    )
  })
}
