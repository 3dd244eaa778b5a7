/** Kysely's queries against a real database: the SQLite that comes with Node. */
import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { SpanKind, trace } from '@opentelemetry/api'
import { type Generated, Kysely, type LogEvent, sql } from 'kysely'
import { kyselyTracing } from '../src/instrument/kysely.ts'
import { describeStatement } from '../src/instrument/sql-statement.ts'
import { tracedSpan } from '../src/traced-span.ts'
import { sqliteDialect } from './support/sqlite-dialect.ts'
import { traced } from './support/traced.ts'

interface Tables {
  person: { id: Generated<number>; name: string; age: number | null }
}

const db = new Kysely<Tables>({
  dialect: sqliteDialect(`
    create table person (id integer primary key, name text not null unique, age int);
    insert into person (name, age) values ('ann', 30)`),
  log: kyselyTracing({ system: 'sqlite', namespace: 'test', serverAddress: 'localhost', serverPort: 5432 }),
})
after(() => db.destroy())

suite('a query', () => {
  test('is a client span with the attributes of the conventions', async () => {
    const { spans } = await traced(() =>
      db.selectFrom('person').selectAll().where('name', '=', 'ann').execute(),
    )
    assert.equal(spans.length, 1)
    const { name, kind, status, attributes, scope } = spans[0]!
    assert.deepEqual([name, kind, status], ['SELECT person', 3, { code: 0, message: '' }])
    assert.equal(scope.name, '@rustok/telemetry/kysely')
    assert.deepEqual(attributes, {
      'db.system.name': 'sqlite',
      'db.namespace': 'test',
      'server.address': 'localhost',
      'server.port': 5432n,
      'db.operation.name': 'SELECT',
      'db.collection.name': 'person',
      'db.query.text': 'select * from "person" where "name" = ?',
    })
  })

  test('is below the active span, and lies within it as long as the query took', async () => {
    const counting = sql`with recursive n(x) as (select 1 union all select x + 1 from n where x < 200000) select count(*) from n`
    const { spans, named } = await traced(() =>
      tracedSpan('request', async () => {
        await tracedSpan('beside', () => counting.execute(db))
      }),
    )
    const query = spans.find(({ kind }) => kind === 3)!
    const beside = named('beside')
    assert.equal(query.parentSpanId, beside.spanId)
    assert.ok(query.start >= beside.start && query.end <= beside.end)
    assert.ok((query.end - query.start) * 2n > beside.end - beside.start, 'most of what the call took')
  })

  test('of a transaction is one of the spans below its caller, with begin and commit', async () => {
    const { spans, named } = await traced(() =>
      tracedSpan('request', () =>
        db.transaction().execute(async (tx) => {
          await tx.insertInto('person').values({ name: 'bob' }).execute()
          await tx.updateTable('person').set({ age: 1 }).where('name', '=', 'bob').execute()
          await tx.deleteFrom('person').where('name', '=', 'bob').execute()
        }),
      ),
    )
    const queries = spans.filter(({ kind }) => kind === SpanKind.CLIENT + 1)
    assert.deepEqual(
      queries.map(({ name }) => name).filter((name) => /person/.test(name)),
      ['INSERT person', 'UPDATE person', 'DELETE person'],
    )
    for (const { parentSpanId } of queries) assert.equal(parentSpanId, named('request').spanId)
  })

  test('that fails is an error with the code of the database', async () => {
    const { spans } = await traced(() =>
      assert.rejects(db.insertInto('person').values({ name: 'ann' }).execute()),
    )
    const failed = spans.find(({ status }) => status.code === 2)!
    assert.equal(failed.name, 'INSERT person')
    assert.equal(failed.attributes['db.response.status_code'], 'ERR_SQLITE_ERROR')
    assert.equal(failed.attributes['error.type'], 'ERR_SQLITE_ERROR')
    assert.match(failed.status.message, /UNIQUE constraint failed/)
  })

  test('that cannot even be parsed is an error too', async () => {
    const { spans } = await traced(() => assert.rejects(sql`selekt 1`.execute(db)))
    assert.equal(spans[0]!.name, 'SELEKT')
    assert.equal(spans[0]!.status.code, 2)
  })

  test('works without tracing', async () => {
    assert.equal((await db.selectFrom('person').selectAll().execute()).length, 1)
    assert.equal(trace.getActiveSpan(), undefined)
  })

  test('a hook that gets a strange error does no harm', async () => {
    const log = kyselyTracing({ system: 'sqlite' })
    const event = (error: unknown) =>
      ({ level: 'error', query: { sql: 'select 1' }, queryDurationMillis: 1, error }) as unknown as LogEvent
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const { spans } = await traced(() => {
      for (const error of [undefined, null, 'text', 5, Object.create(null), proxy]) log(event(error))
    })
    assert.equal(spans.length, 6)
    for (const { status, attributes } of spans) {
      assert.equal(status.code, 2)
      assert.equal(attributes['error.type'], '_OTHER')
    }
  })
})

