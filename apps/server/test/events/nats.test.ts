/** Events over a real NATS server with JetStream, with PostgreSQL embedded: what the broker adds, and what its faults may not do. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { createHandler, on } from '../../src/events/event-handler.ts'
import { filterOf } from '../../src/events/nats/stream.ts'
import { type EventSystem, happened, openEventSystem } from '../support/event-system.ts'
import { type NatsServer, startNatsServer } from '../support/nats-server.ts'

let nats: NatsServer
let system: EventSystem
/** Of the handler `counting`, in its order; it writes each down in the database, too. */
const seen: number[] = []
const failing = new Set<number>()

before(async () => {
  nats = await startNatsServer()
  system = await openEventSystem({
    nats: {
      url: nats.url,
      stream: 'TEST',
      credentials: undefined,
      ca: undefined,
      certificate: undefined,
      key: undefined,
    },
    handlers: [
      createHandler('counting', [
        on(happened, async ({ data: { n } }, { trx }) => {
          if (failing.has(n)) throw new Error('not now')
          await trx
            .insertInto('users')
            .values({ tenant_id: 'acme', id: `n-${n}`, name: 'x', role: 'viewer' })
            .execute()
          seen.push(n)
        }),
      ]),
      createHandler('beside', [on(happened, async () => {})], { concurrency: 8 }),
    ],
  })
})
after(async () => {
  await system.close()
  await nats.stop()
})

async function manager() {
  const connection = await connect({ servers: nats.url })
  return { jsm: await jetstreamManager(connection), close: () => connection.close() }
}

test('makes the stream and the consumers, and hands events over once, in order', async () => {
  const numbers = Array.from({ length: 30 }, (_, index) => index)
  for (const n of numbers) await system.emit(n)
  await system.events.settled()
  assert.deepEqual(seen, numbers)
  assert.equal(system.outcomes('beside').length, 30)
  const { jsm, close } = await manager()
  const { config, state } = await jsm.streams.info('TEST')
  assert.deepEqual([config.subjects, config.discard, state.messages], [['TEST.>'], 'new', 30])
  const consumer = await jsm.consumers.info('TEST', 'counting')
  assert.deepEqual(
    [consumer.config.filter_subject, consumer.config.max_ack_pending],
    ['TEST.test.happened', 1],
  )
  await close()
})

test('stores an event once, and handles it once, when it is published again', async () => {
  await system.owner.updateTable('outbox').set({ published_at: null }).execute()
  await system.events.settled()
  const { jsm, close } = await manager()
  assert.equal((await jsm.streams.info('TEST')).state.messages, 30)
  await close()
  assert.equal(seen.length, 30)
})

test('retries a failing event from the database, acknowledges it, and goes on with the others', async () => {
  failing.add(100)
  await system.emit(100, 101)
  await system.events.settled()
  assert.equal(seen.includes(100), false)
  assert.ok(seen.includes(101))
  const attempts = await system.owner
    .selectFrom('deliveries')
    .select(['handler', 'attempts', 'last_error'])
    .execute()
  assert.deepEqual(
    attempts.map(({ handler, last_error }) => [handler, last_error]),
    [['counting', 'not now']],
  )
  failing.delete(100)
  while (!seen.includes(100)) await setTimeout(50)
})

test('keeps events while the broker is dead, says so once, and catches up by itself when it is back', async () => {
  seen.length = 0
  const emitted: number[] = []
  const emit = async (n: number) => {
    await system.emit(n)
    emitted.push(n)
  }
  // Under load: it dies while events are on their way.
  for (let n = 200; n < 220; n += 1) await emit(n)
  const killed = nats.crash()
  for (let n = 220; n < 260; n += 1) await emit(n)
  await killed
  while (!system.notices.includes('stalled relay')) await setTimeout(20)
  assert.ok((await system.events.backlog()).depth > 0)
  assert.deepEqual(await system.events.bus(), { bus: 'nats', state: 'stalled' })
  await emit(260)
  await nats.start()
  await system.events.settled()
  assert.deepEqual(
    seen.toSorted((a, b) => a - b),
    emitted,
  )
  assert.deepEqual(new Set(seen).size, seen.length)
  assert.equal(system.notices.filter((notice) => notice === 'stalled relay').length, 1)
  assert.ok(system.notices.includes('resumed relay'))
  assert.deepEqual(await system.events.bus(), { bus: 'nats', state: 'moving' })
  assert.equal((await system.events.backlog()).depth, 0)
})

test('keeps events while the stream is full', async () => {
  const { jsm, close } = await manager()
  const { state } = await jsm.streams.info('TEST')
  await jsm.streams.update('TEST', { max_msgs: state.messages + 2 })
  const stalls = () => system.notices.filter((notice) => notice === 'stalled relay').length
  const before = stalls()
  await system.emit(300, 301, 302, 303, 304)
  while (stalls() === before) await setTimeout(20)
  assert.equal((await system.events.backlog()).depth, 3)
  await jsm.streams.update('TEST', { max_msgs: -1 })
  await close()
  await system.events.settled()
  assert.deepEqual(seen.filter((n) => n >= 300).toSorted(), [300, 301, 302, 303, 304])
})

test('makes stream and consumers anew when somebody has deleted them', async () => {
  const { jsm, close } = await manager()
  await jsm.streams.delete('TEST')
  await close()
  await system.emit(400)
  await system.events.settled()
  while (!seen.includes(400)) await setTimeout(50)
})

test('puts aside what is no event, and goes on', async () => {
  const connection = await connect({ servers: nats.url })
  const { envelope: event } = await system.owner
    .selectFrom('outbox')
    .select('envelope')
    .limit(1)
    .executeTakeFirstOrThrow()
  const wrong = [
    {},
    null,
    { ...event, id: "x' or 1=1" },
    { ...event, tenantid: 'Acme; x' },
    { ...event, data: null },
  ]
  for (const payload of ['not json', ...wrong.map((one) => JSON.stringify(one))]) {
    connection.publish('TEST.test.happened', payload)
  }
  await connection.flush()
  await connection.close()
  await system.emit(500)
  await system.events.settled()
  while (!seen.includes(500)) await setTimeout(50)
  assert.equal(system.notices.filter((notice) => notice.startsWith('refused counting')).length, 6)
})

test('filters as narrowly as one subject can', () => {
  assert.equal(filterOf('S', ['a.b.c']), 'S.a.b.c')
  assert.equal(filterOf('S', ['a.b.c', 'a.b.d']), 'S.a.b.>')
  assert.equal(filterOf('S', ['a.b.c', 'x.b.c']), 'S.>')
})
