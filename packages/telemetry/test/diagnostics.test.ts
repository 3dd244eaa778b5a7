/** What this package says about itself: on standard error, at the level that is configured, each kind of message once. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, mock, test } from 'node:test'
import { diag } from '@opentelemetry/api'
import { enableDiagnostics } from '../src/diagnostics.ts'

let said: string[] = []
beforeEach(() => {
  said = []
  mock.method(process.stderr, 'write', (text: string) => said.push(text) > 0)
})
afterEach(() => {
  diag.disable()
  mock.restoreAll()
})

test('a message is one line that names the package, the level and the details', () => {
  enableDiagnostics('info')
  diag.warn('the collector is away', new Error('ECONNREFUSED'), 3)
  assert.deepEqual(said, ['rustok-telemetry warning: the collector is away ECONNREFUSED 3\n'])
})

test('what lies below the level is not said', () => {
  enableDiagnostics('warn')
  diag.info('info')
  diag.debug('debug')
  diag.verbose('verbose')
  diag.error('error')
  diag.warn('warning')
  assert.deepEqual(
    said.map((line) => line.split(' ')[1]),
    ['error:', 'warning:'],
  )
})

test('none says nothing', () => {
  enableDiagnostics('none')
  diag.error('error')
  assert.deepEqual(said, [])
})

test('the level follows the last call, down and up again', () => {
  enableDiagnostics('error')
  diag.info('first')
  enableDiagnostics('debug')
  diag.debug('second')
  enableDiagnostics('none')
  diag.error('third')
  enableDiagnostics('info')
  diag.info('fourth')
  diag.debug('fifth')
  // The API itself says at this level what is registered.
  const others = said.filter((line) => !line.includes('@opentelemetry/api'))
  assert.deepEqual(others, ['rustok-telemetry debug: second\n', 'rustok-telemetry info: fourth\n'])
})

test('messages that differ in figures alone are said once, others each', () => {
  enableDiagnostics('info')
  for (let i = 0; i < 1000; i++) diag.warn(`${i} spans dropped`)
  diag.warn('something else')
  diag.error('5 spans dropped')
  assert.equal(said.length, 3)
})

test('after ten seconds the kind is said again, with how often it came meanwhile', () => {
  let now = 1000
  mock.method(performance, 'now', () => now)
  enableDiagnostics('info')
  for (let i = 0; i < 5; i++) diag.warn(`${i} spans dropped`)
  now += 10_001
  diag.warn('9 spans dropped')
  diag.warn('9 spans dropped')
  assert.deepEqual(said, [
    'rustok-telemetry warning: 0 spans dropped\n',
    'rustok-telemetry warning: 9 spans dropped (and 4 times more)\n',
  ])
})

test("an application's own logger stays in place", () => {
  const own: string[] = []
  const say = (message: string) => void own.push(message)
  diag.setLogger({ error: say, warn: say, info: say, debug: say, verbose: say })
  enableDiagnostics('info')
  diag.warn('to the application')
  assert.equal(own.at(-1), 'to the application')
  enableDiagnostics('none')
  diag.warn('still to the application')
  assert.equal(own.at(-1), 'still to the application')
  assert.deepEqual(said, [])
})

test('details that cannot be shown do no harm', () => {
  enableDiagnostics('info')
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  diag.warn('odd', proxy, Object.create(null), Symbol('s'))
  assert.equal(said.length, 1)
})
