/** Handlers and their deliveries, over the bus within the database: once for each event, in order, and each on its own. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { draftEvent } from '../../src/events/envelope.ts'
import { createHandler, on, onDelivery } from '../../src/events/event-handler.ts'
import { ACTOR, type EventSystem, happened, openEventSystem } from '../support/event-system.ts'

let system: EventSystem
let serial = 0

before(async () => {
  system = await openEventSystem()
})
after(() => system.close())
beforeEach(() => {
  serial += 1000
})

/** Handlers stay subscribed, so each test has its own, with numbers of its own. */
function mine(n: number): boolean {
  return n >= serial && n < serial + 1000
}

function userRow(id: string) {
  return { tenant_id: ACTOR.tenantId, id, name: 'x', role: 'author' as const }
}

async function usersLike(prefix: string): Promise<string[]> {
  const rows = await system.owner
    .selectFrom('users')
    .select('id')
    .where('id', 'like', `${prefix}%`)
    .orderBy('id')
    .execute()
  return rows.map(({ id }) => id)
}

test('writes an event with the transaction that caused it: after a rollback there is none', async () => {
  const seen: number[] = []
  system.events.subscribe(
    createHandler('commit-watcher', [
      on(happened, async ({ data: { n } }, { trx }) => {
        const row = await trx.selectFrom('users').select('id').where('id', '=', `tx-${n}`).executeTakeFirst()
        if (mine(n)) seen.push(row === undefined ? -n : n)
      }),
    ]),
  )
  const write = (n: number, fail: boolean) =>
    system.tenants.transact(ACTOR.tenantId, 'test', async ({ trx, emit }) => {
      await trx
        .insertInto('users')
        .values(userRow(`tx-${n}`))
        .execute()
      emit(draftEvent(happened, ACTOR, String(n), { n }))
      if (fail) throw new Error('rolled back')
    })
  await write(serial, false)
  await assert.rejects(write(serial + 1, true), /rolled back/)
  await system.events.settled()
  assert.deepEqual(seen, [serial])
})

test('refuses an event of another tenant, and one that is too large, with the whole transaction', async () => {
  const write = (tenantId: string, data: { n: number }) =>
    system.tenants.transact('globex', 'test', async ({ trx, emit }) => {
      await trx
        .insertInto('users')
        .values({ ...userRow('smuggler'), tenant_id: 'globex' })
        .execute()
      emit(draftEvent(happened, { tenantId, userId: 'ada' }, 'x', data))
    })
  await assert.rejects(write('acme', { n: 1 }), /row-level security/)
  const large = { n: 1, text: 'x'.repeat(300 * 1024) }
  await assert.rejects(write('globex', large), /test\.happened has \d+ bytes/)
  assert.deepEqual(await usersLike('smuggler'), [])
})

test('retries what throws with its effects undone, and keeps it from holding up the others', async () => {
  const [n, other] = [serial, serial + 1]
  let failures = 3
  const seen: number[] = []
  system.events.subscribe(
    createHandler('throwing', [
      on(happened, async ({ data }, { trx }) => {
        if (data.n !== n) return
        await trx
          .insertInto('users')
          .values(userRow(`retried-${failures}`))
          .execute()
        if (--failures > 0) throw new Error('not this time')
      }),
    ]),
  )
  system.events.subscribe(
    createHandler('at-once', [
      on(happened, () => {
        throw new TypeError('not even a promise')
      }),
    ]),
  )
  system.events.subscribe(
    createHandler('working', [on(happened, async ({ data }) => void (mine(data.n) && seen.push(data.n)))]),
  )
  await system.emit(n, other)
  await system.events.settled()
  assert.deepEqual(seen, [n, other])
  assert.ok(system.outcomes('throwing').includes('failed'))
  while (failures > 0) await setTimeout(50)
  await system.events.settled()
  assert.deepEqual(
    system.deliveries.filter((one) => one.handler === 'throwing' && one.n === n).map((one) => one.outcome),
    ['failed', 'failed', 'handled'],
  )
  assert.deepEqual(await usersLike('retried-'), ['retried-1'])
  assert.ok(system.outcomes('at-once').every((outcome) => outcome === 'failed'))
})

