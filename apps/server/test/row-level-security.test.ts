/** PostgreSQL's own wall between tenants, on both engines: what a query that forgets its tenant sees, and what a login can undo. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { sql } from 'kysely'
import pg from 'pg'
import { migrate } from '../src/db/migrate.ts'
import { type OpenDatabase, openDatabase } from '../src/db/open-database.ts'
import { TenantDatabase } from '../src/db/tenant-database.ts'
import { outbox } from '../src/events/outbox/outbox.ts'
import { Retention } from '../src/retention.ts'
import { emptyCluster } from './support/empty-cluster.ts'
import { asSuperuser, type Postgres, type PostgresDatabase, startPostgres } from './support/postgres.ts'

let server: Postgres
let remote: PostgresDatabase

before(async () => {
  server = await startPostgres()
  remote = await server.database()
})
after(() => server.stop())

for (const engine of ['pglite', 'postgres'] as const) {
  describe(engine, () => {
    let database: OpenDatabase
    let tenants: TenantDatabase

    before(async () => {
      database = await openDatabase(
        engine === 'pglite'
          ? { emptyCluster: await emptyCluster() }
          : { databaseUrl: remote.url, ownerUrl: remote.ownerUrl },
      )
      await database.asOwner(migrate)
      tenants = new TenantDatabase(database.access, outbox)
      await tenants.system('test', async (trx) => {
        const values = ['acme', 'globex'].map((id) => ({ id, name: id }))
        await trx.insertInto('tenants').values(values).execute()
      })
      for (const tenant of ['acme', 'globex']) {
        await tenants.transact(tenant, 'test', async ({ trx }) => {
          const user = { tenant_id: tenant, id: `${tenant}-user`, name: 'x', role: 'admin' as const }
          await trx.insertInto('users').values(user).execute()
        })
      }
    })
    after(() => database.close())

    const names = (tenant: string) =>
      tenants.read(tenant, async (db) => {
        const users = await db.selectFrom('users').select('id').execute()
        return users.map(({ id }) => id)
      })

    test('shows a query that forgets its tenant the rows of that tenant alone', async () => {
      assert.deepEqual(await names('acme'), ['acme-user'])
      assert.deepEqual(await names('globex'), ['globex-user'])
      assert.deepEqual(await names('initech'), [])
      const listed = await tenants.read('acme', (db) => db.selectFrom('tenants').select('id').execute())
      assert.deepEqual(listed, [{ id: 'acme' }])
    })

    test('neither changes nor adds the rows of another tenant', async () => {
      const { numUpdatedRows } = await tenants.transact('acme', 'test', ({ trx }) =>
        trx
          .updateTable('users')
          .set({ name: 'taken over' })
          .where('id', '=', 'globex-user')
          .executeTakeFirst(),
      )
      assert.equal(numUpdatedRows, 0n)
      const row = { tenant_id: 'globex', id: 'intruder', name: 'x', role: 'admin' as const }
      await assert.rejects(
        tenants.transact('acme', 'test', ({ trx }) => trx.insertInto('users').values(row).execute()),
        { code: '42501' },
      )
      await assert.rejects(
        tenants.transact('acme', 'test', ({ trx }) =>
          trx
            .updateTable('users')
            .set('tenant_id' as never, 'globex' as never)
            .execute(),
        ),
        { code: '42501' },
      )
    })

    test('keeps tenants out of what the system role does, and the system role out of tenants', async () => {
      const listed = await tenants.system('test', (trx) => trx.selectFrom('tenants').select('id').execute())
      assert.equal(listed.length, 2)
      for (const table of ['users', 'nodes', 'content_stats'] as const) {
        await assert.rejects(
          tenants.system('test', (trx) => trx.selectFrom(table).select('tenant_id').execute()),
          { code: '42501' },
        )
      }
      await assert.rejects(
        tenants.transact('acme', 'test', ({ trx }) => trx.deleteFrom('tenants').execute()),
        { code: '42501' },
      )
    })

    test('removes the sessions of all tenants that are over, in batches, and shows nobody the others', async () => {
      const day = 86_400_000
      const sessions = (tenant: string, ends: readonly number[]) =>
        tenants.transact(tenant, 'test', ({ trx }) =>
          trx
            .insertInto('sessions')
            .values(
              ends.map((end) => ({
                tenant_id: tenant,
                id: randomUUID(),
                user_id: `${tenant}-user`,
                token_hash: Buffer.alloc(32),
                expires_at: new Date(Date.now() + end),
              })),
            )
            .execute(),
        )
      await sessions('acme', [...Array<number>(1_100).fill(-2 * day), -day / 2, day])
      await sessions('globex', [-2 * day, day])
      const seen = await tenants.system('test', (trx) =>
        trx.selectFrom('sessions').select('expires_at').execute(),
      )
      assert.equal(seen.length, 1_101)
      const changed = await tenants.system('test', (trx) =>
        trx.deleteFrom('sessions').where('expires_at', '>', new Date()).executeTakeFirst(),
      )
      assert.equal(changed.numDeletedRows, 0n)

      const swept: number[] = []
      const retention = new Retention(tenants, {
        swept: (table, rows) => swept.push(table === 'sessions' ? rows : Number.NaN),
        failed: (error) => assert.fail(String(error)),
        recovered: () => {},
      })
      retention.start()
      const left = async (tenant: string) =>
        (await tenants.read(tenant, (db) => db.selectFrom('sessions').select('id').execute())).length
      while ((await left('acme')) + (await left('globex')) > 3) await setTimeout(20)
      await retention.stop()
      assert.deepEqual([await left('acme'), await left('globex')], [2, 1])
      assert.deepEqual(swept, [500, 500, 101])
    })

    test('leaves nothing of a tenant on a connection, whether its transaction ended well or not', async () => {
      await tenants.transact('acme', 'test', async () => {})
      await assert.rejects(
        tenants.transact('acme', 'test', async () => {
          throw new Error('gives up')
        }),
        /gives up/,
      )
      await assert.rejects(
        tenants.transact('acme', 'test', ({ trx }) => sql`select 1/0`.execute(trx)),
        { code: '22012' },
      )
      const left = await tenants.system('test', async (trx) => {
        const { rows } = await sql<{ tenant: string }>`
          select current_setting('rustok.tenant_id', true) as tenant`.execute(trx)
        return rows
      })
      assert.deepEqual(left, [{ tenant: '' }])
    })

    test('writes nothing in a read', async () => {
      const row = { tenant_id: 'acme', id: 'written', name: 'x', role: 'admin' as const }
      await assert.rejects(
        tenants.read('acme', (db) => db.insertInto('users').values(row).execute()),
        { code: '25006' },
      )
      assert.deepEqual(await names('acme'), ['acme-user'])
    })

    test('refuses a tenant that is no id before anything is sent', async () => {
      for (const id of ['', "acme'; reset role; --", 'Acme', 'acme\0', 'a'.repeat(64)]) {
        await assert.rejects(
          tenants.read(id, (db) => db.selectFrom('users').selectAll().execute()),
          TypeError,
        )
      }
    })

    test('isolates every table that has a tenant, also those that came later', async () => {
      const open = await database.asOwner((db) =>
        sql<{ table: string }>`
          select c.relname as table from pg_class c
          join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
          where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
            and not (c.relrowsecurity and c.relforcerowsecurity
              and exists (select from pg_policy p where p.polrelid = c.oid))
            and has_table_privilege('rustok_app', c.oid, 'select')`.execute(db),
      )
      assert.deepEqual(open.rows, [])
    })
  })
}

test('shows nobody anything without a tenant: not the login, not the owner of the tables', async () => {
  const count = 'select count(*)::int as n from users'
  assert.equal((await asSuperuser(remote.superuserUrl, count)).rows[0].n, 2)
  assert.equal((await asSuperuser(remote.ownerUrl, count)).rows[0].n, 0)
  await assert.rejects(asSuperuser(remote.url, count), { code: '42501' })
  await assert.rejects(asSuperuser(remote.url, `set role rustok_app; select 1 from nowhere`), {
    code: '42P01',
  })
})

test("gives the server's login no way around the policies", async () => {
  const client = new pg.Client({ connectionString: remote.url })
  await client.connect()
  const owner = new URL(remote.ownerUrl).username
  for (const role of ['rustok_app', 'rustok_system']) {
    await client.query(`set role ${role}`)
    for (const statement of [
      'alter table users disable row level security',
      'alter table users no force row level security',
      'drop policy by_tenant on users',
      'create policy all_of_it on users using (true)',
      `set role ${owner}`,
      'set role postgres',
      'set session authorization postgres',
      'alter role rustok_app bypassrls',
      'truncate users',
      'create table public.mine (id int)',
      `grant ${owner} to rustok_app`,
    ]) {
      await assert.rejects(client.query(statement), { code: '42501' }, `${role}: ${statement}`)
    }
    // It only makes queries fail that a policy would filter.
    await client.query('set row_security = off')
    await assert.rejects(client.query('select * from tenants where false'), { code: '42501' })
    await client.query('set row_security = on')
  }
  await client.query('set role rustok_app')
  assert.deepEqual((await client.query('select * from users')).rows, [])
  await client.end()
})
