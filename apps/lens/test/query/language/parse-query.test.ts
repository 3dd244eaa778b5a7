/** The query language by itself: what text means, and what is said of text that means nothing. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Expression } from '../../../src/query/language/expression.ts'
import { parseQuery } from '../../../src/query/language/parse-query.ts'
import { printQuery } from '../../../src/query/language/print-query.ts'
import { QuerySyntaxError } from '../../../src/query/language/syntax-error.ts'
import { anyCharacter } from '../../support/any-character.ts'
import { arbitraryExpression } from '../../support/arbitrary-query.ts'

/** As printed, which shows what stands in what. */
function assertMeans(text: string, printed: string): void {
  assert.equal(printQuery(parseQuery(text).expression), printed)
}

test('joins conditions side by side, `and` before `or`, `not` before both', () => {
  assertMeans('service = a status = error', 'service = a and status = error')
  assertMeans('service=a or service=b and not error=true', 'service = a or service = b and not error = true')
  assertMeans('(service=a || service=b) && !(name=c)', '(service = a or service = b) and not name = c')
  assertMeans('NOT (service=a OR name=b) AND kind=server', 'not (service = a or name = b) and kind = server')
  assertMeans('not not service = a', 'service = a')
})

test('knows fields by their names in any case, by their other names, and as attributes when they are quoted', () => {
  const field = (text: string) => parseQuery(text).expression
  assert.deepEqual(field('Operation = x'), { type: 'span', field: 'name', operator: '=', value: 'x' })
  assert.deepEqual(field('status.message ~ x'), { type: 'span', field: 'message', operator: '~', value: 'x' })
  const attribute = { type: 'attribute', operator: '=', value: 'x' }
  assert.deepEqual(field('"service" = x'), { ...attribute, of: 'any', key: 'service' })
  assert.deepEqual(field('http.route = x'), { ...attribute, of: 'any', key: 'http.route' })
  assert.deepEqual(field('span.http.route = x'), { ...attribute, of: 'span', key: 'http.route' })
  assert.deepEqual(field('resource."service" = x'), { ...attribute, of: 'resource', key: 'service' })
  assert.deepEqual(field('event.name == x'), { ...attribute, of: 'event', key: 'name' })
  assert.deepEqual(field("span.'odd key = {' = x"), { ...attribute, of: 'span', key: 'odd key = {' })
})

test('reads values by the type of their field', () => {
  const value = (text: string) => (parseQuery(text).expression as { value?: unknown }).value
  assert.equal(value('duration >= 1.5s'), 1_500_000_000n)
  assert.equal(value('trace.duration > 2m'), 120_000_000_000n)
  assert.equal(value('trace.spans > 100'), 100n)
  assert.equal(value('root = TRUE'), true)
  assert.equal(value('http.response.status_code >= 500'), 500n)
  assert.equal(value('http.response.status_code = 500'), '500')
  assert.equal(value('body.size > 10kB'), 10_000n)
  assert.equal(value('body.size > 1.5MiB'), 1_572_864n)
  assert.equal(value('ratio < -2.5e-1'), -0.25)
  assert.equal(value('big_number >= 9223372036854775807'), 9_223_372_036_854_775_807n)
  assert.equal(value('big_number >= 9223372036854775808'), 2 ** 63)
  assert.equal(value(String.raw`name = "a \"b\" \\ \u00e9 \d+\n"`), 'a "b" \\ é \\d+\n')
  assert.equal(value('name = /api/v1/products/:id'), '/api/v1/products/:id')
})

test('asks whether a field is there with has() and with a star', () => {
  const expected: Expression = {
    type: 'attribute',
    of: 'any',
    key: 'db.query.text',
    operator: 'exists',
    value: '',
  }
  assert.deepEqual(parseQuery('has(db.query.text)').expression, expected)
  assert.deepEqual(parseQuery('db.query.text = *').expression, expected)
  assert.deepEqual(parseQuery('db.query.text != *').expression, { type: 'not', operand: expected })
  assert.deepEqual(parseQuery('name = "*"').expression, {
    type: 'span',
    field: 'name',
    operator: '=',
    value: '*',
  })
})

test('looks for words that stand alone', () => {
  assertMeans('deadlock "not found" service=a', '"deadlock" and "not found" and service = a')
})

test('says where the first part is that is about the trace', () => {
  assert.equal(parseQuery('service = a').traceScope, undefined)
  assert.deepEqual(parseQuery('service = a and { name = b } and trace.spans > 1').traceScope, {
    column: 17,
    length: 12,
  })
  assert.deepEqual(parseQuery('trace.spans > 1').traceScope, { column: 1, length: 15 })
})