test('gives up a handler that hangs, rolls its transaction back, and serves the others meanwhile', async () => {
  const n = serial
  const aborted: unknown[] = []
  const seen: number[] = []
  let zombie: Promise<unknown> | undefined
  system.events.subscribe(
    createHandler(
      'hanging-inside',
      [
        on(happened, async ({ data }, { trx, signal }) => {
          if (data.n !== n) return
          await trx.insertInto('users').values(userRow('hung')).execute()
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
          aborted.push(signal.reason.name)
          zombie = setTimeout(100).then(() =>
            trx.insertInto('users').values(userRow('hung-zombie')).execute(),
          )
          zombie.catch(() => {})
          await new Promise(() => {})
        }),
      ],
      { timeoutMs: 200, maxAttempts: 1 },
    ),
  )
  system.events.subscribe(
    createHandler(
      'hanging-outside',
      [onDelivery(happened, ({ data }) => (data.n === n ? new Promise(() => {}) : Promise.resolve()))],
      { timeoutMs: 5_000, maxAttempts: 1 },
    ),
  )
  system.events.subscribe(
    createHandler('not-hanging', [
      on(happened, async ({ data }) => void (mine(data.n) && seen.push(data.n))),
    ]),
  )
  await system.emit(n)
  while (seen.length === 0 || aborted.length === 0) await setTimeout(20)
  assert.deepEqual(aborted, ['HandlerTimeout'])
  assert.deepEqual(seen, [n])
  assert.equal(system.outcomes('hanging-outside').length, 0)
  await assert.rejects(zombie!)
  await system.events.settled()
  assert.deepEqual(await usersLike('hung'), [])
  assert.deepEqual(system.outcomes('hanging-inside'), ['dead'])
  assert.deepEqual(system.outcomes('hanging-outside'), ['dead'])
  assert.match(
    String(system.deliveries.find((one) => one.handler === 'hanging-inside')?.error),
    /within 200 ms/,
  )
})

test('hands over what happened to one thing in order: a failing one holds back its own alone', async () => {
  const seen: string[] = []
  let fail = true
  const about = (subject: string, n: number) =>
    system.tenants.transact(ACTOR.tenantId, 'test', async ({ emit }) =>
      emit(draftEvent(happened, ACTOR, subject, { n })),
    )
  system.events.subscribe(
    createHandler(
      'ordered',
      [
        on(happened, async ({ subject, data: { n } }) => {
          if (!mine(n)) return
          if (subject === 'first' && fail) {
            fail = false
            throw new Error('once')
          }
          seen.push(`${subject}-${n - serial}`)
        }),
      ],
      { concurrency: 4 },
    ),
  )
  await about('first', serial + 1)
  await about('first', serial + 2)
  await about('second', serial + 1)
  await about('first', serial + 3)
  while (seen.length < 4) await setTimeout(50)
  assert.deepEqual(seen, ['second-1', 'first-1', 'first-2', 'first-3'])
})

test('never hands over more at a time than a handler takes', async () => {
  let running = 0
  let most = 0
  let done = 0
  const numbers = Array.from({ length: 40 }, (_, index) => serial + index)
  system.events.subscribe(
    createHandler(
      'three-at-a-time',
      [
        onDelivery(happened, async ({ data }) => {
          if (!mine(data.n)) return
          running += 1
          most = Math.max(most, running)
          await setTimeout(2)
          running -= 1
          done += 1
        }),
      ],
      { concurrency: 3 },
    ),
  )
  await system.emit(...numbers)
  await system.events.settled()
  assert.deepEqual({ most, done }, { most: 3, done: 40 })
})

test('names the event that caused an event, and the one that began it all', async () => {
  const chain: { n: number; id: string; cause: string | undefined; correlation: string }[] = []
  system.events.subscribe(
    createHandler('chain', [
      on(happened, async ({ id, causationid, correlationid, data: { n } }, { emit }) => {
        if (!mine(n)) return
        chain.push({ n, id, cause: causationid, correlation: correlationid })
        if (n < serial + 2) emit(draftEvent(happened, ACTOR, `subject-${n + 1}`, { n: n + 1 }))
      }),
    ]),
  )
  await system.emit(serial)
  await system.events.settled()
  assert.equal(chain.length, 3)
  assert.deepEqual(
    chain.map(({ cause }) => cause),
    [undefined, chain[0]!.id, chain[1]!.id],
  )
  assert.deepEqual(new Set(chain.map(({ correlation }) => correlation)), new Set([chain[0]!.id]))
})

test('does not take two handlers of one name, nor a name or a type that no broker could carry', () => {
  const handler = (name: string) => createHandler(name, [on(happened, async () => {})])
  system.events.subscribe(handler('same'))
  assert.throws(() => system.events.subscribe(handler('same')), /named same/)
  assert.throws(() => handler('with space'), TypeError)
})
