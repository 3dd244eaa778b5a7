/**
 * Puts the demo tenants into the database, once: ids are fixed, so that a second start, or a second server on the same Postgres, adds
 * nothing. Everything is written directly, read model included, because nothing of it happened.
 */
import { type Kysely, sql } from 'kysely'
import type { Database } from '../db/schema.ts'
import { DEMO_TENANTS, type DemoTenant } from './demo-data.ts'

const FIRST_DAY = Date.UTC(2026, 8, 1, 9)
const DAY = 86_400_000

export async function seedDemo(db: Kysely<Database>): Promise<void> {
  await db.transaction().execute(async (trx) => {
    for (const [index, tenant] of DEMO_TENANTS.entries()) {
      await trx
        .insertInto('tenants')
        .values({ id: tenant.id, name: tenant.name })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
      await trx
        .insertInto('users')
        .values(tenant.users.map((user) => ({ tenant_id: tenant.id, ...user })))
        .onConflict((conflict) => conflict.doNothing())
        .execute()
      await trx
        .insertInto('nodes')
        .values(nodesOf(tenant, index))
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    }
    await trx
      .insertInto('content_stats')
      .columns(['tenant_id', 'drafts', 'published', 'as_of'])
      .expression((eb) =>
        eb
          .selectFrom('nodes')
          .select([
            'tenant_id',
            sql<number>`count(*) filter (where status = 'draft')`.as('drafts'),
            sql<number>`count(*) filter (where status = 'published')`.as('published'),
            sql<Date>`max(updated_at)`.as('as_of'),
          ])
          .where(
            'tenant_id',
            'in',
            DEMO_TENANTS.map((tenant) => tenant.id),
          )
          .groupBy('tenant_id'),
      )
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  })
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
