/** A read model counts each event once, whatever happens around it; and events happen after their commit. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { nodeCreated, nodePublished } from '../../src/content/content-events.ts'
import { CONTENT_STATS_HANDLER, contentStatsHandler } from '../../src/content/content-stats.ts'
import { TenantDatabase } from '../../src/db/tenant-database.ts'
import { seedDemo } from '../../src/demo/seed-demo.ts'
import { defineEvent, draftEvent, sealEnvelope } from '../../src/events/envelope.ts'
import { createHandler, on } from '../../src/events/event-bus.ts'
import { InProcessBus } from '../../src/events/in-process-bus.ts'
import { sharedServer } from '../support/shared-server.ts'

const { owner: db, tenants } = sharedServer

/** Of this file alone: its events have no nodes behind them. */
const TENANT = 'counted'
const ACTOR = { tenantId: TENANT, userId: 'ada' }

before(async () => {
  await db.insertInto('tenants').values({ id: TENANT, name: 'Counted' }).execute()
})

const happened = defineEvent<{ readonly n: number }>('test.happened', 'rustok-server/test')

function silentBus(): InProcessBus {
  return new InProcessBus({ delivered: () => {} })
}

async function stats(tenantId: string) {
  return db
    .selectFrom('content_stats')
    .select(['drafts', 'published'])
    .where('tenant_id', '=', tenantId)
    .executeTakeFirst()
}

function statsHandler() {
  return contentStatsHandler(tenants)
}

function created(tenantId = TENANT) {
  const id = crypto.randomUUID()
  return sealEnvelope(
    draftEvent(nodeCreated, { tenantId, userId: 'ada' }, id, { nodeId: id, title: 'x' }),
    {},
  )
}

test('counts an event once, however often it is delivered', async () => {
  const handler = statsHandler()
  const event = created()
  await handler.handle(event)
  await handler.handle(event)
  await Promise.all([handler.handle(event), handler.handle(event)])
  assert.deepEqual(await stats(TENANT), { drafts: 1, published: 0 })
  await handler.handle(created())
  assert.deepEqual(await stats(TENANT), { drafts: 2, published: 0 })
})

test('moves a node from drafts to published', async () => {
  const handler = statsHandler()
  const before = await stats(TENANT)
  const at = new Date().toISOString()
  const data = { nodeId: 'x', title: 'x', publishedAt: at }
  await handler.handle(sealEnvelope(draftEvent(nodePublished, ACTOR, 'x', data), {}))
  assert.deepEqual(await stats(TENANT), { drafts: before!.drafts - 1, published: before!.published + 1 })
})

test('leaves an event unclaimed when its effect fails, so that it can be delivered again', async () => {
  const handler = statsHandler()
  const event = created('no-such-tenant')
  await assert.rejects(handler.handle(event), /foreign key/)
  const claims = () =>
    db.selectFrom('handled_events').select('handler').where('event_id', '=', event.id).execute()
  assert.deepEqual(await claims(), [])
  await db.insertInto('tenants').values({ id: 'no-such-tenant', name: 'Now there is' }).execute()
  await handler.handle(event)
  assert.deepEqual(await claims(), [{ handler: CONTENT_STATS_HANDLER }])
  assert.deepEqual(await stats('no-such-tenant'), { drafts: 1, published: 0 })
})

test('publishes after the commit and nothing after a rollback', async () => {
  const bus = silentBus()
  const database = new TenantDatabase(sharedServer.database.access, bus)
  const seen: number[] = []
  const find = (n: number) =>
    db.selectFrom('users').select('id').where('id', '=', `tx-${n}`).executeTakeFirst()
  bus.subscribe(
    createHandler('checks the commit', [
      on(happened, async ({ data: { n } }) => void seen.push((await find(n)) === undefined ? -n : n)),
    ]),
  )
  const insert = (n: number, fail: boolean) =>
    database.transact(TENANT, 'test', async ({ trx, emit }) => {
      await trx
        .insertInto('users')
        .values({ tenant_id: TENANT, id: `tx-${n}`, name: 'x', role: 'author' })
        .execute()
      emit(draftEvent(happened, ACTOR, String(n), { n }))
      if (fail) throw new Error('rolled back')
    })
  await insert(1, false)
  await assert.rejects(insert(2, true), /rolled back/)
  await bus.settled()
  assert.deepEqual(seen, [1])
})

test('seeds the demo data once', async () => {
  const counts = async () => ({
    nodes: await db
      .selectFrom('nodes')
      .select((eb) => eb.fn.countAll().as('count'))
      .executeTakeFirst(),
    stats: await stats('globex'),
  })
  const before = await counts()
  await seedDemo(tenants, sharedServer.passwords)
  assert.deepEqual(await counts(), before)
  const drafts = await db
    .selectFrom('nodes')
    .select('id')
    .where('tenant_id', '=', 'globex')
    .where('status', '=', 'draft')
    .execute()
  assert.equal(drafts.length, before.stats?.drafts)
})
