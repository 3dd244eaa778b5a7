/** A PostgreSQL that restarts, breaks connections, is slow or full: what callers see of it, what is tried again, and what is left after. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { sql } from 'kysely'
import { DatabaseUnavailable } from '../src/db/database-errors.ts'
import { migrate } from '../src/db/migrate.ts'
import { type DatabaseOptions, type OpenDatabase, openDatabase } from '../src/db/open-database.ts'
import { TenantDatabase } from '../src/db/tenant-database.ts'
import { outbox } from '../src/events/outbox/outbox.ts'
import { sendGraphQL } from './support/graphql-client.ts'
import { asSuperuser, type Postgres, type PostgresDatabase, startPostgres } from './support/postgres.ts'
import { startTestServer, type TestServer } from './support/test-server.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres({ deadlock_timeout: '50ms' })
})
after(() => postgres.stop())

const TERMINATE_ALL = `select pg_terminate_backend(pid) from pg_stat_activity where usename like 'login_%'`

describe('one database', () => {
  let target: PostgresDatabase
  let database: OpenDatabase
  let tenants: TenantDatabase
  const opened: OpenDatabase[] = []

  async function open(options: DatabaseOptions = {}) {
    const { url: databaseUrl, ownerUrl } = target
    const one = await openDatabase({ databaseUrl, ownerUrl, statementTimeoutMs: 5_000, ...options })
    opened.push(one)
    return { one, tenants: new TenantDatabase(one.access, outbox) }
  }

  before(async () => {
    target = await postgres.database()
    const { one, tenants: scoped } = await open()
    database = one
    tenants = scoped
    await database.asOwner(migrate)
    await tenants.system('test', async (trx) => {
      await trx.insertInto('tenants').values({ id: 'acme', name: 'Acme' }).execute()
    })
    await tenants.transact('acme', 'test', async ({ trx }) => {
      for (const id of ['a', 'b']) {
        const user = { tenant_id: 'acme', id, name: id, role: 'viewer' as const }
        await trx.insertInto('users').values(user).execute()
      }
    })
  })
  after(async () => {
    for (const one of opened) await one.close()
  })

  const rename = (id: string, name: string) => sql`update users set name = ${name} where id = ${id}`
  const unavailable =
    (reason: string, mayHaveCommitted = false) =>
    (error: unknown) => {
      assert.ok(error instanceof DatabaseUnavailable, String(error))
      assert.deepEqual(
        { reason: error.reason, mayHaveCommitted: error.mayHaveCommitted },
        { reason, mayHaveCommitted },
      )
      return true
    }

  /** Two transactions that take the rows a and b in opposite order, each waiting until the other has its first. */
  async function collide(repeatable: boolean) {
    const bothHaveOne = Promise.withResolvers<void>()
    let having = 0
    let runs = 0
    const both = [
      ['a', 'b'],
      ['b', 'a'],
    ].map(([first, second]) =>
      tenants.transact(
        'acme',
        'test',
        async ({ trx }) => {
          runs += 1
          await rename(first!, 'x').execute(trx)
          having += 1
          if (having === 2) bothHaveOne.resolve()
          await bothHaveOne.promise
          await rename(second!, 'x').execute(trx)
        },
        { repeatable },
      ),
    )
    const results = await Promise.allSettled(both)
    return {
      runs,
      failures: results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : [])),
    }
  }

  test('repeats the loser of a deadlock when its work is repeatable, and says so otherwise', async () => {
    const { failures, runs } = await collide(false)
    assert.equal(runs, 2)
    assert.equal(failures.length, 1)
    unavailable('conflict')(failures[0])
    const repeated = await collide(true)
    assert.deepEqual(repeated.failures, [])
    assert.ok(repeated.runs > 2)
  })

  test('repeats after a serialization failure, and emits the events of the run that counted', async () => {
    const names: string[] = []
    let runs = 0
    await tenants.transact(
      'acme',
      'test',
      async ({ trx }) => {
        runs += 1
        await sql`set transaction isolation level repeatable read`.execute(trx)
        const { rows } = await sql<{ name: string }>`select name from users where id = 'a'`.execute(trx)
        if (runs === 1) {
          await tenants.transact('acme', 'test', (other) => rename('a', 'meanwhile').execute(other.trx))
        }
        await rename('a', 'after').execute(trx)
        names.push(rows[0]!.name)
      },
      { repeatable: true },
    )
    assert.deepEqual({ runs, names }, { runs: 2, names: ['meanwhile'] })
  })

  test('sends a read again whose connections are all broken', async () => {
    const find = () => tenants.read('acme', (db) => db.selectFrom('users').select('id').execute())
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(Array.from({ length: 10 }, find))
      const reads = Promise.all(Array.from({ length: 30 }, find))
      await asSuperuser(target.superuserUrl, TERMINATE_ALL)
      assert.deepEqual(new Set((await reads).map((rows) => rows.length)), new Set([2]))
    }
  })

  test('does not run a transaction twice that does not ask for it', async () => {
    let runs = 0
    const work = async ({ trx }: { trx: Parameters<Parameters<typeof tenants.system>[1]>[0] }) => {
      runs += 1
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx)
      if (runs === 1)
        await asSuperuser(target.superuserUrl, `select pg_terminate_backend(${rows[0]!.pid}, 5000)`)
      await rename('a', 'b').execute(trx)
    }
    await assert.rejects(tenants.transact('acme', 'test', work), unavailable('unreachable'))
    assert.equal(runs, 1)
    runs = 0
    await tenants.transact('acme', 'test', work, { repeatable: true })
    assert.equal(runs, 2)
  })

  test('does not repeat what broke during its commit, and says that it may have happened', async () => {
    await asSuperuser(
      target.superuserUrl,
      `create table public.slow_commits (id int);
       grant insert on slow_commits to rustok_app;
       create function slow() returns trigger language plpgsql as 'begin perform pg_sleep(4); return null; end';
       create constraint trigger slow after insert on slow_commits
         deferrable initially deferred for each row execute function slow()`,
    )
    let runs = 0
    const committing = tenants.transact(
      'acme',
      'test',
      async ({ trx }) => {
        runs += 1
        await sql`insert into slow_commits values (1)`.execute(trx)
      },
      { repeatable: true },
    )
    const failed = assert.rejects(committing, unavailable('unreachable', true))
    const inCommit = `select pg_terminate_backend(pid) from pg_stat_activity where query = 'commit' and state = 'active'`
    while ((await asSuperuser(target.superuserUrl, inCommit)).rowCount === 0) await setTimeout(20)
    await failed
    assert.equal(runs, 1)
  })

  test('ends a statement that takes too long, and goes on with the connection', async () => {
    const { one, tenants: slow } = await open({ statementTimeoutMs: 100, poolSize: 1 })
    const sleep = () => slow.read('acme', (db) => sql`select pg_sleep(60)`.execute(db))
    const pid = () =>
      slow.read('acme', (db) => sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db))
    const { rows: before } = await pid()
    await assert.rejects(sleep, unavailable('timeout'))
    await assert.rejects(
      slow.transact('acme', 'test', ({ trx }) => sql`select pg_sleep(60)`.execute(trx)),
      unavailable('timeout'),
    )
    assert.deepEqual((await pid()).rows, before)
    assert.deepEqual(one.access.pool(), { max: 1, open: 1, idle: 1, waiting: 0 })
  })

  test('gives up a connection on which the server says nothing more', async () => {
    const { tenants: silent } = await open({ statementTimeoutMs: 200, poolSize: 1 })
    const pid = () =>
      silent.read('acme', (db) => sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db))
    const stopped = (await pid()).rows[0]!.pid
    process.kill(stopped, 'SIGSTOP')
    try {
      const next = (await pid()).rows[0]!.pid
      assert.notEqual(next, stopped)
    } finally {
      process.kill(stopped, 'SIGCONT')
    }
  })

  test('tells at once or soon whoever finds no connection free, and leaks none', async () => {
    const { one, tenants: small } = await open({ poolSize: 2, connectTimeoutMs: 200 })
    const free = Promise.withResolvers<void>()
    const holders = [1, 2].map(() => small.transact('acme', 'test', () => free.promise))
    const readOne = () => small.read('acme', (db) => sql`select 1`.execute(db))
    while (one.access.pool().open - one.access.pool().idle < 2) await setTimeout(5)
    await assert.rejects(readOne, unavailable('exhausted'))

    const crowd = Array.from({ length: 600 }, readOne)
    const results = await Promise.allSettled(crowd)
    for (const result of results) {
      assert.equal(result.status, 'rejected')
      unavailable('exhausted')(result.reason)
    }
    free.resolve()
    await Promise.all(holders)
    await Promise.all(Array.from({ length: 20 }, readOne))
    assert.deepEqual(one.access.pool(), { max: 2, open: 2, idle: 2, waiting: 0 })
  })

  test("leaves a caller's own error alone, and rolls back", async () => {
    const error = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    let runs = 0
    const failing = tenants.transact(
      'acme',
      'test',
      async ({ trx }) => {
        runs += 1
        await rename('b', 'not this').execute(trx)
        throw error
      },
      { repeatable: true },
    )
    await assert.rejects(failing, (thrown) => thrown === error)
    const { rows } = await tenants.read('acme', (db) =>
      sql<{ name: string }>`select name from users where id = 'b'`.execute(db),
    )
    assert.deepEqual({ runs, renamed: rows[0]?.name === 'not this' }, { runs: 1, renamed: false })
  })
})

