/**
 * Secrets in every place where one may stand, through real requests and real failures; then every byte of the log and of the exported spans
 * is searched for them. Each place has a word of its own, of letters alone: nothing but its place tells that it is a secret.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { initTracing, OtelConfig, type Tracing } from '@rustok/telemetry'
import { sql } from 'kysely'
import { openDatabase } from '../src/db/open-database.ts'
import { defineEvent, draftEvent } from '../src/events/envelope.ts'
import { createHandler, on } from '../src/events/event-handler.ts'
import { telemetrySettings } from '../src/telling/span-rules.ts'
import type { ErrorReport } from '../src/telling/tell-error.ts'
import { sendGraphQL } from './support/graphql-client.ts'
import { asSuperuser, startPostgres } from './support/postgres.ts'
import { type SpanReceiver, startSpanReceiver } from './support/span-receiver.ts'
import { startTestServer, type TestServer } from './support/test-server.ts'

const places: string[] = []

/** A secret for this place. */
function secret(place: string): string {
  const letters = String(places.push(place) - 1).replaceAll(/\d/g, (digit) => 'abcdefghij'[Number(digit)]!)
  return `zanzi${letters}quux`
}

/** The places whose secrets are in the text. */
function found(text: string): string[] {
  const words = text.match(/zanzi([a-j]+)quux/gi) ?? []
  const numbers = words.map((word) =>
    Number(
      word.slice(5, -4).replaceAll(/./g, (letter) => String('abcdefghij'.indexOf(letter.toLowerCase()))),
    ),
  )
  return [...new Set(numbers)].map((number) => places[number] ?? `no place ${number}`)
}

let receiver: SpanReceiver
let tracing: Tracing
let server: TestServer
const webhooks = createServer((_request, response) =>
  response.writeHead(500).end(secret("a webhook's answer")),
)

before(async () => {
  receiver = await startSpanReceiver()
  tracing = await initTracing(telemetrySettings(new OtelConfig({ endpoint: receiver.endpoint })), {
    handleSignals: false,
  })
  webhooks.listen(0, '127.0.0.1')
  await once(webhooks, 'listening')
  const base = `http://${secret('user of a webhook URL')}:${secret('password of a webhook URL')}@127.0.0.1:${(webhooks.address() as AddressInfo).port}`
  server = await startTestServer(
    {
      webhook: {
        url: `${base}/hooks/${secret('path of a webhook URL')}?key=${secret('query of a webhook URL')}`,
        secret: secret('key of webhooks').padEnd(32, 'x'),
      },
    },
    undefined,
    tracing,
  )
})
after(async () => {
  await server.stop(() => tracing.shutdown())
  webhooks.close()
  receiver.close()
})

function post(target: string, body: string, headers: Record<string, string> = {}) {
  return fetch(server.url + target, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-tenant-id': 'acme', ...headers },
    body,
  })
}

const graphql = (query: string, variables: Record<string, unknown> = {}, headers = {}) =>
  sendGraphQL(server.url, query, { token: server.user('ada').token, variables, headers })

const CREATE =
  'mutation ($title: String!, $body: String) { createNode(input: { title: $title, body: $body }) { errors { message } } }'
const ADD =
  'mutation { addToCart(input: { variantId: "01990000-0000-7000-8000-b00000000101", quantity: 1 }) { cart { id } } }'
const USER =
  'mutation ($input: CreateUserInput!) { createUser(input: $input) { user { id } errors { message } } }'

