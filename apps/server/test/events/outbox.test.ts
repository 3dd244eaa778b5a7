/** The outbox with many connections, on a real PostgreSQL: two relays, commits out of order, leases that end. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { draftEvent, orderKey } from '../../src/events/envelope.ts'
import { createHandler, on } from '../../src/events/event-handler.ts'
import { leaseEvents, lockOutbox, settleLease } from '../../src/events/outbox/lease.ts'
import { outbox } from '../../src/events/outbox/outbox.ts'
import { prune } from '../../src/events/outbox/prune.ts'
import { ACTOR, type EventSystem, happened, openEventSystem } from '../support/event-system.ts'
import { asSuperuser, type Postgres, type PostgresDatabase, startPostgres } from '../support/postgres.ts'

let postgres: Postgres
const systems: EventSystem[] = []

before(async () => {
  postgres = await startPostgres()
})
after(async () => {
  await Promise.all(systems.map((system) => system.close()))
  await postgres.stop()
})

async function open(
  { url, ownerUrl }: PostgresDatabase,
  options: Parameters<typeof openEventSystem>[0] = {},
): Promise<EventSystem> {
  const system = await openEventSystem({ databaseUrl: url, ownerUrl, ...options })
  systems.push(system)
  return system
}

/** As a relay takes them. */
function lease(system: EventSystem, id = randomUUID(), milliseconds = 30_000) {
  return system.tenants.system('test', async (trx) =>
    (await lockOutbox(trx)) ? leaseEvents(trx, id, milliseconds) : undefined,
  )
}

function about(system: EventSystem, subject: string, n: number): Promise<void> {
  return system.tenants.transact(ACTOR.tenantId, 'test', async ({ emit }) =>
    emit(draftEvent(happened, ACTOR, subject, { n })),
  )
}

/** How many events wait to be published or handled. */
async function unfinished({ superuserUrl }: PostgresDatabase): Promise<number> {
  const { rows } = await asSuperuser(
    superuserUrl,
    `select (select count(*) from outbox where published_at is null)::integer
          + (select count(*) from deliveries)::integer as left`,
  )
  return rows[0].left
}

const numbers = (events: readonly object[] | undefined) =>
  (events as readonly { data: { n: number } }[] | undefined)?.map((event) => event.data.n)

test('leases nothing twice, and no event while an earlier one of its key is out', async () => {
  const database = await postgres.database()
  const one = await open(database, { start: false })
  const other = await open(database, { start: false })
  for (let n = 0; n < 300; n += 1) await about(one, `subject-${n % 7}`, n)
  const taken = new Map<number, number>()
  const out = new Map<string, number>()
  const work = async (system: EventSystem) => {
    for (let idle = 0; idle < 20; ) {
      const id = randomUUID()
      const events = await lease(system, id)
      if (events === undefined || events.length === 0) {
        idle += 1
        await setTimeout(5)
        continue
      }
      for (const event of events) {
        const n = (event.data as { n: number }).n
        const key = orderKey(event)
        taken.set(n, (taken.get(n) ?? 0) + 1)
        assert.ok(n > (out.get(key) ?? -1), `${n} came after ${out.get(key)} of the same key`)
        out.set(key, n)
      }
      await setTimeout(Math.random() * 5)
      await system.tenants.system('test', (trx) =>
        settleLease(
          trx,
          id,
          events.map((event) => event.id),
        ),
      )
    }
  }
  await Promise.all([work(one), work(other), work(one), work(other)])
  assert.deepEqual(
    [...taken.keys()].toSorted((a, b) => a - b),
    Array.from({ length: 300 }, (_, n) => n),
  )
  assert.deepEqual(new Set(taken.values()), new Set([1]))
})

test('takes the later events of a key only after the earlier ones are published', async () => {
  const system = await open(await postgres.database(), { start: false })
  await about(system, 'a', 1)
  const id = randomUUID()
  assert.deepEqual(numbers(await lease(system, id)), [1])
  await about(system, 'a', 2)
  await about(system, 'b', 3)
  assert.deepEqual(numbers(await lease(system)), [3])
  await system.tenants.system('test', (trx) => settleLease(trx, id, []))
  assert.deepEqual(numbers(await lease(system)), [1, 2])
})

test('takes again what a relay has left behind, once its lease is over', async () => {
  const system = await open(await postgres.database(), { start: false })
  await about(system, 'a', 1)
  assert.deepEqual(numbers(await lease(system, randomUUID(), 2000)), [1])
  assert.deepEqual(numbers(await lease(system)), [])
  await setTimeout(2100)
  assert.deepEqual(numbers(await lease(system)), [1])
})

