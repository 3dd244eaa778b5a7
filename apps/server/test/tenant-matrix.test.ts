/**
 * Every operation of the API as the wrong tenant, on both engines and behind each of the two walls: what belongs to another is answered exactly as if it did not exist,
 * byte for byte and statement for statement, shows in no list, count or page, and is not changed.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { type CompiledQuery, sql } from 'kysely'
import pg from 'pg'
import { schema } from '../src/graphql/schema.ts'
import { type Postgres, startPostgres } from './support/postgres.ts'
import { startTestServer, type TestServer } from './support/test-server.ts'
import { ENTITIES, type Kind, OPERATIONS, type Send } from './tenant-matrix/fixtures.ts'
import { operationsOf, type TriedOperation, withValue } from './tenant-matrix/operations.ts'

const tried = operationsOf(schema)

test('knows every operation, and what each of its ids names', () => {
  const known = Object.fromEntries(
    Object.entries(OPERATIONS).map(([name, { ids = {} }]) => [name, Object.keys(ids).toSorted()]),
  )
  const there = Object.fromEntries(tried.map(({ name, ids }) => [name, ids.toSorted()]))
  assert.deepEqual(known, there, 'test/tenant-matrix/fixtures.ts says how to add an operation')
})

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

/** In titles and names of what the owner has: must not show in any answer to the stranger. */
const OWNERS_MARK = 'Only for Globex'
const STRANGERS_MARK = 'Only for Acme'

const PASSWORD = 'for the matrix alone'

/** The last one has the policies switched off: the queries must hold by themselves, as the policies do where a query forgets. */
const engines = ['pglite', 'postgres', 'postgres without its policies'] as const