async function hostileRequests(): Promise<void> {
  const bearer = (place: string) => ({ authorization: `Bearer ${secret(place)}` })
  await post('/graphql', '{"query":"{ me { id } }"}', bearer('a token that is none'))
  await post(
    '/graphql',
    '{"query":"{ me { id } }"}',
    bearer('a token like a JWT').authorization
      ? { authorization: `Bearer eyJhbGciOiJub25lIn0.${secret('claims')}.${secret('signature')}` }
      : {},
  )
  await post('/graphql', '{}', { authorization: `Basic ${secret('basic credentials')}` })
  await post('/graphql', '{}', {
    authorization: `${secret('an unknown scheme')} x`,
    cookie: `sid=${secret('cookie')}`,
  })
  await post('/graphql', '{"query":"{ me { id } }"}', {
    authorization: `Bearer ${server.user('ada').token}`,
    cookie: `sid=${secret('cookie of a good request')}`,
    'x-api-key': secret('API key in a header'),
    'proxy-authorization': `Basic ${secret('proxy credentials')}`,
    baggage: `token=${secret('baggage')}`,
    referer: `http://x/?token=${secret('referer')}`,
  })
  await post('/graphql', '{}', { ...bearer('x'), 'x-tenant-id': secret('tenant header') })

  await fetch(`${server.url}/nope/${secret('path')}`)
  await fetch(`${server.url}/auth/reset/${secret('path of a reset')}?token=${secret('query of a reset')}`)
  await fetch(
    `${server.url}/graphql?query={me{id}}&variables={"password":"${secret('variables in a query')}"}&code=${secret('code')}`,
    {
      headers: { authorization: `Bearer ${server.user('ada').token}` },
    },
  )
  await fetch(`${server.url}/health/live?${secret('query without names')}`)
  await fetch(`${server.url}/${secret('a bad escape')}%`)
  await fetch(`${server.url}/graphql`, { method: 'OPTIONS', headers: bearer('OPTIONS') })

  await post(
    '/auth/sign-in',
    JSON.stringify({ email: 'ada@acme.example', password: secret('wrong password') }),
  )
  await post(
    '/auth/sign-in',
    JSON.stringify({ email: `${secret('unknown e-mail')}@acme.example`, password: secret('password') }),
  )
  await post('/auth/sign-in', JSON.stringify({ email: 1, password: [secret('password in a list')] }))
  await post('/auth/refresh', JSON.stringify({ refreshToken: secret('refresh token') }))
  await post('/auth/refresh', JSON.stringify({ refreshToken: `rt_${secret('refresh token, nearly')}` }))
  await post('/auth/sign-out', JSON.stringify({ refreshToken: secret('refresh token at sign-out') }))
  await post('/auth/sign-in', `{"password": "${secret('JSON that breaks off')}`)
  await post('/auth/sign-in', `{"password": ${secret('JSON without quotes')}}`)
  await post('/auth/sign-in', `{"__proto__": {"password": "${secret('prototype')}"}}`)
  await post('/auth/sign-in', `password=${secret('form')}`, {
    'content-type': 'application/x-www-form-urlencoded',
  })
  await post('/auth/sign-in', '{}', { 'content-type': `text/${secret('content type')}` })
  await post('/auth/sign-in', JSON.stringify({ password: secret('too large').repeat(10_000) }))

  await graphql(`{ me { ${secret('a field')} } }`)
  await graphql(`{ me { id `.padEnd(20, secret('broken document')))
  await graphql(
    `mutation { createUser(input: { password: "${secret('literal of a wrong type')}" }) { user { id } } }`,
  )
  await graphql(`query A { me { id } } query B { me { id } }`, {
    password: secret('variables of no operation'),
  })
  await graphql(USER, { input: { password: secret('variable that does not fit') } })
  await graphql(USER, { input: secret('a scalar for an object') })
  await graphql(CREATE, { title: [secret('a list for a scalar')] })
  await graphql('query ($id: ID!) { node(id: $id) { id } }', { id: secret('id') })
  await graphql(`{ nodes(first: 1, after: "${secret('cursor')}") { totalCount } }`)
  await graphql('query ($q: String!) { search(query: $q, first: 1) { totalCount } }', { q: secret('search') })
  await post(
    '/graphql',
    JSON.stringify({ query: '{ me { id } }', operationName: secret('unknown operation') }),
    { authorization: `Bearer ${server.user('ada').token}` },
  )
  await post('/graphql', JSON.stringify([{ query: secret('a batch') }]), {
    authorization: `Bearer ${server.user('ada').token}`,
  })
  await post('/graphql', JSON.stringify({ query: 1, extensions: { persistedQuery: secret('extension') } }), {
    authorization: `Bearer ${server.user('ada').token}`,
  })
}

