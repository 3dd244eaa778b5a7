/** What surrounds the API: health, metrics, and error answers as problem details. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { sql } from 'kysely'
import { dataOf, sendGraphQL } from '../support/graphql-client.ts'
import { sharedServer as server } from '../support/shared-server.ts'

function post(body: string | Uint8Array, headers: Record<string, string> = {}) {
  return fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${server.user('ada').token}`,
      'content-type': 'application/json',
      ...headers,
    },
    body: body as BodyInit,
  })
}

test('is live and ready', async () => {
  await server.events.settled()
  for (const [path, body] of [
    ['/health/live', { status: 'live' }],
    [
      '/health/ready',
      {
        status: 'ready',
        checks: {
          database: { status: 'ok' },
          migrations: { status: 'ok' },
          bus: { status: 'ok', bus: 'database' },
          outbox: { status: 'ok', lagSeconds: 0 },
        },
      },
    ],
  ] as const) {
    const response = await fetch(server.url + path)
    assert.equal(response.status, 200)
    assert.equal(response.headers.get('cache-control'), 'no-store')
    assert.deepEqual(await response.json(), body)
  }
})

async function readiness() {
  const response = await fetch(`${server.url}/health/ready`)
  const { status, detail, checks } = (await response.json()) as {
    status: string | number
    detail?: string
    checks: Record<string, Record<string, unknown>>
  }
  return { code: response.status, status, detail, checks }
}

test('is not ready on a database that lacks migrations, and names them; ready on one of a later version', async () => {
  const name = '0012-content-search'
  const applied = server.owner.withTables<{ kysely_migration: { name: string; timestamp: string } }>()
  const row = await applied
    .deleteFrom('kysely_migration')
    .where('name', '=', name)
    .returningAll()
    .executeTakeFirstOrThrow()
  const lacking = await readiness()
  await applied
    .insertInto('kysely_migration')
    .values([row, { name: '9999-invented', timestamp: row.timestamp }])
    .execute()
  const newer = await readiness()
  await applied.deleteFrom('kysely_migration').where('name', '=', '9999-invented').execute()
  assert.deepEqual([lacking.code, lacking.detail], [503, 'Not ready: migrations'])
  assert.deepEqual(lacking.checks.migrations, {
    status: 'failed',
    detail: 'The database lacks 1 migration',
    pending: [name],
  })
  assert.equal(lacking.checks.database?.status, 'ok')
  assert.deepEqual([newer.code, newer.status], [200, 'degraded'])
  assert.deepEqual(newer.checks.migrations?.newer, ['9999-invented'])
  assert.equal((await readiness()).status, 'ready')
})

test('is not ready on an empty database', async () => {
  await sql`alter table kysely_migration rename to hidden`.execute(server.owner)
  const { code, checks } = await readiness()
  await sql`alter table hidden rename to kysely_migration`.execute(server.owner)
  assert.equal(code, 503)
  assert.deepEqual(checks.migrations, {
    status: 'failed',
    detail: 'The database is older than this version, or empty',
  })
})

test('is degraded while an event waits for longer than a minute', async () => {
  await server.events.settled()
  const id = crypto.randomUUID()
  // Leased by nobody who is there: no relay takes it meanwhile.
  await sql`insert into outbox (id, tenant_id, key, type, envelope, created_at, lease, leased_until)
    values (${id}, 'acme', ${id}, 'test.late', '{}', now() - interval '2 minutes', ${id}, now() + interval '1 hour')`.execute(
    server.owner,
  )
  const { code, status, checks } = await readiness()
  await sql`delete from outbox where id = ${id}`.execute(server.owner)
  assert.deepEqual([code, status, checks.outbox?.status], [200, 'degraded', 'degraded'])
  assert.ok(Number(checks.outbox?.lagSeconds) >= 120)
})

test('answers mistakes in HTTP with problem details that say what is wrong', async () => {
  const cases: readonly [name: string, response: Response, status: number, detail: RegExp | undefined][] = [
    ['no such path', await fetch(`${server.url}/nope`), 404, undefined],
    ['no such method', await fetch(`${server.url}/graphql`, { method: 'DELETE' }), 405, undefined],
    ['no JSON', await post('{"query": '), 400, /JSON/],
    ['empty body', await post(''), 400, /empty/],
    ['a prototype', await post('{"query":"{me{id}}","__proto__":{"x":1}}'), 400, /JSON/],
    ['text', await post('{ me { id } }', { 'content-type': 'text/plain' }), 415, /Unsupported/],
    [
      'a form',
      await post('query={me{id}}', { 'content-type': 'application/x-www-form-urlencoded' }),
      415,
      /Unsupported/,
    ],
    [
      'a multipart form',
      await post('--x--', { 'content-type': 'multipart/form-data; boundary=x' }),
      415,
      /Unsupported/,
    ],
    ['too large', await post(JSON.stringify({ query: '#'.repeat(300_000) })), 413, /large/],
  ]
  for (const [name, response, status, detail] of cases) {
    assert.equal(response.status, status, name)
    assert.equal(response.headers.get('content-type'), 'application/problem+json; charset=utf-8', name)
    const problem = (await response.json()) as {
      type: string
      title: string
      status: number
      detail?: string
    }
    assert.match(problem.type, /^urn:rustok:problem:[a-z-]+$/)
    assert.equal(problem.status, status)
    if (detail === undefined) assert.equal(problem.detail, undefined, name)
    else assert.match(problem.detail ?? '', detail, name)
  }
})

test('ends a connection that does not speak HTTP, and goes on', async () => {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  socket.end('\x16\x03\x01 this is no HTTP\r\n\r\n')
  await once(socket.resume(), 'close')
  assert.equal((await fetch(`${server.url}/health/live`)).status, 200)
})

test('ignores forwarded headers of clients', async () => {
  const before = server.lines.length
  await fetch(`${server.url}/nope`, {
    headers: { 'x-forwarded-for': '203.0.113.7', 'x-forwarded-host': 'evil.example' },
  })
  assert.doesNotMatch(JSON.stringify(server.lines.slice(before)), /203\.0\.113\.7|evil\.example/)
})

/** The value of a sample in Prometheus' text format, 0 when it is not there. */
async function sample(name: string, labels: Record<string, string>): Promise<number> {
  const response = await fetch(`${server.url}/metrics`)
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
  const line = (await response.text())
    .split('\n')
    .find(
      (candidate) =>
        candidate.startsWith(`${name}{`) &&
        Object.entries(labels).every(([label, value]) => candidate.includes(`${label}="${value}"`)),
    )
  return Number(line?.split(' ').at(-1) ?? 0)
}

