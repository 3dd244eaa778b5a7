/** Content of before search and kinds: a database in use is brought up to them with all that it has, by an owner whom the policies bind. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Kysely, sql } from 'kysely'
import * as kinds from '../src/db/migrations/0011-content-kinds.ts'
import * as search from '../src/db/migrations/0012-content-search.ts'
import { type Postgres, startPostgres } from './support/postgres.ts'
import { startTestServer, type TestServer } from './support/test-server.ts'

let postgres: Postgres
let server: TestServer

before(async () => {
  postgres = await startPostgres()
  const { url: databaseUrl, ownerUrl: databaseOwnerUrl, superuserUrl } = await postgres.database()
  server = await startTestServer({ databaseUrl, databaseOwnerUrl }, superuserUrl)
})
after(async () => {
  await server.stop()
  await postgres.stop()
})

test('finds what every tenant had published before there was a search, and nothing else', async () => {
  await server.database.asOwner(async (db) => {
    const untyped = db as unknown as Kysely<unknown>
    await search.down(untyped)
    await kinds.down(untyped)
    await kinds.up(untyped)
    await search.up(untyped)
  })
  const { rows } = await sql<{ tenant: string; published: number; found: number }>`
    select n.tenant_id as tenant, count(*)::integer as published,
      count(s.node_id) filter (where s.document @@ websearch_to_tsquery('english', 'written'))::integer as found
    from nodes as n left join content_search as s on s.tenant_id = n.tenant_id and s.node_id = n.id
    where n.status = 'published' group by 1 order by 1`.execute(server.owner)
  assert.deepEqual(
    rows.map(({ tenant }) => tenant),
    ['acme', 'globex'],
  )
  for (const { published, found } of rows) assert.deepEqual([published > 0, found], [true, published])
  const { count } = await server.owner
    .selectFrom('content_search')
    .select((eb) => eb.cast<number>(eb.fn.countAll(), 'integer').as('count'))
    .executeTakeFirstOrThrow()
  assert.equal(
    count,
    rows.reduce((sum, { published }) => sum + published, 0),
  )
})
