/** New passwords over HTTP: by who has the old one, and by who reads the mail of the account, which here stands in the log. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { CompiledQuery } from 'kysely'
import { dataOf, sendGraphQL } from '../support/graphql-client.ts'
import { sharedServer as server } from '../support/shared-server.ts'

const OLD = 'what it was before'
const NEW = 'what it is from now on'

interface Tokens {
  readonly accessToken: string
  readonly refreshToken: string
}

async function post(path: string, body: unknown, headers: Record<string, string> = ACME) {
  const response = await fetch(`${server.url}/auth/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  return { status: response.status, text, headers: response.headers }
}

const ACME = { 'x-tenant-id': 'acme' }
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** A user of this test's own, with the password OLD. */
async function newUser(): Promise<{ readonly id: string; readonly email: string }> {
  const email = `${randomUUID()}@acme.example`
  const input = { name: 'Eve', email, role: 'VIEWER', password: OLD }
  const data = await dataOf(
    sendGraphQL<{ createUser: { user: { id: string } } }>(
      server.url,
      'mutation ($input: CreateUserInput!) { createUser(input: $input) { user { id } } }',
      { token: server.user('ada').token, variables: { input } },
    ),
  )
  return { id: data.createUser.user.id, email }
}

async function signIn(email: string, password = OLD): Promise<Tokens> {
  const { status, text } = await post('sign-in', { email, password })
  assert.equal(status, 200, text)
  return JSON.parse(text)
}

const signInStatus = async (email: string, password: string) =>
  (await post('sign-in', { email, password })).status

const isIn = async ({ accessToken }: Tokens) =>
  (await sendGraphQL(server.url, '{ me { id } }', { token: accessToken })).status === 200

/** What the developer's log says. */
function mailed(email: string): string[] {
  return server.lines.flatMap(({ msg }) => (msg.includes(email) ? (/pr_\S+/.exec(msg) ?? []) : []))
}

async function tokenFor(email: string): Promise<string> {
  const before = mailed(email).length
  assert.equal((await post('request-password-reset', { email })).status, 202)
  await server.events.settled()
  const [token, ...more] = mailed(email).slice(before)
  assert.deepEqual(more, [])
  return token!
}

async function eventsAbout(userId: string): Promise<unknown[]> {
  await server.events.settled()
  const rows = await server.owner
    .selectFrom('outbox')
    .select('envelope')
    .where('type', '=', 'identity.user.password_changed')
    .where('key', 'like', `%${userId}`)
    .orderBy('position')
    .execute()
  return rows.map(({ envelope }) => envelope.data)
}

test('changes a password for who knows the old one, and ends the sessions of everybody else', async () => {
  const { id, email } = await newUser()
  const [here, elsewhere] = [await signIn(email), await signIn(email)]
  const answer = await post(
    'change-password',
    { currentPassword: OLD, newPassword: NEW },
    bearer(here.accessToken),
  )
  assert.deepEqual([answer.status, answer.text, answer.headers.get('cache-control')], [204, '', 'no-store'])
  assert.deepEqual([await isIn(here), await isIn(elsewhere)], [true, false])
  assert.equal((await post('refresh', { refreshToken: elsewhere.refreshToken })).status, 401)
  assert.equal((await post('refresh', { refreshToken: here.refreshToken })).status, 200)
  assert.deepEqual([await signInStatus(email, OLD), await signInStatus(email, NEW)], [401, 200])
  assert.deepEqual(await eventsAbout(id), [{ userId: id, by: 'change' }])
})

test('refuses a change by who does not know the old password, or is not signed in', async () => {
  const { email } = await newUser()
  const tokens = await signIn(email)
  const change = { currentPassword: `not ${OLD}`, newPassword: NEW }
  const wrong = await post('change-password', change, bearer(tokens.accessToken))
  assert.equal(wrong.status, 403)
  assert.equal(JSON.parse(wrong.text).detail, 'The current password is wrong')
  assert.equal((await post('change-password', { ...change, currentPassword: OLD })).status, 401)
  const elsewhere = { ...bearer(tokens.accessToken), 'x-tenant-id': 'globex' }
  assert.equal((await post('change-password', { ...change, currentPassword: OLD }, elsewhere)).status, 403)
  for (const [newPassword, detail] of [
    ['too short', 'newPassword must have at least 10 characters'],
    ['x'.repeat(129), 'newPassword must have at most 128 characters'],
    ['with a \0 in it', 'newPassword must be well-formed text'],
  ]) {
    const { status, text } = await post(
      'change-password',
      { currentPassword: OLD, newPassword },
      bearer(tokens.accessToken),
    )
    assert.deepEqual(
      [status, JSON.parse(text).errors],
      [400, [{ pointer: '#/newPassword', field: 'newPassword', detail }]],
    )
  }
  assert.deepEqual([await isIn(tokens), await signInStatus(email, OLD)], [true, 200])
})

test('counts guesses at the current password with those at the sign-in', async () => {
  const { email } = await newUser()
  const { accessToken } = await signIn(email)
  const guess = () =>
    post('change-password', { currentPassword: 'a guess at it', newPassword: NEW }, bearer(accessToken))
  const statuses = []
  for (let n = 0; n < 11; n += 1) statuses.push((await guess()).status)
  assert.deepEqual(statuses, [...Array(10).fill(403), 429])
  assert.equal(await signInStatus(email, OLD), 429)
})

