/**
 * Puts the demo tenants into the database, once: ids are fixed, so that a second start, or a second server on the same Postgres, adds
 * nothing. Everything is written directly, read model included, because nothing of it happened.
 */
import type { Transaction } from 'kysely'
import { indexPublished } from '../content/search-index.ts'
import type { Database } from '../db/schema.ts'
import type { TenantDatabase } from '../db/tenant-database.ts'
import type { PasswordHasher } from '../identity/passwords.ts'
import { replaceHash } from '../identity/session-queries.ts'
import { seedContentExtras } from './demo-content.ts'
import { type DemoTenant, demoEmail, demoHost, demoPassword } from './demo-data.ts'
import { seedProducts } from './demo-products.ts'

const FIRST_DAY = Date.UTC(2026, 8, 1, 9)
const DAY = 86_400_000

export async function seedDemo(
  database: TenantDatabase,
  passwords: PasswordHasher,
  tenants: readonly DemoTenant[],
): Promise<void> {
  await database.system('seed', async (trx) => {
    await trx
      .insertInto('tenants')
      .values(tenants.map(({ id, name }) => ({ id, name })))
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    await trx
      .insertInto('tenant_host_names')
      .values(tenants.map(({ id }) => ({ host_name: demoHost(id), tenant_id: id })))
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  })
  for (const [index, tenant] of tenants.entries()) {
    await database.transact(tenant.id, 'seed', async ({ trx }) => {
      await seedTenant(trx, tenant, index)
      await seedProducts(trx, tenant.id)
    })
    await seedPasswords(database, tenant, passwords)
  }
}

/** Outside the transaction of the rest: a hash takes longer than all of it. */
async function seedPasswords(
  database: TenantDatabase,
  { id: tenantId, users }: DemoTenant,
  passwords: PasswordHasher,
): Promise<void> {
  const there = await database.read(tenantId, (db) =>
    db.selectFrom('credentials').select('user_id').where('tenant_id', '=', tenantId).execute(),
  )
  const missing = users.filter(({ id }) => !there.some(({ user_id }) => user_id === id))
  const hashes = await Promise.all(missing.map(({ id }) => passwords.hash(demoPassword(id))))
  if (missing.length === 0) return
  await database.transact(tenantId, 'seed', async ({ trx }) => {
    for (const [index, { id }] of missing.entries()) await replaceHash(trx, tenantId, id, hashes[index]!)
  })
}

async function seedTenant(trx: Transaction<Database>, tenant: DemoTenant, index: number): Promise<void> {
  await trx
    .insertInto('users')
    .values(
      tenant.users.map((user) => ({ tenant_id: tenant.id, ...user, email: demoEmail(user.id, tenant.id) })),
    )
    .onConflict((conflict) =>
      conflict.columns(['tenant_id', 'id']).doUpdateSet((eb) => ({ email: eb.ref('excluded.email') })),
    )
    .execute()
  const nodes = nodesOf(tenant, index)
  await trx
    .insertInto('nodes')
    .values(nodes)
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const tagged = await trx
    .selectFrom('node_tags')
    .select('tag')
    .where('tenant_id', '=', tenant.id)
    .limit(1)
    .executeTakeFirst()
  // Once: tags and translations that somebody took away stay away.
  if (tagged === undefined) {
    await seedContentExtras(trx, tenant.id, nodes)
    await trx.deleteFrom('content_search').where('tenant_id', '=', tenant.id).execute()
    await indexPublished(trx, tenant.id)
  }
  await trx
    .insertInto('content_stats')
    .values({
      tenant_id: tenant.id,
      drafts: nodes.filter(({ status }) => status === 'draft').length,
      published: nodes.filter(({ status }) => status === 'published').length,
      as_of: nodes.at(-1)!.updated_at,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** One a day; every third is still a draft. */
function nodesOf(tenant: DemoTenant, tenantIndex: number) {
  return tenant.titles.map((title, index) => {
    const written = new Date(FIRST_DAY + index * DAY)
    const draft = index % 3 === 2
    const author = tenant.users[index % tenant.users.length]!
    return {
      tenant_id: tenant.id,
      id: fixedUuid(written, tenantIndex * 1_000 + index),
      author_id: author.id,
      title,
      body: `${title}. Written by ${author.name} for ${tenant.name}.`,
      status: draft ? ('draft' as const) : ('published' as const),
      created_at: written,
      updated_at: written,
      published_at: draft ? null : written,
    }
  })
}

/** A UUID of version 7 (RFC 9562 section 5.7) whose random part is `serial`. */
function fixedUuid(time: Date, serial: number): string {
  const millis = time.getTime().toString(16).padStart(12, '0')
  return `${millis.slice(0, 8)}-${millis.slice(8)}-7000-8000-${serial.toString(16).padStart(12, '0')}`
}
