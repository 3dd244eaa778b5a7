/** What may be told of an error: our own words and known ones, and never what they were filled with. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createLogger } from '../src/log.ts'
import { tellFields } from '../src/telling/log-fields.ts'
import { tellError, tellStack } from '../src/telling/tell-error.ts'
import { tell, told, WITHHELD } from '../src/telling/told.ts'

test('tells what was marked as our own words, letter for letter', () => {
  assert.equal(tell(told('the relay has 7 events')), 'the relay has 7 events')
  assert.equal(tell('the relay has 8 events'), WITHHELD)
  assert.equal(tell(WITHHELD), WITHHELD)
})

test('forgets the oldest of very many, and not what is said again and again', () => {
  told('said often')
  told('said once')
  for (let n = 0; n < 2_000; n += 1) {
    told(`number ${n}`)
    told('said often')
  }
  assert.deepEqual([tell('said once'), tell('said often')], [WITHHELD, 'said often'])
})

test('tells known messages of Node, the drivers and PostgreSQL, and none that only contains one', () => {
  const known = [
    'connect ECONNREFUSED 127.0.0.1:5432',
    'connect ECONNREFUSED ::1:5432',
    'read ECONNRESET',
    'Connection terminated unexpectedly',
    'terminating connection due to administrator command',
    'canceling statement due to statement timeout',
    'could not serialize access due to concurrent update',
    'duplicate key value violates unique constraint "users_email"',
    'new row for relation "nodes" violates check constraint "nodes_title"',
    'insert or update on table "nodes" violates foreign key constraint "nodes_author"',
    'null value in column "title" of relation "nodes" violates not-null constraint',
    'permission denied for table users',
    'deadlock detected',
  ]
  for (const message of known) {
    assert.equal(tell(message), message)
    assert.equal(tell(`${message}: hunter2`), WITHHELD, message)
    assert.equal(tell(`hunter2 ${message}`), WITHHELD, message)
    assert.equal(tell(`${message}\nhunter2`), WITHHELD, message)
  }
  for (const message of [
    'invalid input syntax for type uuid: "hunter2"',
    'Unexpected token \'h\', "hunter2" is not valid JSON',
    'getaddrinfo ENOTFOUND hunter2',
    'duplicate key value violates unique constraint "hunter 2"',
  ]) {
    assert.equal(tell(message), WITHHELD)
  }
})

test('tells type, code, identifiers and places of an error, and of its causes', () => {
  const cause = Object.assign(new TypeError('hunter2'), { code: 'ERR_INVALID_URL', input: 'hunter2' })
  const error = Object.assign(new Error('hunter2', { cause }), {
    code: '23505',
    severity: 'ERROR',
    table: 'users',
    constraint: 'users_email',
    detail: 'Key (email)=(hunter2) already exists.',
    params: ['hunter2'],
  })
  const { stack, cause: told, ...rest } = tellError(error)
  assert.deepEqual(rest, {
    type: 'Error',
    message: WITHHELD,
    code: '23505',
    severity: 'ERROR',
    table: 'users',
    constraint: 'users_email',
  })
  assert.match(stack ?? '', /^Error: \(withheld\)\n {4}at .*telling\.test\.ts:\d+:\d+\)/)
  assert.deepEqual([told?.type, told?.code, told?.message], ['TypeError', 'ERR_INVALID_URL', WITHHELD])
})

test('keeps every frame of a real stack', async () => {
  const fail = async () => {
    await Promise.all([Promise.reject(new RangeError('hunter2'))])
  }
  const error = await [1]
    .map(() => fail())
    .at(0)!
    .catch((error: unknown) => error)
  const { stack = '' } = error as RangeError
  assert.equal(tellStack(stack), stack.replace('hunter2', WITHHELD))
  const wasm =
    'Error: x\n    at f (file:///a b.ts:1:2)\n    at wasm://wasm/0a1:wasm-function[7]:0x1f\n    at async Promise.all (index 0)'
  assert.deepEqual(tellStack(wasm.replace('a b', 'a')), wasm.replace('a b', 'a').replace('x', WITHHELD))
})

test('says nothing of a message, whatever it looks like', () => {
  const secret = 'zanzibar'
  const part = fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.constantFrom(
      '\n',
      '\n    at f (',
      ')',
      ' (file:///x.ts:1:1)',
      'Error: ',
      ': ',
      'deadlock detected',
      '"',
    ),
  )
  const message = fc
    .tuple(fc.array(part, { maxLength: 6 }), fc.array(part, { maxLength: 6 }))
    .map(([before, after]) => `${before.join('')}${secret}${after.join('')}`)
  fc.assert(
    fc.property(message, message, (message, cause) => {
      const error = new Error(message, { cause: new AggregateError([cause, new Error(cause)], cause) })
      assert.doesNotMatch(JSON.stringify(tellError(error)), /zanzibar/)
      assert.doesNotMatch(
        JSON.stringify(tellFields({ [message]: 1, reason: 'x', err: tellError(error) }).err),
        /zanzibar/,
      )
    }),
  )
})

test('survives whatever was thrown', () => {
  const hostile = new Proxy(
    {},
    {
      get() {
        throw new Error('hunter2')
      },
    },
  )
  const cyclic = new Error('hunter2')
  cyclic.cause = cyclic
  for (const thrown of [
    hostile,
    cyclic,
    undefined,
    null,
    7n,
    Symbol('hunter2'),
    'hunter2',
    { message: 7, stack: {} },
  ]) {
    assert.doesNotMatch(JSON.stringify(tellError(thrown)), /hunter2/)
  }
})

test('writes fields that are listed alone', () => {
  assert.deepEqual(
    tellFields({ status: 200, migrations: ['0001'], password: 'hunter2', headers: {}, url: 'x'.repeat(301) }),
    {
      status: 200,
      migrations: ['0001'],
      password: WITHHELD,
      headers: WITHHELD,
      url: WITHHELD,
    },
  )
})

test('writes a line with nothing of what is put into it but what is listed, unless redaction is off', () => {
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line) }
  const logAll = (redaction: boolean) => {
    const log = createLogger({ level: 'info', format: 'json', destination, redaction })
    log.error(new Error('hunter2'))
    log.error({ err: new Error('hunter2') })
    log.info({ password: 'hunter2' }, 'a message')
    log.child({ token: 'hunter2' }).info('of a child')
    log.info('a message with %s', 'hunter2')
  }
  logAll(true)
  assert.equal(lines.length, 5)
  assert.doesNotMatch(lines.join(), /hunter2/)
  logAll(false)
  for (const line of lines.slice(5)) assert.match(line, /hunter2/)
})
