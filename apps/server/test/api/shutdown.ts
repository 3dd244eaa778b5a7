/** The end of a server, and what one without its database says. These tests end the shared server, so that they are the last. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { assemble } from '../../src/assemble.ts'
import { defineEvent, draftEvent } from '../../src/events/envelope.ts'
import { createHandler, onDelivery } from '../../src/events/event-handler.ts'
import { sharedServer as server } from '../support/shared-server.ts'

test('ends requests, then events, then telemetry, and last the database', async () => {
  const happened = defineEvent<{ readonly n: number }>('test.shutdown', 'rustok-server/test')
  const handled: number[] = []
  server.events.subscribe(
    createHandler('slow', [
      onDelivery(happened, async ({ data: { n } }) => {
        await setTimeout(50)
        await server.database.ping()
        handled.push(n)
      }),
    ]),
  )
  const actor = { tenantId: 'acme', userId: 'ada' }
  await server.tenants.transact(actor.tenantId, 'test', async ({ emit }) => {
    for (const n of [1, 2]) emit(draftEvent(happened, actor, 'x', { n }))
  })

  let flushed = false
  const clean = await server.stop(async () => {
    flushed = true
    assert.deepEqual(handled, [1, 2])
    assert.deepEqual(Object.keys((await server.readiness.report()).checks), ['process'])
    await assert.rejects(fetch(`${server.url}/health/live`))
    await server.database.ping()
  })
  assert.deepEqual({ clean, flushed }, { clean: true, flushed: true })
  await assert.rejects(server.database.ping())
})

test('says what is missing when it is not ready, and stays alive', async () => {
  const { app, readiness } = assemble(
    {
      production: false,
      demo: false,
      trustedProxies: [],
      nats: undefined,
      webhook: undefined,
      passwordReset: undefined,
      payments: undefined,
    },
    server.log,
    server.database,
    server.keys,
  )
  const ready = await app.inject('/health/ready')
  assert.equal(ready.statusCode, 503)
  assert.equal(ready.headers['content-type'], 'application/problem+json; charset=utf-8')
  assert.equal(ready.json().detail, 'Not ready: database')
  const { database, migrations, outbox } = ready.json().checks
  assert.deepEqual(database, { status: 'failed', detail: 'The database does not answer' })
  assert.deepEqual([migrations.status, outbox.status], ['unknown', 'unknown'])
  assert.equal((await app.inject('/health/live')).statusCode, 200)

  readiness.stop()
  assert.deepEqual((await app.inject('/health/ready')).json().checks, {
    process: { status: 'failed', detail: 'The server is shutting down' },
  })
})