/** The database refuses what no code expects, and quotes it. Resolves with the id of a cart. */
async function hostileRows(): Promise<string> {
  await sql`alter table nodes add constraint hostile check (title not like 'check %')`.execute(server.owner)
  await sql`create function hostile() returns trigger language plpgsql as ${sql.lit(
    "begin raise exception 'cannot take %', new.title using detail = new.body, hint = new.title; end",
  )}`.execute(server.owner)
  await sql`create trigger hostile before insert on nodes for each row when (new.title like 'raise %') execute function hostile()`.execute(
    server.owner,
  )
  const failed: number[] = []
  const failing = async (answer: Promise<{ errors: readonly unknown[] }>) =>
    void failed.push((await answer).errors.length)
  await failing(
    graphql(CREATE, {
      title: `check ${secret('title of a row that fails')}`,
      body: secret('body of a row that fails'),
    }),
  )
  await failing(
    graphql(CREATE, {
      title: `raise ${secret('message of a raised exception')}`,
      body: secret('detail of a raised exception'),
    }),
  )
  // Where services expect a duplicate, it is their users' mistake: in a cart, none does.
  await sql`create table hostile (address text constraint hostile_address primary key)`.execute(server.owner)
  await sql`create function duplicate() returns trigger language plpgsql security definer as ${sql.lit(
    `begin insert into hostile values ('${secret('e-mail address of a duplicate key')}@acme.example'); return new; end`,
  )}`.execute(server.owner)
  await sql`create trigger duplicate before insert on cart_items for each row execute function duplicate()`.execute(
    server.owner,
  )
  const { data } = await graphql(ADD)
  await failing(graphql(ADD))
  await sql`drop trigger duplicate on cart_items`.execute(server.owner)
  const input = {
    name: secret('name of a user'),
    email: `${secret('e-mail address of a user')}@acme.example`,
    role: 'VIEWER',
    password: `long ${secret('password of a user')}`,
  }
  await graphql(USER, { input })
  await graphql(USER, { input })
  assert.deepEqual(failed, [1, 1, 1])
  return (data as { addToCart: { cart: { id: string } } }).addToCart.cart.id
}

/** Handlers that quote what they choke on, after it was stored. */
async function hostileEvents(cartId: string): Promise<void> {
  const happened = defineEvent<{ readonly token: string }>('test.hostile', 'rustok-server/test')
  class Hostile extends Error {
    override readonly name = 'Hostile'
    readonly headers = { authorization: secret("an error's header") }
    readonly body = secret("an error's body")
  }
  server.events.subscribe(
    createHandler(
      'hostile',
      [
        on(happened, async ({ data: { token } }) => {
          throw new Hostile(`cannot take ${token}\n    at ${secret('a message like a frame')} (/x.ts:1:1)`, {
            cause: new AggregateError([new TypeError(secret('one of several errors'))], token),
          })
        }),
      ],
      { maxAttempts: 1 },
    ),
  )
  const actor = { tenantId: 'acme', userId: 'ada' }
  await server.tenants.transact('acme', 'test', async ({ emit }) => {
    emit(draftEvent(happened, actor, 'x', { token: secret('data of an event') }))
  })
  await graphql(
    'mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } errors { message } } }',
    {
      input: { cartId, idempotencyKey: secret('idempotency key') },
    },
  )
  await server.events.settled()
}

/** What Node's parser refuses, Fastify answers without a route. */
async function hostileBytes(): Promise<void> {
  for (const bytes of [
    `GET /${secret('path of a broken request')} HTTP/1.1\r\nHost x\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: x\r\nCookie: ${secret('an endless header').repeat(3_000)}\r\n\r\n`,
  ]) {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    socket.on('error', () => {})
    socket.end(bytes)
    await once(socket.resume(), 'close')
  }
}

function withCauses(report: ErrorReport): ErrorReport[] {
  return [report, ...(report.cause === undefined ? [] : withCauses(report.cause))]
}