describe('a server', () => {
  let server: TestServer
  let target: PostgresDatabase

  before(async () => {
    target = await postgres.database()
    server = await startTestServer({ databaseUrl: target.url, databaseOwnerUrl: target.ownerUrl })
  })
  after(async () => {
    assert.equal(await server.stop(), true)
  })

  const LIST = '{ nodes(first: 5) { totalCount edges { node { id author { name } } } } }'
  const CREATE =
    'mutation ($title: String!) { createNode(input: { title: $title }) { node { id } errors { message } } }'
  const ready = async () => (await fetch(`${server.url}/health/ready`)).status

  /** Clients that keep asking until told to stop, and every answer they got. */
  function load(query: string, clients: number) {
    const answers: { status: number; codes: unknown[]; data: unknown; title: string }[] = []
    let stopped = false
    const { token } = server.user('ada')
    const running = Array.from({ length: clients }, async (_, client) => {
      for (let n = 0; !stopped; n += 1) {
        const title = `load ${client}.${n}`
        const response = await fetch(`${server.url}/graphql`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
          body: JSON.stringify({ query, variables: query === CREATE ? { title } : {} }),
        })
        const body = (await response.json()) as {
          data?: unknown
          errors?: { extensions?: { code?: unknown } }[]
        }
        const codes = (body.errors ?? []).map((error) => error.extensions?.code)
        answers.push({ status: response.status, codes, data: body.data, title })
        if (response.status === 503) await setTimeout(5)
      }
    })
    return {
      answers,
      async stop() {
        stopped = true
        await Promise.all(running)
      },
    }
  }

  test('answers every read while its connections are terminated again and again', async () => {
    const reads = load(LIST, 8)
    for (let round = 0; round < 5; round += 1) {
      const seen = reads.answers.length
      while (reads.answers.length < seen + 40) await setTimeout(5)
      await asSuperuser(target.superuserUrl, TERMINATE_ALL)
    }
    await reads.stop()
    const bad = reads.answers.filter(({ status, codes }) => status !== 200 || codes.length > 0)
    assert.deepEqual(bad, [])
  })

  test('says UNAVAILABLE while PostgreSQL is down, recovers by itself, and did what it said', {
    timeout: 60_000,
  }, async () => {
    const writes = load(CREATE, 4)
    const reads = load(LIST, 4)
    while (writes.answers.length < 20) await setTimeout(5)
    await postgres.crash()
    while ((await ready()) !== 503) await setTimeout(5)
    const down = await fetch(`${server.url}/health/ready`)
    assert.match(await down.text(), /"detail":"Not ready: database"/)
    const told = await sendGraphQL(server.url, LIST, { token: server.user('ada').token }).catch(
      () => undefined,
    )
    assert.equal(told?.status, 503)
    await postgres.start()
    while ((await ready()) !== 200) await setTimeout(5)
    const seen = writes.answers.length
    while (writes.answers.length < seen + 20) await setTimeout(5)
    await Promise.all([reads.stop(), writes.stop()])

    for (const { status, codes, data } of [...reads.answers, ...writes.answers]) {
      const ok = status === 200 && codes.length === 0
      const told = status === 503 || (codes.length > 0 && codes.every((code) => code === 'UNAVAILABLE'))
      assert.ok(ok || told, JSON.stringify({ status, codes, data }))
    }
    assert.ok(writes.answers.at(-1)?.codes.length === 0)
    const { rows } = await asSuperuser(
      target.superuserUrl,
      `select title from nodes where title like 'load %'`,
    )
    const stored = new Set(rows.map(({ title }) => title))
    assert.equal(stored.size, rows.length, 'nothing was done twice')
    const lines = JSON.stringify(server.lines.filter(({ level }) => level === 'error'))
    for (const { codes, status, title } of writes.answers) {
      if (status === 200 && codes.length === 0)
        assert.ok(stored.has(title), `${title} was acknowledged: ${lines}`)
    }
    // A connection that leaked would never come back.
    for (;;) {
      const { waiting, open, idle } = server.database.access.pool()
      if (waiting === 0 && open === idle) break
      await setTimeout(5)
    }
  })

  test('shows clients nothing of the database in what it says about it', async () => {
    await postgres.shutDown()
    const { token } = server.user('ada')
    const texts = [
      await (
        await fetch(`${server.url}/graphql?query={me{id}}`, { headers: { authorization: `Bearer ${token}` } })
      ).text(),
      await (await fetch(`${server.url}/health/ready`)).text(),
      await (
        await fetch(`${server.url}/auth/sign-in`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-tenant-id': 'acme' },
          body: JSON.stringify({ email: 'ada@acme.example', password: 'ada tries rustok' }),
        })
      ).text(),
    ]
    await postgres.start()
    for (const text of texts) assert.doesNotMatch(text, /ECONN|127\.0\.0\.1|postgres|login_|select|57P/i)
    assert.match(
      texts[0]!,
      /"status":503,"detail":"The service is temporarily unavailable, try again shortly"/,
    )
  })
})