for (const engine of engines) {
  describe(engine, () => {
    let server: TestServer
    /** Every row of every table that has a tenant, of one tenant. */
    let rowsOf: (tenant: string) => Promise<unknown>
    /** What it asked the database, scope and text, since it was last emptied. */
    const statements: string[] = []
    const own = new Map<Kind, string>()
    let closeDump = async () => {}

    before(async () => {
      if (engine === 'pglite') {
        server = await startTestServer()
        rowsOf = (tenant) => dump(tenant, async (text) => (await sql.raw(text).execute(server.owner)).rows)
      } else {
        const { url: databaseUrl, ownerUrl: databaseOwnerUrl, superuserUrl } = await postgres.database()
        server = await startTestServer({ databaseUrl, databaseOwnerUrl })
        const client = new pg.Client({ connectionString: superuserUrl })
        await client.connect()
        closeDump = () => client.end()
        if (engine !== 'postgres') await switchOffPolicies(client)
        rowsOf = (tenant) => dump(tenant, async (text) => (await client.query(text)).rows)
      }
      record(server, statements)
      for (const [kind, make] of Object.entries(ENTITIES)) {
        own.set(kind as Kind, await make(as('chloe'), OWNERS_MARK))
      }
      await server.events.settled()
    })
    after(async () => {
      await closeDump()
      await server.stop()
    })

    /** The answer as it came, but for what differs in any two. */
    async function raw(user: string, { document }: TriedOperation, variables: Record<string, unknown>) {
      statements.length = 0
      const response = await fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${server.user(user).token}` },
        body: JSON.stringify({ query: document, variables }),
      })
      const text = await response.text()
      return { status: response.status, text, asked: statements.splice(0) }
    }

    function as(user: string): Send {
      return async (document, variables = {}) => {
        const response = await fetch(`${server.url}/graphql`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${server.user(user).token}` },
          body: JSON.stringify({ query: document, variables }),
        })
        const { data, errors } = (await response.json()) as {
          data: Record<string, unknown>
          errors?: unknown
        }
        assert.equal(errors, undefined, JSON.stringify(errors))
        return data
      }
    }

    /** The other ids of an operation are the caller's own, so that only the one in question can be why it is refused. */
    async function variablesOf(operation: TriedOperation, user: string, mark: string, except: string) {
      const { ids = {}, variables } = OPERATIONS[operation.name]!
      let all = variables?.(mark) ?? {}
      for (const [path, kind] of Object.entries(ids)) {
        if (path !== except) all = withValue(all, path, await ENTITIES[kind](as(user), mark))
      }
      return all
    }

    test('answers what belongs to another tenant as if it did not exist, and changes nothing of it', async () => {
      await server.events.settled()
      const before = await rowsOf('globex')
      let cells = 0
      for (const operation of tried) {
        for (const [path, kind] of Object.entries(OPERATIONS[operation.name]?.ids ?? {})) {
          const variables = await variablesOf(operation, 'ada', STRANGERS_MARK, path)
          await server.events.settled()
          const foreign = own.get(kind)!
          const unknown = unlike(foreign)
          const answers = []
          for (const id of [foreign, unknown]) {
            const { status, text, asked } = await raw('ada', operation, withValue(variables, path, id))
            answers.push({ status, text: text.replaceAll(id, '<id>'), asked })
          }
          assert.deepEqual(answers[0], answers[1], `${operation.name}(${path})`)
          assert.ok(answers[0]!.asked.length > 0)
          cells += 1
        }
      }
      assert.ok(cells > 0)
      await server.events.settled()
      assert.deepEqual(await rowsOf('globex'), before)
    })

    test('shows nothing of another tenant in what an operation gives back, whatever its cursor', async () => {
      const secrets = [OWNERS_MARK, 'globex', 'Globex', 'chloe', ...own.values()]
      for (const operation of tried) {
        const variables = await variablesOf(operation, 'ada', STRANGERS_MARK, '')
        const check = async (given: Record<string, unknown>) => {
          const { text } = await raw('ada', operation, given)
          for (const secret of secrets)
            assert.equal(text.includes(secret), false, `${operation.name}: ${text}`)
        }
        await check(variables)
        for (const path of operation.cursors) {
          const given = await variablesOf(operation, 'chloe', OWNERS_MARK, '')
          const theirs = await raw('chloe', operation, given)
          const cursors = [...theirs.text.matchAll(/"(?:cursor|endCursor|startCursor)":"([^"]+)"/g)]
          assert.ok(cursors.length > 0, `${operation.name} gives no cursor to try`)
          for (const [, cursor] of [cursors[0]!, cursors.at(-1)!])
            await check(withValue(variables, path, cursor))
        }
      }
    })

    test('takes a token for a new password in its own tenant alone, and an access token in no other', async () => {
      const send = async (path: string, body: object, headers: Record<string, string>) => {
        statements.length = 0
        const response = await fetch(`${server.url}/auth/${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify(body),
        })
        return { status: response.status, text: await response.text(), asked: statements.splice(0) }
      }
      const email = 'chloe@globex.example'
      await send('request-password-reset', { email }, { 'x-tenant-id': 'globex' })
      await send('request-password-reset', { email }, { 'x-tenant-id': 'acme' })
      await server.events.settled()
      const tokens = server.lines.flatMap(({ msg }) => /pr_\S+/.exec(msg) ?? [])
      assert.equal(tokens.length, 1)
      const before = await rowsOf('globex')
      const [, id, secret] = tokens[0]!.split('.')
      const answers = []
      for (const request of [id!, randomUUID()]) {
        const token = `pr_acme.${request}.${secret}`
        answers.push(await send('reset-password', { token, newPassword: PASSWORD }, {}))
      }
      assert.equal(answers[0]?.status, 403)
      assert.ok(answers[0].asked.length > 0)
      assert.deepEqual(answers[0], answers[1])
      const authorization = `Bearer ${server.user('ada').token}`
      const change = { currentPassword: 'chloe tries rustok', newPassword: PASSWORD }
      for (const tenant of ['globex', 'no-such-tenant']) {
        const { status } = await send('change-password', change, { authorization, 'x-tenant-id': tenant })
        assert.equal(status, 403)
      }
      await server.events.settled()
      assert.deepEqual(await rowsOf('globex'), before)
      // It is a good one.
      const own = await send('reset-password', { token: tokens[0], newPassword: PASSWORD }, {})
      assert.equal(own.status, 204)
    })

    // Of the fixtures, which are the same for all.
    if (engine !== engines[0]) return

    test("would have noticed: its owner's answer is another one", async () => {
      for (const operation of tried) {
        const fixture = OPERATIONS[operation.name]!
        for (const [path, kind] of Object.entries(fixture.ids ?? {})) {
          const id = await ENTITIES[kind](as('chloe'), OWNERS_MARK)
          const unknown = unlike(id)
          // Twice the same arguments but for the id: what the first use leaves behind, the second could trip over.
          const [first, second] = [
            await variablesOf(operation, 'chloe', OWNERS_MARK, path),
            await variablesOf(operation, 'chloe', OWNERS_MARK, path),
          ]
          const theirs = await raw('chloe', operation, withValue(first, path, id))
          const nobodys = await raw('chloe', operation, withValue(second, path, unknown))
          if (fixture.sameForOwn !== undefined) continue
          assert.notEqual(
            theirs.text.replaceAll(id, '<id>'),
            nobodys.text.replaceAll(unknown, '<id>'),
            `${operation.name}(${path})`,
          )
        }
      }
    })
  })
}

/** An id of the same form that nothing has. */
function unlike(id: string): string {
  return /^[0-9a-f-]{36}$/.test(id) ? randomUUID() : 'nobody-has-this'
}

function record(server: TestServer, statements: string[]): void {
  const { access } = server.database
  const { once, transaction } = access
  // Not those of events that are handled meanwhile: an earlier order's, that is tried again.
  const note = (scope: unknown, statement: CompiledQuery) => {
    if (scope === 'system' || /\b(?:deliveries|handled_events)\b/.test(statement.sql)) return
    statements.push(`${JSON.stringify(scope)} ${statement.sql}`)
  }
  Object.assign(access, {
    once: (...[scope, statement]: Parameters<typeof once>) => {
      note(scope, statement)
      return once(scope, statement)
    },
    transaction: (...[scope, work]: Parameters<typeof transaction>) =>
      transaction(scope, (connection) => {
        const execute = connection.executeQuery.bind(connection)
        connection.executeQuery = (statement) => {
          note(scope, statement)
          return execute(statement)
        }
        return work(connection)
      }),
  })
}

async function switchOffPolicies(client: pg.Client): Promise<void> {
  const { rows } = await client.query('select distinct tablename from pg_policies')
  assert.ok(rows.length > 5)
  for (const { tablename } of rows) {
    await client.query(`alter table "${tablename}" disable row level security, no force row level security`)
  }
}

async function dump(tenant: string, run: (text: string) => Promise<unknown[]>): Promise<unknown> {
  const tables = (await run(
    `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
     where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' order by 1`,
  )) as { name: string }[]
  assert.ok(tables.length >= 3)
  const rows: Record<string, unknown> = {}
  for (const { name } of tables) {
    // An order's fraud check that failed is tried again meanwhile, whoever asks for what.
    const columns = name === 'deliveries' ? 't.handler, t.event_id' : 't.*'
    rows[name] = await run(
      `select ${columns} from "${name}" t where tenant_id = '${tenant}' order by t::text`,
    )
  }
  return rows
}