test('counts and times requests by method, route and status, unknown paths under one name', async () => {
  const graphql = { method: 'POST', route: '/graphql', status: '200' }
  const unmatched = { method: 'GET', route: 'unmatched', status: '404' }
  const before = {
    graphql: await sample('rustok_http_requests_total', graphql),
    timed: await sample('rustok_http_request_duration_seconds_count', graphql),
    unmatched: await sample('rustok_http_requests_total', unmatched),
  }
  await post(JSON.stringify({ query: '{ me { id } }' }))
  await fetch(`${server.url}/invented/${crypto.randomUUID()}`)
  await fetch(`${server.url}/invented/${crypto.randomUUID()}`)
  assert.equal(await sample('rustok_http_requests_total', graphql), before.graphql + 1)
  assert.equal(await sample('rustok_http_request_duration_seconds_count', graphql), before.timed + 1)
  assert.equal(await sample('rustok_http_requests_total', unmatched), before.unmatched + 2)
  assert.doesNotMatch(await (await fetch(`${server.url}/metrics`)).text(), /invented/)
})

/** A creation that went well, one that was refused, and an event that was handled. */
function counts(): Promise<number[]> {
  const operations = 'rustok_content_operations_total'
  return Promise.all([
    sample(operations, { operation: 'create', outcome: 'ok' }),
    sample(operations, { operation: 'create', outcome: 'invalid' }),
    sample('rustok_event_deliveries_total', {
      type: 'content.node.created',
      handler: 'content-stats',
      outcome: 'handled',
    }),
  ])
}

test('counts operations on content and deliveries of events by outcome', async () => {
  const create = (title: string) =>
    dataOf(
      sendGraphQL(
        server.url,
        'mutation ($title: String!) { createNode(input: { title: $title }) { errors { message } } }',
        { token: server.user('ada').token, variables: { title } },
      ),
    )
  await server.events.settled()
  const before = await counts()
  await create('Counted')
  await create('')
  await server.events.settled()
  assert.deepEqual(
    await counts(),
    before.map((count) => count + 1),
  )
})

test("shows the process's own metrics", async () => {
  const text = await (await fetch(`${server.url}/metrics`)).text()
  for (const name of [
    'process_resident_memory_bytes',
    'nodejs_eventloop_lag_p99_seconds',
    'process_cpu_seconds_total',
  ]) {
    assert.match(text, new RegExp(`^${name} [0-9.e-]+$`, 'm'))
  }
})

test('logs one line for each request, without query strings, and none for successful probes', async () => {
  const before = server.lines.length
  await fetch(`${server.url}/graphql?query=secret-in-the-url`, {
    headers: { authorization: 'Bearer secret-token' },
  })
  await fetch(`${server.url}/health/live`)
  await fetch(`${server.url}/metrics`)
  const lines = server.lines.slice(before)
  assert.deepEqual(
    lines.map(({ msg, route, status }) => ({ msg, route, status })),
    [{ msg: 'request completed', route: '/graphql', status: 401 }],
  )
  assert.doesNotMatch(JSON.stringify(lines), /secret/)
})
