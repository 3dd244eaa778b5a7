/** A read model counts each event once, whatever happens around it. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { nodeCreated, nodePublished } from '../../src/content/content-events.ts'
import { CONTENT_STATS_HANDLER } from '../../src/content/content-stats.ts'
import { DEMO_TENANTS } from '../../src/demo/demo-data.ts'
import { seedDemo } from '../../src/demo/seed-demo.ts'
import { draftEvent, type EventDraft } from '../../src/events/envelope.ts'
import { sharedServer } from '../support/shared-server.ts'

const server = sharedServer
const { owner: db, tenants } = server

/** Of this file alone: its events have no nodes behind them. */
const TENANT = 'counted'
const ACTOR = { tenantId: TENANT, userId: 'ada' }

before(async () => {
  await db.insertInto('tenants').values({ id: TENANT, name: 'Counted' }).execute()
})

async function stats(tenantId: string) {
  return db
    .selectFrom('content_stats')
    .select(['drafts', 'published'])
    .where('tenant_id', '=', tenantId)
    .executeTakeFirst()
}

/** As a transaction of the platform would have emitted it, as often as it is asked to. */
function write(...events: readonly EventDraft[]): Promise<void> {
  return tenants.transact(events[0]!.tenantid, 'test', async ({ emit }) => events.forEach(emit))
}

function created(tenantId = TENANT): EventDraft {
  const id = crypto.randomUUID()
  return draftEvent(nodeCreated, { tenantId, userId: 'ada' }, id, { nodeId: id, title: 'x' })
}

/** The relay publishes an event again, as one does that died before it could mark it as published. */
async function publishAgain(event: EventDraft): Promise<void> {
  await db.updateTable('outbox').set({ published_at: null }).where('id', '=', event.id).execute()
  await server.events.settled()
}

test('counts an event once, however often it is published', async () => {
  const event = created()
  await write(event)
  await server.events.settled()
  for (let again = 0; again < 3; again += 1) await publishAgain(event)
  assert.deepEqual(await stats(TENANT), { drafts: 1, published: 0 })
  await write(created())
  await server.events.settled()
  assert.deepEqual(await stats(TENANT), { drafts: 2, published: 0 })
})

test('moves a node from drafts to published', async () => {
  const before = await stats(TENANT)
  const at = new Date().toISOString()
  await write(draftEvent(nodePublished, ACTOR, 'x', { nodeId: 'x', title: 'x', publishedAt: at }))
  await server.events.settled()
  assert.deepEqual(await stats(TENANT), { drafts: before!.drafts - 1, published: before!.published + 1 })
})

test('leaves an event unclaimed when its effect fails, and handles it when that has been mended', async () => {
  const event = created('no-such-tenant')
  await write(event)
  await server.events.settled()
  const claims = () =>
    db.selectFrom('handled_events').select('handler').where('event_id', '=', event.id).execute()
  const delivery = () =>
    db
      .selectFrom('deliveries')
      .select(['attempts', 'last_error'])
      .where('event_id', '=', event.id)
      .where('handler', '=', CONTENT_STATS_HANDLER)
      .executeTakeFirst()
  assert.deepEqual(await claims(), [])
  assert.match(String((await delivery())?.last_error), /foreign key/)
  await db.insertInto('tenants').values({ id: 'no-such-tenant', name: 'Now there is' }).execute()
  while ((await delivery()) !== undefined) await setTimeout(50)
  assert.ok((await claims()).some(({ handler }) => handler === CONTENT_STATS_HANDLER))
  assert.deepEqual(await stats('no-such-tenant'), { drafts: 1, published: 0 })
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
  await seedDemo(tenants, sharedServer.passwords, DEMO_TENANTS)
  assert.deepEqual(await counts(), before)
  const drafts = await db
    .selectFrom('nodes')
    .select('id')
    .where('tenant_id', '=', 'globex')
    .where('status', '=', 'draft')
    .execute()
  assert.equal(drafts.length, before.stats?.drafts)
})