/** The text, with the part in ‹› that the error must point at (nothing in them: where something is missing), and what it must say. */
const mistakes: readonly (readonly [text: string, message: RegExp])[] = [
  ['service = checkout and ‹sevice› = a', /did you mean service\?/],
  ['‹servcie› = a', /did you mean service/],
  ['‹trace.duratoin› > 2s', /did you mean trace\.duration\?/],
  ['‹trace.foo› = 1', /there are trace\.duration, trace\.spans/],
  ['status = ‹eror›', /did you mean error\?/],
  ['status = ‹500›', /expected one of unset, ok, error/],
  ['kind = ‹srever›', /did you mean server\?/],
  ['duration > ‹100›', /expected a duration, such as 150ms/],
  ['duration ‹~› 1s', /duration takes = != </],
  ['name ‹<› b', /name takes = != ~ =~/],
  ['http.response.body.size > ‹big›', /expected a number/],
  ['http.client.latency > ‹150ms›', /a number in its own unit/],
  ['trace.spans > ‹-1›', /expected a count/],
  ['trace.spans ‹=~› 1', /is a number/],
  ['service = ‹›', /expected a value after =/],
  ['service = ‹)›', /expected a value after =/],
  ['service ‹!~› a', /not … ~ …/],
  ['‹service›', /expected a comparison after service/],
  ['‹service:checkout›', /written with =, as in service = checkout/],
  ['service = a or ‹›', /expected a condition/],
  ['‹›', /expected a condition/],
  ['‹=› a', /expected a field before the operator/],
  ['‹(›service = a', /expected a closing \)/],
  ['‹{› service = a', /expected a closing }/],
  ['(service = a ‹}›', /expected and, or, or \)/],
  ['service = a ‹)›', /nothing open that \) closes/],
  ['service = a ‹=› b', /expected and, or, or the end/],
  ['{ service = a and ‹{› name = b } }', /braces cannot stand in braces/],
  ['{ service = a and ‹trace.spans > 1› }', /outside braces/],
  ['name = ‹"abc›', /expected a closing "/],
  ['name = a ‹&› b', /needs quotes/],
  ['name = ‹GET*›', /takes no wildcards/],
  ['name =~ ‹"a(b"›', /not a regular expression of RE2/],
  ['name =~ ‹"(?=a)"›', /not a regular expression of RE2/],
  ['name ~ ‹""›', /expected some text/],
  ['‹span.name› = a', /span\."name"/],
  ['‹span.› = a', /expected a key after span\./],
  ['has(‹)›', /expected a field or a key/],
  ['has‹(›http.route', /expected a closing \)/],
  ['has(‹trace.spans›)', /every trace has/],
  ['name = ‹"\\ud800"›', /half a character/],
  [`name = "‹\ud800›"`, /half a character/],
]

for (const [marked, message] of mistakes) {
  test(`points at the mistake in ${JSON.stringify(marked)}`, () => {
    const column = marked.indexOf('‹') + 1
    const length = marked.indexOf('›') - column
    assert.throws(
      () => parseQuery(marked.replace(/[‹›]/g, '')),
      (error) => {
        assert.ok(error instanceof QuerySyntaxError)
        assert.match(error.message, message)
        assert.deepEqual({ column: error.column, length: error.length }, { column, length })
        return true
      },
    )
  })
}

test('bounds length, depth and the number of conditions', () => {
  const conditions = (count: number) => Array.from({ length: count }, () => 'a.b=1').join(' ')
  parseQuery(conditions(64))
  assert.throws(() => parseQuery(conditions(65)), /more than 64 conditions/)
  const nested = (depth: number) => `${'('.repeat(depth)}a.b=1${')'.repeat(depth)}`
  parseQuery(nested(32))
  assert.throws(() => parseQuery(nested(33)), /deeper than 32/)
  assert.throws(() => parseQuery('('.repeat(4096)), /deeper than 32/)
  assert.throws(() => parseQuery('not '.repeat(1000)), /deeper than 32/)
  parseQuery('x'.repeat(4096))
  assert.throws(() => parseQuery('x'.repeat(4097)), { column: 4097, length: 1 })
})

test('prints what it parses: the same tree comes back', () => {
  const text = fc
    .string({ unit: anyCharacter, minLength: 1, maxLength: 30 })
    .map((value) => value.toWellFormed())
    .filter((value) => value.trim() !== '')
  const integer = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  const fraction = fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .filter((value) => !Number.isInteger(value) || Math.abs(value) > 2 ** 63)
  const expression = arbitraryExpression({
    keys: fc.oneof(
      text,
      fc.constantFrom('http.route', 'service', 'span.x', 'status.message', 'and', 'a', ''),
    ),
    texts: fc.oneof(text, fc.constantFrom('and', 'or', 'not', 'has', '*', '1', '-', 'a b')),
    numbers: fc.oneof(integer, fraction),
    durations: fc.bigInt({ min: 0n, max: 2n ** 53n }),
    patterns: fc.constantFrom('a+', '^GET /\\d+', '"', '(?i)x|y', "it's"),
  })
  fc.assert(
    fc.property(expression, (tree) => {
      const printed = printQuery(tree)
      assert.deepEqual(parseQuery(printed).expression, tree, printed)
    }),
    { numRuns: 2000 },
  )
})

test('throws its own error alone, whatever the text', () => {
  const pieces = fc.constantFrom(
    ...[
      'service',
      'status',
      'a.b',
      'trace.spans',
      'span.',
      'has',
      'and',
      'or',
      'not',
      '*',
      '5',
      '10ms',
      '"x"',
      '"',
    ],
    ...[
      "'",
      '=',
      '!=',
      '<',
      '<=',
      '~',
      '=~',
      '!~',
      '(',
      ')',
      '{',
      '}',
      '!',
      '&&',
      '||',
      '&',
      ' ',
      '\\',
      '\ud83d',
      'é',
    ],
  )
  const anything = fc.oneof(
    fc.string({ unit: anyCharacter, maxLength: 200 }),
    fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join('')),
    fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join(' ')),
  )
  fc.assert(
    fc.property(anything, (text) => {
      try {
        const { expression } = parseQuery(text)
        assert.deepEqual(parseQuery(printQuery(expression)).expression, expression)
      } catch (error) {
        if (!(error instanceof QuerySyntaxError)) throw error
        assert.ok(error.column >= 1 && error.column - 1 + error.length <= text.length, error.message)
      }
    }),
    { numRuns: 5000 },
  )
})