test('lets who reads the mail of the account set a new password, once, and ends all sessions', async () => {
  const { id, email } = await newUser()
  const session = await signIn(email)
  const first = await tokenFor(email)
  const second = await tokenFor(email)
  const set = (token: string, newPassword = NEW) => post('reset-password', { token, newPassword })
  assert.equal((await set(second, 'too short')).status, 400)
  const answer = await set(second)
  assert.deepEqual([answer.status, answer.text, answer.headers.get('cache-control')], [204, '', 'no-store'])
  assert.equal(await isIn(session), false)
  assert.deepEqual([await signInStatus(email, OLD), await signInStatus(email, NEW)], [401, 200])
  // Neither it nor the other one that is in the mail opens anything any more.
  for (const token of [second, first]) {
    const { status, text } = await set(token, 'taken over by a thief')
    assert.deepEqual(
      [status, JSON.parse(text).detail],
      [403, 'The token is not valid any more: ask for another one'],
    )
  }
  assert.equal(await signInStatus(email, NEW), 200)
  assert.deepEqual(await eventsAbout(id), [{ userId: id, by: 'reset' }])
})

test('gives two who use one token at once one new password', async () => {
  const { email } = await newUser()
  const token = await tokenFor(email)
  const answers = await Promise.all(
    [1, 2, 3].map((n) => post('reset-password', { token, newPassword: `${NEW} ${n}` })),
  )
  assert.deepEqual(answers.map(({ status }) => status).toSorted(), [204, 403, 403])
  const winner = answers.findIndex(({ status }) => status === 204) + 1
  assert.equal(await signInStatus(email, `${NEW} ${winner}`), 200)
})

test('takes no token that is late, forged, of another tenant, or older than the password', async () => {
  const { email } = await newUser()
  const late = await tokenFor(email)
  const [, request] = late.split('.')
  const forgeries = [
    'nonsense',
    late.replace('pr_acme', 'pr_globex'),
    late.replace('pr_', 'rt_'),
    late.replace(request!, randomUUID()),
    `${late.slice(0, -1)}${late.endsWith('A') ? 'B' : 'A'}`,
  ]
  await server.owner
    .updateTable('password_resets')
    .set({ expires_at: new Date(Date.now() - 1_000) })
    .where('id', '=', request!)
    .execute()
  const changed = await tokenFor(email)
  const { accessToken } = await signIn(email)
  await post('change-password', { currentPassword: OLD, newPassword: NEW }, bearer(accessToken))
  const answers = []
  for (const token of [...forgeries, late, changed]) {
    answers.push((await post('reset-password', { token, newPassword: 'taken over by a thief' })).text)
  }
  assert.equal(new Set(answers).size, 1)
  assert.equal(JSON.parse(answers[0]!).status, 403)
  assert.equal(await signInStatus(email, NEW), 200)
})

test('answers whoever asks for a reset in the same way, by the same statements', async () => {
  const known = await newUser()
  const disabled = await newUser()
  await sendGraphQL(server.url, 'mutation ($id: ID!) { disableUser(id: $id) { user { id } } }', {
    token: server.user('ada').token,
    variables: { id: disabled.id },
  })
  await server.events.settled()
  const asked = async (email: string, headers: Record<string, string> = ACME) => {
    const recorded = record()
    const { status, text } = await post('request-password-reset', { email }, headers)
    return { status, text, statements: recorded.end() }
  }
  const answer = await asked(known.email)
  assert.equal(answer.statements.length, 2)
  assert.deepEqual([answer.status, answer.text], [202, ''])
  assert.deepEqual(await asked(disabled.email), answer)
  assert.deepEqual(await asked('nobody@acme.example'), answer)
  const elsewhere = await asked(known.email, { 'x-tenant-id': 'globex' })
  assert.deepEqual([elsewhere.status, elsewhere.text], [202, ''])
  for (const tenant of ['no-such-tenant', "acme' or '1'='1"]) {
    const { status, text } = await asked(known.email, { 'x-tenant-id': tenant })
    assert.deepEqual([status, text], [202, ''], tenant)
  }
  await server.events.settled()
  assert.deepEqual([mailed(known.email).length, mailed(disabled.email).length], [1, 0])
})

/** The transactions of tenants' requests; those of events that are handled meanwhile are the system's, or not of these tables. */
function record(): { end(): readonly string[] } {
  const { access } = server.database
  const { transaction } = access
  const statements: string[] = []
  Object.assign(access, {
    transaction: (...[scope, work]: Parameters<typeof transaction>) =>
      transaction(scope, (connection) => {
        const execute = connection.executeQuery.bind(connection)
        connection.executeQuery = (statement: CompiledQuery) => {
          if (/insert into "(?:password_resets|outbox)"/.test(statement.sql)) statements.push(statement.sql)
          return execute(statement)
        }
        return work(connection)
      }),
  })
  return {
    end() {
      Object.assign(access, { transaction })
      return statements
    },
  }
}

test('puts nothing of a reset where others read: not the token, not the address', async () => {
  const { email } = await newUser()
  const token = await tokenFor(email)
  const [, request] = token.split('.')
  const [row] = await server.owner
    .selectFrom('password_resets')
    .selectAll()
    .where('id', '=', request!)
    .execute()
  assert.deepEqual([row?.email, row?.used_at], [null, null])
  const events = await server.owner.selectFrom('outbox').select('envelope').execute()
  const text = JSON.stringify([row, events])
  assert.equal(text.includes(request!), true)
  for (const secret of [email, token, token.split('.')[2]!]) assert.equal(text.includes(secret), false)
})

test('sends a few mails to one address, whether it is anybody’s or not', async () => {
  const { email } = await newUser()
  for (const one of [email, `${randomUUID()}@acme.example`]) {
    const answers = []
    for (let n = 0; n < 4; n += 1) answers.push(await post('request-password-reset', { email: one }))
    assert.deepEqual(
      answers.map(({ status }) => status),
      [202, 202, 202, 429],
    )
    assert.match(answers[3]!.headers.get('retry-after') ?? '', /^[1-9]\d*$/)
  }
})
