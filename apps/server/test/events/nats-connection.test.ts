/** The ways to be let in by a NATS server: password, token, TLS with an authority of one's own; and what happens when one is not. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { StartupError } from '../../src/errors.ts'
import { connectNats } from '../../src/events/nats/connect-nats.ts'
import type { NatsSettings } from '../../src/events/nats/nats-settings.ts'
import { readinessChecks } from '../../src/readiness/checks.ts'
import { openEventSystem } from '../support/event-system.ts'
import { startNatsServer } from '../support/nats-server.ts'

let directory: string
const file = (name: string) => path.join(directory, name)

before(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'rustok-nats-tls-'))
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { stdio: 'pipe' })
  openssl(
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
    ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'],
    ...['-keyout', file('key.pem'), '-out', file('cert.pem')],
  )
})
after(() => rmSync(directory, { recursive: true, force: true }))

function settings(url: string, files: Partial<NatsSettings> = {}): NatsSettings {
  const none = { credentials: undefined, ca: undefined, certificate: undefined, key: undefined }
  return { url, stream: 'TEST', ...none, ...files }
}

async function letIn(given: NatsSettings): Promise<boolean> {
  const link = connectNats(given)
  try {
    const connection = await link.connected()
    await connection.flush()
    return true
  } catch {
    return false
  } finally {
    await link.close()
  }
}

test('is let in with the password, or the token, of the URL, and not without', async () => {
  const withPassword = await startNatsServer('--user', 'shop', '--pass', 'p@ss word')
  const withToken = await startNatsServer('--auth', 's3cret')
  try {
    const [, byPassword] = withPassword.url.split('//')
    const [, byToken] = withToken.url.split('//')
    assert.deepEqual(
      await Promise.all([
        letIn(settings(`nats://shop:p%40ss%20word@${byPassword}`)),
        letIn(settings(`nats://shop:wrong@${byPassword}`)),
        letIn(settings(`nats://${byPassword}`)),
        letIn(settings(`nats://s3cret@${byToken}`)),
        letIn(settings(`nats://other@${byToken}`)),
      ]),
      [true, false, false, true, false],
    )
  } finally {
    await Promise.all([withPassword.stop(), withToken.stop()])
  }
})

test('speaks TLS, to a server whose certificate it has reason to trust', async () => {
  const server = await startNatsServer('--tls', '--tlscert', file('cert.pem'), '--tlskey', file('key.pem'))
  try {
    const url = server.url.replace('nats:', 'tls:')
    assert.deepEqual(
      await Promise.all([letIn(settings(url, { ca: file('cert.pem') })), letIn(settings(url))]),
      [true, false],
    )
  } finally {
    await server.stop()
  }
})

test('shows a certificate of its own where one is asked for', async () => {
  const server = await startNatsServer(
    ...[
      '--tlsverify',
      '--tlscert',
      file('cert.pem'),
      '--tlskey',
      file('key.pem'),
      '--tlscacert',
      file('cert.pem'),
    ],
  )
  try {
    const url = server.url.replace('nats:', 'tls:')
    const ca = file('cert.pem')
    const own = { certificate: file('cert.pem'), key: file('key.pem') }
    assert.deepEqual(
      await Promise.all([letIn(settings(url, { ca, ...own })), letIn(settings(url, { ca }))]),
      [true, false],
    )
  } finally {
    await server.stop()
  }
})

test('names the variable of a file that cannot be read', () => {
  assert.throws(
    () => connectNats(settings('nats://127.0.0.1:1', { ca: file('missing.pem') })),
    (error) =>
      error instanceof StartupError && error.variable === 'NATS_CA' && /missing\.pem/.test(error.message),
  )
})

test('starts, works and ends without its broker, and keeps the events for when it is there', async () => {
  const system = await openEventSystem({ nats: settings('nats://127.0.0.1:1') })
  await system.emit(1, 2)
  while (!system.notices.includes('stalled relay')) await setTimeout(20)
  assert.equal((await system.events.backlog()).depth, 2)
  const { bus } = readinessChecks(system.database, system.tenants, system.events)
  assert.deepEqual(await bus?.look(), {
    status: 'degraded',
    bus: 'nats',
    detail: 'NATS takes no events, they wait in the outbox',
  })
  const started = performance.now()
  assert.equal(await system.events.stop(60_000), 0)
  // It does not wait for what cannot come.
  assert.ok(performance.now() - started < 30_000)
  await system.database.close()
})
