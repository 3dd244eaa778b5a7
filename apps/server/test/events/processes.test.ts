/** Events between processes: a server that leaves them to workers, on PostgreSQL and NATS, with processes that die at any moment. */
import assert from 'node:assert/strict'
import { execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { after, afterEach, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect, nanos } from '@nats-io/transport-node'
import { UsageError } from '../../src/commands/command.ts'
import { events as eventsCommand } from '../../src/commands/events.ts'
import { openEventSystem } from '../support/event-system.ts'
import { dataOf, sendGraphQL } from '../support/graphql-client.ts'
import { type NatsServer, startNatsServer } from '../support/nats-server.ts'
import { asSuperuser, type Postgres, type PostgresDatabase, startPostgres } from '../support/postgres.ts'
import { OF_NODE, type ReadyMessage, ServerProcess } from '../support/server-process.ts'
import { drawTree, type SpanReceiver, startSpanReceiver } from '../support/span-receiver.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const CRASHER = fileURLToPath(new URL('../support/event-crasher.ts', import.meta.url))

let postgres: Postgres
let nats: NatsServer
let receiver: SpanReceiver
let database: PostgresDatabase
/** Of the workers beside the server: it leaves events to them, so that each test brings those that it needs. */
let env: Record<string, string>
let serving: ReadyMessage
let server: ServerProcess
const running = new Set<ServerProcess>()

before(async () => {
  ;[postgres, nats, receiver] = await Promise.all([startPostgres(), startNatsServer(), startSpanReceiver()])
  database = await postgres.database()
  env = {
    DATABASE_URL: database.url,
    DATABASE_OWNER_URL: database.ownerUrl,
    RUSTOK_JWT_SECRET: 'a secret for these processes alone, 32 bytes',
    RUSTOK_WORKERS: 'external',
    RUSTOK_WORKER_PORT: '0',
  }
  server = new ServerProcess({ ...env, ...tracing() })
  serving = await server.ready()
})
afterEach(async () => {
  await Promise.all([...running].map((server) => server.kill()))
  running.clear()
})
after(async () => {
  await server.kill()
  receiver.close()
  await Promise.all([postgres.stop(), nats.stop()])
})

function tracing(): Record<string, string> {
  return {
    OTEL_ENABLED: 'true',
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    OTEL_BSP_SCHEDULE_DELAY: '100',
  }
}

/** A worker, that ends with its test. */
function launch(env: Record<string, string>): ServerProcess {
  const server = new ServerProcess(env, ['worker'])
  running.add(server)
  return server
}

function tokenOf(user: string): string {
  return serving.demo!.tenants.flatMap((tenant) => tenant.users).find((known) => known.id === user)!.token
}

const CREATE = 'mutation { createNode(input: { title: "Far away" }) { node { id } } }'

test('follows an event over NATS into the worker that handles it: one trace, with tenant and user on all of it', async () => {
  const worker = launch({
    ...env,
    ...tracing(),
    NATS_URL: nats.url,
    NATS_STREAM: 'TRACED',
    OTEL_SERVICE_NAME: 'rustok-worker',
  })
  const { url } = await worker.ready()
  assert.equal((await fetch(`${url}/health/ready`)).status, 200)
  assert.equal((await fetch(`${url}/graphql`)).status, 404)

  const answer = await sendGraphQL(serving.url, CREATE, { token: tokenOf('dev') })
  const traceId = answer.headers.get('x-trace-id')!
  const ofTrace = () => receiver.ofTrace(traceId)
  const awaited = ['create', 'publish', 'process'].map((step) => `${step} content.node.created`)
  const arrived = () => awaited.every((wanted) => ofTrace().some(({ name }) => name === wanted))
  while (!arrived()) await setTimeout(50)
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
    const stream = 'KILLED'
    const workerEnv = { ...env, ...(bus === 'nats' ? { NATS_URL: nats.url, NATS_STREAM: stream } : {}) }
    const token = tokenOf('ada')
    let created = 0
    let stop = false
    const load = async () => {
      while (!stop) {
        await dataOf(sendGraphQL(serving.url, CREATE, { token }))
        created += 1
        await setTimeout(10)
      }
    }
    const survivorAndVictims = Array.from({ length: 3 }, () => launch(workerEnv))
    await Promise.all(survivorAndVictims.map((worker) => worker.ready()))
    if (bus === 'nats') await shortenAckWait(stream)
    const loading = Promise.all([load(), load()])
    for (const victim of survivorAndVictims.slice(1)) {
      await setTimeout(200 + Math.random() * 400)
      await victim.kill('SIGKILL')
    }
    stop = true
    await loading
    // The leases of the dead would end by themselves, some seconds later; to the living it happens that theirs end early.
    await asSuperuser(database.superuserUrl, 'update deliveries set due_at = now() where dead_at is null')
    await asSuperuser(database.superuserUrl, 'update outbox set leased_until = now() where lease is not null')

    const state = async () => {
      const { rows } = await asSuperuser(
        database.superuserUrl,
        `select (select count(*) from nodes where tenant_id = 'acme')::integer as nodes,
          (select drafts + published from content_stats where tenant_id = 'acme') as counted,
          (select count(*) from outbox where published_at is null)::integer
          + (select count(*) from deliveries)::integer as waiting`,
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

/** Of the consumers that the workers have made: what a dead one had comes again after this, not after 10 s. */
async function shortenAckWait(stream: string): Promise<void> {
  const connection = await connect({ servers: nats.url })
  const manager = await jetstreamManager(connection)
  for await (const { name } of manager.consumers.list(stream)) {
    await manager.consumers.update(stream, name, { ack_wait: nanos(1_000) })
  }
  await connection.close()
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
  await launch(env).ready()
  // Its read model is broken, and this event has one attempt left.
  await asSuperuser(database.superuserUrl, 'alter table content_stats rename to content_stats_away')
  await dataOf(sendGraphQL(serving.url, CREATE, { token: tokenOf('ada') }))
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
      env: { ...OF_NODE, ...env },
    })
  const [listed, inJson] = await Promise.all([
    events('dead-letters', '--handler', 'content-stats'),
    events('dead-letters', '--json'),
  ])
  assert.match(
    listed.stdout,
    /content-stats {2}[0-9a-f-]{36} {2}acme {2}content\.node\.created .*content_stats/,
  )
  assert.match(listed.stderr, /^1 dead letter$/m)
  const [letter] = inJson.stdout.trim().split('\n')
  const { eventId } = JSON.parse(letter!)

  await query('alter table content_stats_away rename to content_stats')
  assert.match(
    (await events('replay', '--id', eventId, '--dry-run')).stdout,
    /^1 dead letter would be replayed/,
  )
  await waitFor('select from deliveries where dead_at is not null')
  assert.match((await events('replay', '--since', '2026-01-01T00:00:00Z')).stdout, /^1 dead letter handed/)
  await waitFor('select where not exists (select from deliveries)')
})

test('says what is wrong with a command about dead letters before it opens anything', async () => {
  for (const args of [
    ['replay'],
    ['replay', '--id', 'x'],
    ['replay', '--since', 'soon'],
    ['bury'],
    ['replay', '--all'],
    ['dead-letters', '--limit', '0'],
  ]) {
    await assert.rejects(eventsCommand.run(args), UsageError, args.join(' '))
  }
})

test('does not start a worker on the embedded database, which belongs to another process', async () => {
  const worker = launch({})
  assert.deepEqual(await worker.exited, { code: 1, signal: null })
  assert.match(worker.stderr, /^rustok-server: DATABASE_URL: a worker needs a PostgreSQL server[^\n]*\n$/)
})
