/** Events between processes: a server that leaves them to workers, on PostgreSQL and NATS, with processes that die at any moment. */
import assert from 'node:assert/strict'
import { execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { after, afterEach, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openEventSystem } from '../support/event-system.ts'
import { dataOf, sendGraphQL } from '../support/graphql-client.ts'
import { type NatsServer, startNatsServer } from '../support/nats-server.ts'
import { asSuperuser, type Postgres, type PostgresDatabase, startPostgres } from '../support/postgres.ts'
import { type ReadyMessage, ServerProcess } from '../support/server-process.ts'
import { drawTree, type SpanReceiver, startSpanReceiver } from '../support/span-receiver.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const CRASHER = fileURLToPath(new URL('../support/event-crasher.ts', import.meta.url))

let postgres: Postgres
let nats: NatsServer
let receiver: SpanReceiver
const running = new Set<ServerProcess>()

before(async () => {
  ;[postgres, nats, receiver] = await Promise.all([startPostgres(), startNatsServer(), startSpanReceiver()])
})
afterEach(async () => {
  await Promise.all([...running].map((server) => server.kill()))
  running.clear()
})
after(async () => {
  receiver.close()
  await Promise.all([postgres.stop(), nats.stop()])
})

function environment(database: PostgresDatabase): Record<string, string> {
  return {
    DATABASE_URL: database.url,
    DATABASE_OWNER_URL: database.ownerUrl,
    RUSTOK_JWT_SECRET: 'a secret for these processes alone, 32 bytes',
    RUSTOK_WORKERS: 'external',
    RUSTOK_WORKER_PORT: '0',
  }
}

function launch(env: Record<string, string>, ...args: readonly string[]): ServerProcess {
  const server = new ServerProcess(env, args)
  running.add(server)
  return server
}

function tokenOf({ demo }: ReadyMessage, user: string): string {
  return demo!.tenants.flatMap((tenant) => tenant.users).find((known) => known.id === user)!.token
}

const CREATE = 'mutation { createNode(input: { title: "Far away" }) { node { id } } }'

test('follows an event over NATS into the worker that handles it: one trace, with tenant and user on all of it', async () => {
  const env = {
    ...environment(await postgres.database()),
    NATS_URL: nats.url,
    NATS_STREAM: 'TRACED',
    OTEL_ENABLED: 'true',
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    OTEL_BSP_SCHEDULE_DELAY: '100',
  }
  const serving = await launch(env).ready()
  const worker = launch({ ...env, OTEL_SERVICE_NAME: 'rustok-worker' }, 'worker')
  const { url } = await worker.ready()
  assert.equal((await fetch(`${url}/health/ready`)).status, 200)
  assert.equal((await fetch(`${url}/graphql`)).status, 404)

  const answer = await sendGraphQL(serving.url, CREATE, { token: tokenOf(serving, 'dev') })
  const traceId = answer.headers.get('x-trace-id')!
  const ofTrace = () => receiver.ofTrace(traceId)
  while (!ofTrace().some(({ name }) => name === 'process content.node.created')) await setTimeout(50)
  const spans = ofTrace()
  const named = (name: string) => {
    const found = spans.filter((span) => span.name === name)
    assert.equal(found.length, 1, `${name}: ${found.length} in\n${drawTree(spans)}`)
    return found[0]!
  }
  const create = named('create content.node.created')
  const publish = named('publish content.node.created')
  const process = named('process content.node.created')
  assert.deepEqual([publish.parentSpanId, process.parentSpanId], [create.spanId, create.spanId])
  assert.deepEqual(process.links, [{ traceId, spanId: create.spanId }])
  for (const span of [publish, process]) {
    assert.equal(span.attributes['messaging.system'], 'nats')
    assert.equal(span.attributes['messaging.destination.name'], 'content.node.created')
    assert.equal(span.attributes['messaging.message.id'], create.attributes['messaging.message.id'])
  }
  assert.equal(process.attributes['messaging.consumer.group.name'], 'content-stats')
  for (const span of spans) {
    assert.deepEqual([span.attributes.tenant_id, span.attributes.user_id], ['globex', 'dev'], span.name)
  }
  assert.ok(spans.length < 40)

  const relay = () => receiver.spans.find((span) => span.name === 'relay outbox')
  while (relay() === undefined) await setTimeout(50)
  assert.ok(relay()!.links.some((link) => link.spanId === create.spanId))

  // A worker that is told to ends in order.
  assert.deepEqual(await worker.kill('SIGTERM'), { code: 0, signal: null })
  assert.match(worker.stdout, /"clean":true/)
})

for (const bus of ['nats', 'database']) {
  test(`loses no event and applies none twice when workers are killed at random moments (bus: ${bus})`, async () => {
    const database = await postgres.database()
    const env = {
      ...environment(database),
      ...(bus === 'nats' ? { NATS_URL: nats.url, NATS_STREAM: 'KILLED' } : {}),
    }
    const serving = await launch(env).ready()
    const token = tokenOf(serving, 'ada')
    let created = 0
    let stop = false
    const load = async () => {
      while (!stop) {
        await dataOf(sendGraphQL(serving.url, CREATE, { token }))
        created += 1
        await setTimeout(10)
      }
    }
    const loading = Promise.all([load(), load()])
    const survivor = launch(env, 'worker')
    await survivor.ready()
    for (let kills = 0; kills < 2; kills += 1) {
      const worker = launch(env, 'worker')
      await worker.ready()
      await setTimeout(Math.random() * 400)
      await worker.kill('SIGKILL')
    }
    stop = true
    await loading

    const state = async () => {
      const { rows } = await asSuperuser(
        database.superuserUrl,
        `select (select count(*) from nodes where tenant_id = 'acme')::integer as nodes,
          (select drafts + published from content_stats where tenant_id = 'acme') as counted,
          (select count(*) from outbox where published_at is null)::integer as waiting`,
      )
      return rows[0] as { nodes: number; counted: number; waiting: number }
    }
    assert.ok(created > 10)
    for (let now = await state(); now.counted < now.nodes || now.waiting > 0; now = await state()) {
      await setTimeout(100)
    }
    // What came twice would be counted now.
    await setTimeout(500)
    const { nodes, counted } = await state()
    assert.equal(counted, nodes)
  })
}

test('gives up an event that kills its process each time, and none of those beside it', async () => {
  const database = await postgres.database()
  const system = await openEventSystem({
    databaseUrl: database.url,
    ownerUrl: database.ownerUrl,
    start: false,
  })
  await system.emit(11, 12, 13, 14, 15)
  await system.close()
  let crashes = 0
  for (;;) {
    const child = fork(CRASHER, [database.url, database.ownerUrl], { execArgv: [], stdio: 'inherit' })
    const outcome = await Promise.race([once(child, 'message'), once(child, 'exit')])
    if (outcome[0] === 'settled') {
      child.disconnect()
      await once(child, 'exit')
      break
    }
    assert.deepEqual(outcome, [null, 'SIGKILL'])
    crashes += 1
    assert.ok(crashes < 10)
    // Its leases would end by themselves, some seconds later.
    await asSuperuser(database.superuserUrl, 'update deliveries set due_at = now() where dead_at is null')
  }
  const { rows } = await asSuperuser(
    database.superuserUrl,
    `select envelope->'data'->>'n' as n, last_error, dead_at is not null as dead
      from deliveries join outbox on id = event_id`,
  )
  assert.deepEqual(rows, [
    { n: '13', last_error: 'the process that had it ended, or lost its database', dead: true },
  ])
  assert.equal(crashes, 3)
  const handled = await asSuperuser(database.superuserUrl, 'select event_id from handled_events')
  assert.equal(handled.rows.length, 4)
})

test('lists dead letters and replays them, on the command line', async () => {
  const database = await postgres.database()
  const env = { ...environment(database), RUSTOK_WORKERS: 'internal' }
  const server = launch(env)
  const serving = await server.ready()
  // Its read model is broken, and this event has one attempt left.
  await asSuperuser(database.superuserUrl, 'alter table content_stats rename to content_stats_away')
  await dataOf(sendGraphQL(serving.url, CREATE, { token: tokenOf(serving, 'ada') }))
  const query = (text: string) => asSuperuser(database.superuserUrl, text)
  const waitFor = async (condition: string) => {
    const holds = async () => (await query(`select exists (${condition}) as holds`)).rows[0].holds
    while (!(await holds())) await setTimeout(50)
  }
  await waitFor('select from deliveries where attempts > 0')
  await query('update deliveries set attempts = 9, due_at = now() where lease is null')
  await waitFor('select from deliveries where dead_at is not null')

  const events = (...args: readonly string[]) =>
    promisify(execFile)(process.execPath, [MAIN, 'events', ...args], {
      env: { PATH: process.env.PATH, ...env },
    })
  const listed = await events('dead-letters', '--handler', 'content-stats')
  assert.match(
    listed.stdout,
    /content-stats {2}[0-9a-f-]{36} {2}acme {2}content\.node\.created .*content_stats/,
  )
  assert.match(listed.stderr, /^1 dead letter$/m)
  const [letter] = (await events('dead-letters', '--json')).stdout.trim().split('\n')
  const { eventId } = JSON.parse(letter!)
  assert.equal((await events('dead-letters', '--handler', 'other')).stdout, '')

  await query('alter table content_stats_away rename to content_stats')
  assert.match(
    (await events('replay', '--id', eventId, '--dry-run')).stdout,
    /^1 dead letter would be replayed/,
  )
  await waitFor('select from deliveries where dead_at is not null')
  assert.match((await events('replay', '--since', '2026-01-01T00:00:00Z')).stdout, /^1 dead letter handed/)
  await waitFor('select where not exists (select from deliveries)')

  for (const args of [
    ['replay'],
    ['replay', '--id', 'x'],
    ['replay', '--since', 'soon'],
    ['bury'],
    ['replay', '--all'],
  ]) {
    await assert.rejects(events(...args), (error: { code?: number; stderr?: string }) => {
      assert.equal(error.code, 2)
      assert.match(String(error.stderr), /^rustok-server: [^\n]+\n$/)
      return true
    })
  }
})

test('does not start a worker on the embedded database, which belongs to another process', async () => {
  const worker = launch({}, 'worker')
  assert.deepEqual(await worker.exited, { code: 1, signal: null })
  assert.match(worker.stderr, /^rustok-server: DATABASE_URL: a worker needs a PostgreSQL server[^\n]*\n$/)
})
