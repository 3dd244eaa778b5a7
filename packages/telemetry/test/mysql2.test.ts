/** mysql2 against a real MariaDB: queries, prepared statements, callbacks, promises, pools, streams, errors. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { trace } from '@opentelemetry/api'
import mysql from 'mysql2'
import { tracedSpan } from '../src/traced-span.ts'
import { type DatabaseServer, startMariadb } from './support/database-servers.ts'
import { type TracedOptions, traced } from './support/traced.ts'

let server: DatabaseServer
let connection: mysql.Connection
before(async () => {
  server = await startMariadb()
  const options = { host: '127.0.0.1', port: server.port, user: 'root' }
  const setUp = await mysql.createConnection(options).promise()
  await setUp.query('create database shop')
  await setUp.query('create table shop.item (id int primary key, name varchar(20))')
  await setUp.end()
  connection = mysql.createConnection({ ...options, database: 'shop' })
  await connection.promise().ping()
})
after(async () => {
  connection.destroy()
  await server.stop()
})

const working = (work: (connection: mysql.Connection) => unknown, options: TracedOptions = {}) =>
  traced(() => work(connection), options)

test('a query is a client span with the attributes of the conventions', async () => {
  const { spans } = await working((connection) =>
    connection.promise().query("select * from item where name = 'hunter2' and id = ?", [7]),
  )
  assert.equal(spans.length, 1)
  const { name, kind, status, attributes } = spans[0]!
  assert.deepEqual([name, kind, status], ['SELECT item', 3, { code: 0, message: '' }])
  assert.deepEqual(attributes, {
    'db.system.name': 'mysql',
    'db.namespace': 'shop',
    'db.operation.name': 'SELECT',
    'db.collection.name': 'item',
    'db.query.text': 'select * from item where name = ? and id = ?',
    'server.address': '127.0.0.1',
    'server.port': BigInt(server.port),
  })
})

test('all ways to ask are traced, once each', async () => {
  const pool = mysql.createPool({ host: '127.0.0.1', port: server.port, user: 'root', database: 'shop' })
  const { spans } = await working(async (connection) => {
    await connection.promise().execute('select 1')
    await new Promise((resolve) => connection.query('select 2', resolve))
    await new Promise((resolve) => connection.execute('select 3', [], resolve))
    await new Promise((resolve) =>
      connection
        .query('select 4')
        .on('end', resolve)
        .on('result', () => {}),
    )
    await pool.promise().query('select 5')
    await pool.promise().execute('select 6')
  })
  await pool.promise().end()
  assert.deepEqual(
    spans.map(({ name, kind }) => [name, kind]),
    Array(6).fill(['SELECT', 3]),
  )
})

test('is below the active span, in whose context callbacks and awaits go on', async () => {
  const seen: unknown[] = []
  const { spans, named } = await working((connection) =>
    Promise.all(
      [1, 2, 3].map((n) =>
        tracedSpan(`outer ${n}`, async (outer) => {
          const see = () => void seen.push(trace.getActiveSpan() === outer)
          await new Promise<void>((resolve) => {
            connection.query(`select ${n}`, () => {
              see()
              resolve()
            })
          })
          await connection.promise().execute('select 1')
          see()
        }),
      ),
    ),
  )
  assert.deepEqual(seen, Array(6).fill(true))
  const queries = spans.filter(({ name }) => name === 'SELECT')
  assert.deepEqual(
    queries.map(({ parentSpanId }) => parentSpanId).sort(),
    [1, 2, 3].flatMap((n) => Array(2).fill(named(`outer ${n}`).spanId)).sort(),
  )
})

test('a callback is no part of the query that calls it', async () => {
  const { spans } = await working(
    (connection) =>
      new Promise<void>((resolve) => {
        connection.query('select 1', () => {
          tracedSpan('callback', () => resolve())
        })
      }),
  )
  const [query, callback] = ['SELECT', 'callback'].map((name) => spans.find((span) => span.name === name)!)
  assert.ok(query!.end <= callback!.start)
  assert.equal(callback!.parentSpanId, '')
})

suite('an error', () => {
  for (const how of ['query', 'execute'] as const) {
    test(`of ${how} has the server's number and its name`, async () => {
      const { spans } = await working((connection) =>
        assert.rejects(
          how === 'query'
            ? connection.promise().query('select * from nothing')
            : connection.promise().execute('select * from nothing'),
        ),
      )
      assert.equal(spans.length, 1)
      assert.equal(spans[0]!.name, 'SELECT nothing')
      assert.equal(spans[0]!.status.code, 2)
      assert.equal(spans[0]!.attributes['db.response.status_code'], '1146')
      assert.equal(spans[0]!.attributes['error.type'], 'ER_NO_SUCH_TABLE')
    })
  }

  test('of a query that is listened to ends the span', async () => {
    const { spans } = await working(
      (connection) =>
        new Promise((resolve) => connection.query('select * from nothing').on('error', resolve)),
    )
    assert.equal(spans[0]!.attributes['db.response.status_code'], '1146')
  })

  test('of a connection that is lost has no number of the server', async () => {
    const other = mysql.createConnection({ host: '127.0.0.1', port: server.port, user: 'root' })
    other.on('error', () => {})
    await other.promise().ping()
    const { spans } = await traced(async () => {
      const waiting = other.promise().query('select sleep(30)')
      setTimeout(() => other.destroy(), 20)
      await Promise.race([waiting.catch(() => {}), new Promise((resolve) => setTimeout(resolve, 200))])
      await connection
        .promise()
        .query(`kill ${other.threadId}`)
        .catch(() => {})
    })
    assert.equal(spans.filter(({ name }) => name.startsWith('KILL')).length, 1)
  })
})

test('without mysql2 it is left alone', async () => {
  const { spans } = await working((connection) => connection.promise().query('select 1'), {
    without: ['mysql2'],
  })
  assert.deepEqual(spans, [])
})