suite('names', () => {
  const name = (text: string) => describeStatement(text, 'postgresql').name
  for (const [statement, expected] of [
    ['select * from "person"', 'SELECT person'],
    ['select * from "shop"."order" as "o" where 1 = 1', 'SELECT order'],
    ['SELECT 1', 'SELECT'],
    ['insert into "person" ("name") values ($1)', 'INSERT person'],
    ['update "person" set "age" = $1', 'UPDATE person'],
    ['delete from "person"', 'DELETE person'],
    ['begin', 'BEGIN'],
    ['create table if not exists "person" ("id" int)', 'CREATE person'],
    ['drop table "person"', 'DROP person'],
    ['with x as (select 1) select * from x', 'SELECT x'],
    ['with "done" as (delete from "a" where "b" = 1) insert into "c" ("d") values ($1)', 'INSERT c'],
    [
      'with recursive t (n) as (values (1) union select n + 1 from t), "select" as materialized (select 1) update u set n = 1',
      'UPDATE u',
    ],
    ['WITH x AS (SELECT 1', 'WITH'],
    ['', 'SQL'],
    ['  /* from secret */ select * from person', 'SELECT person'],
    ['-- from secret\nselect * from person', 'SELECT person'],
    ["select 'from secret', * from person", 'SELECT person'],
    ['select extract(year from created_at) from orders', 'SELECT orders'],
    ['select a is distinct from b from orders', 'SELECT orders'],
    ['select count(*) from (select id from orders where x in (1, 2)) as t', 'SELECT orders'],
    ['select * from orders join person on true', 'SELECT orders'],
  ] as const) {
    test(`${JSON.stringify(statement)} is ${expected}`, () => {
      assert.equal(name(statement), expected)
    })
  }
})

suite('what the caller wrote into the SQL', () => {
  const textOf = (statement: string) => describeStatement(statement, 'postgresql').attributes['db.query.text']

  for (const [what, statement, expected] of [
    ['texts', "select 'hunter2', 'it''s hunter2' from t", 'select ?, ? from t'],
    ['numbers', 'select 4111111111111111, -1.5e10 from t where a = 42', 'select ?, -? from t where a = ?'],
    ['hexadecimal numbers and bits', "select 0xCAFE, x'CAFE', b'01'", 'select ?, ?, ?'],
    ['escaped texts', String.raw`select E'a\'hunter2' from t`, 'select ? from t'],
    ['dollar-quoted texts', 'select $$hunter2$$, $tag$hunter2 $$ hunter2$tag$ from t', 'select ?, ? from t'],
    ['comments', "select 1 -- it's hunter2\n, 'hunter2' /* hunter2 ' */, 'hunter2'", 'select ? \n, ? , ?'],
    ['national texts', "select N'hunter2', U&'hunter2'", 'select ?, ?'],
  ] as const) {
    test(`${what} are taken out`, () => {
      const text = textOf(statement)
      assert.doesNotMatch(text!, /hunter2|CAFE|4111/)
      assert.equal(text, expected)
    })
  }

  test('parameters, names with digits and quoted names stay', () => {
    const statement = 'select "t1"."a\'b", t2.c3, $1, ?, :name, @p1 from "t1" limit $2'
    assert.equal(textOf(statement), statement)
  })

  test('a statement of a megabyte is cut, and quickly', () => {
    for (const part of ["'", '$', '-', '/*', 'x ', '"', "''", '$a', '1']) {
      assert.ok(textOf(part.repeat(1_000_000 / part.length))!.length < 5000, part)
    }
  })

  test('of MySQL, texts in double quotes and escapes are taken out', async () => {
    const log = kyselyTracing({ system: 'mysql' })
    const mysql = String.raw`select "hunter2", 'a\'hunter2', ${'`na"me`'} from ${'`t`'} # hunter2 '`
    const { spans } = await traced(() =>
      log({ level: 'query', query: { sql: mysql }, queryDurationMillis: 1 }),
    )
    assert.equal(spans[0]!.attributes['db.query.text'], 'select ?, ?, `na"me` from `t`')
    assert.equal(spans[0]!.name, 'SELECT t')
  })
})

test('a program that writes its values into SQL does not fill memory', async () => {
  const log = kyselyTracing({ system: 'postgresql' })
  const { spans, ledger } = await traced(() => {
    for (let i = 0; i < 10_000; i++) {
      log({ level: 'query', query: { sql: `select ${'x'.repeat(100)}${i} from t` }, queryDurationMillis: 0 })
    }
  })
  assert.equal(spans.length, 10_000)
  assert.equal(ledger.exported, 10_000)
})