test('skips nothing when an earlier transaction commits later', async () => {
  const seen: number[] = []
  const system = await open(await postgres.database(), {
    handlers: [createHandler('reader', [on(happened, async ({ data }) => void seen.push(data.n))])],
  })
  const held = Promise.withResolvers<void>()
  const written = Promise.withResolvers<void>()
  // Its row has the lower position, and is written long before it can be seen.
  const early = system.tenants.transact(ACTOR.tenantId, 'held open', async ({ trx }) => {
    await outbox.append(trx, [draftEvent(happened, ACTOR, 'early', { n: 1 })])
    written.resolve()
    await held.promise
  })
  await written.promise
  await about(system, 'late', 2)
  await about(system, 'late', 3)
  while (seen.length < 2) await setTimeout(20)
  assert.deepEqual(seen, [2, 3])
  held.resolve()
  await early
  while (seen.length < 3) await setTimeout(20)
  assert.deepEqual(seen, [2, 3, 1])
})

test('hands each event to one of two processes, in the order of its key, over the bus within the database', async () => {
  const database = await postgres.database()
  const seen: { n: number; by: number }[] = []
  const handler = (by: number) =>
    createHandler(
      'shared',
      [
        on(happened, async ({ data }) => {
          await setTimeout(Math.random() * 4)
          seen.push({ n: data.n, by })
        }),
      ],
      { concurrency: 4 },
    )
  const one = await open(database, { handlers: [handler(1)] })
  await open(database, { handlers: [handler(2)] })
  await Promise.all(
    Array.from({ length: 10 }, async (_, subject) => {
      for (let n = 0; n < 15; n += 1) await about(one, `subject-${subject}`, subject * 100 + n)
    }),
  )
  while (seen.length < 150) await setTimeout(20)
  await one.events.settled()
  assert.equal(seen.length, 150)
  assert.equal(new Set(seen.map(({ n }) => n)).size, 150)
  for (let subject = 0; subject < 10; subject += 1) {
    const order = seen.map(({ n }) => n).filter((n) => Math.floor(n / 100) === subject)
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
    )
  }
})

test('moves on by itself after PostgreSQL has crashed under load', async () => {
  const database = await postgres.database()
  const system = await open(database, {
    handlers: [
      createHandler('writer', [
        on(happened, async ({ data }, { trx }) => {
          await trx
            .insertInto('users')
            .values({ tenant_id: 'acme', id: `w-${data.n}`, name: 'x', role: 'viewer' })
            .execute()
        }),
      ]),
    ],
  })
  const committed: number[] = []
  let serial = 0
  const load = async () => {
    while (serial < 120) {
      const n = serial++
      await system.emit(n).then(
        () => committed.push(n),
        () => setTimeout(20),
      )
    }
  }
  const loading = Promise.all([load(), load(), load()])
  while (committed.length < 40) await setTimeout(5)
  await postgres.crash()
  await setTimeout(300)
  await postgres.start()
  await loading
  // What failed with the database counts as settled until it is tried again: only empty tables say that all is done.
  await system.events.settled()
  while ((await unfinished(database)) > 0) await setTimeout(50)
  const { rows } = await asSuperuser(database.superuserUrl, "select id from users where id like 'w-%'")
  const handled = new Set(rows.map(({ id }) => Number(id.slice(2))))
  for (const n of committed) assert.ok(handled.has(n), `${n} was committed, and not handled`)
})

test('prunes what was published long ago, and keeps what a dead letter still needs', async () => {
  const database = await postgres.database()
  const system = await open(database, { start: false })
  for (const n of [1, 2, 3]) await about(system, 'x', n)
  await asSuperuser(
    database.superuserUrl,
    `update outbox set published_at = now() - interval '2 days' where envelope->'data'->>'n' in ('1', '2');
     insert into deliveries (handler, event_id, tenant_id, key, position, dead_at)
       select 'h', id, tenant_id, key, position, now() from outbox where envelope->'data'->>'n' = '2';
     insert into handled_events (handler, event_id, handled_at) values
       ('old', gen_random_uuid(), now() - interval '31 days'), ('new', gen_random_uuid(), now());`,
  )
  assert.equal(await system.tenants.system('test', prune), 2)
  const left = await asSuperuser(
    database.superuserUrl,
    "select (envelope->'data'->>'n')::integer as n from outbox order by n",
  )
  assert.deepEqual(
    left.rows.map(({ n }) => n),
    [2, 3],
  )
  assert.equal(await system.tenants.system('test', prune), 0)
})