test('puts no secret of a request, a row, an event or an address into its log or its spans', async () => {
  await hostileRequests()
  await hostileEvents(await hostileRows())
  await hostileBytes()
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  await tracing.forceFlush()

  const sent = Buffer.concat([...receiver.requests]).toString('latin1')
  const lines = JSON.stringify(server.lines)
  assert.deepEqual(
    { lines: found(lines), spans: found(sent), metrics: found(metrics) },
    { lines: [], spans: [], metrics: [] },
  )

  // It was there to be told, and what helps was.
  const failures = server.lines.flatMap(({ err }) =>
    err === undefined ? [] : withCauses(err as ErrorReport),
  )
  const told = (type: string, fields: Record<string, unknown>) =>
    assert.ok(
      failures.some(
        (err) => err.type === type && Object.entries(fields).every(([name, value]) => err[name] === value),
      ),
      `${type} ${JSON.stringify(fields)} in ${JSON.stringify(failures, undefined, 1)}`,
    )
  told('error', { code: '23514', table: 'nodes', constraint: 'hostile' })
  told('error', { code: '23505', table: 'hostile', constraint: 'hostile_address' })
  told('error', { code: 'P0001', message: '(withheld)' })
  told('Hostile', { message: '(withheld)' })
  told('Error', { message: "the webhook's receiver answered with 500" })
  for (const { stack } of failures) assert.match(String(stack), /\n {4}at .*\.[jt]s:\d+:\d+/)
  assert.match(sent, /the webhook's receiver answered with 500/)
})

test('tells no secret of its settings, also when they are wrong or what they lead to breaks', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'rustok-secrets-'))
  // PostgreSQL reads it as another user.
  chmodSync(directory, 0o755)
  const hba = path.join(directory, 'pg_hba.conf')
  writeFileSync(hba, 'host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n')
  const postgres = await startPostgres({ hba_file: hba })
  let configured: TestServer | undefined
  try {
    const { url, ownerUrl, superuserUrl } = await postgres.database()
    const withPassword = async (url: string, place: string) => {
      const parsed = new URL(url)
      parsed.password = secret(place)
      await asSuperuser(superuserUrl, `alter role ${parsed.username} password '${parsed.password}'`)
      return parsed
    }
    const databaseUrl = await withPassword(url, 'password of DATABASE_URL')
    const wrong = new URL(databaseUrl)
    wrong.password = secret('wrong password of DATABASE_URL')
    await assert.rejects(openDatabase({ databaseUrl: wrong.href }), (error: Error) => {
      assert.deepEqual(found(error.message), [])
      return /^DATABASE_URL: no connection .* password authentication failed/.test(error.message)
    })
    configured = await startTestServer(
      {
        databaseUrl: databaseUrl.href,
        databaseOwnerUrl: (await withPassword(ownerUrl, 'password of DATABASE_OWNER_URL')).href,
        nats: {
          url: `nats://user:${secret('password of NATS_URL')}@127.0.0.1:1`,
          stream: 'RUSTOK',
          credentials: undefined,
          ca: undefined,
          certificate: undefined,
          key: undefined,
        },
        jwtSecret: secret('RUSTOK_JWT_SECRET').padEnd(32, 'x'),
      },
      undefined,
      tracing,
    )
    const { lines } = configured
    await postgres.crash()
    while ((await fetch(`${configured.url}/health/ready`)).status === 200) await setTimeout(50)
    await fetch(`${configured.url}/auth/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-tenant-id': 'acme' },
      body: JSON.stringify({ email: 'ada@acme.example', password: secret('password without a database') }),
    })
    while (!lines.some(({ msg }) => msg.startsWith('events do not move on'))) await setTimeout(50)
    await configured.stop(() => tracing.forceFlush())
    configured = undefined
    assert.deepEqual(found(JSON.stringify(lines)), [])
    assert.deepEqual(found(Buffer.concat([...receiver.requests]).toString('latin1')), [])
    assert.match(JSON.stringify(lines), /connect ECONNREFUSED 127\.0\.0\.1:\d+/)
  } finally {
    await configured?.stop()
    await postgres.stop()
    rmSync(directory, { recursive: true, force: true })
  }
})
