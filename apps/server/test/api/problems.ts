/** Each kind of problem that `problem-types.ts` names is provoked at a running server, and answered as RFC 9457 has it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { sql } from 'kysely'
import { DatabaseUnavailable } from '../../src/db/database-errors.ts'
import { type ProblemName, problemKinds } from '../../src/plugins/problem-types.ts'
import { answerBrokenRequest } from '../../src/plugins/problems.ts'
import { sharedServer as server } from '../support/shared-server.ts'

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

const JSON_TYPE = { 'content-type': 'application/json' }

async function send(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(server.url + path, init)
  return { status: response.status, headers: response.headers, text: await response.text() }
}

const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  send(path, { method: 'POST', body, headers: { ...JSON_TYPE, ...headers } })

const asAda = () => ({ authorization: `Bearer ${server.user('ada').token}` })

/** Bytes on a connection of their own, and all that comes back until the server ends it. */
async function sendRaw(url: string, bytes: string): Promise<Answer> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').setEncoding('utf8')
  let text = ''
  socket.on('data', (part) => {
    text += part
  })
  // A reset after the answer is the server's right: it has not read the rest.
  socket.on('error', () => {})
  socket.write(bytes)
  await once(socket, 'close')
  const [head = '', body = ''] = text.split('\r\n\r\n')
  const [statusLine = '', ...lines] = head.split('\r\n')
  const headers = lines.map((line) => line.split(': ', 2) as [string, string])
  return { status: Number(statusLine.split(' ')[1]), headers: new Headers(headers), text: body }
}

/** Readiness is asked by a route and may fail in any way. */
async function whileReadinessThrows(t: TestContext, error: Error): Promise<Answer> {
  const report = t.mock.method(server.readiness, 'report', () => Promise.reject(error))
  const answer = await send('/health/ready')
  report.mock.restore()
  return answer
}

const provocations: Readonly<Record<ProblemName, (t: TestContext) => Promise<Answer>>> = {
  'bad-request': () => sendRaw(server.url, 'this is no HTTP\r\n\r\n'),
  'invalid-fields': () => post('/auth/refresh', '{}'),
  unauthenticated: () => post('/graphql', '{}'),
  forbidden: () => post('/graphql', '{}', { ...asAda(), 'x-tenant-id': 'globex' }),
  'not-found': () => send('/nope'),
  'method-not-allowed': () => send('/health/live', { method: 'DELETE' }),
  'request-timeout': async () => {
    // The server's own limits are half a minute: the same handler where they are short.
    const impatient = createServer({
      headersTimeout: 20,
      requestTimeout: 40,
      connectionsCheckingInterval: 10,
    })
    impatient.on('clientError', answerBrokenRequest).listen(0, '127.0.0.1')
    await once(impatient, 'listening')
    const { port } = impatient.address() as AddressInfo
    const answer = await sendRaw(`http://127.0.0.1:${port}`, 'GET / HTTP/1.1\r\n')
    impatient.close()
    return answer
  },
  'body-too-large': () => post('/auth/sign-in', JSON.stringify({ email: 'x'.repeat(10_000) })),
  'unsupported-media-type': () => post('/auth/sign-in', '<email/>', { 'content-type': 'text/xml' }),
  'too-many-requests': async () => {
    for (;;) {
      const body = JSON.stringify({ email: 'nobody@acme.example' })
      const answer = await post('/auth/request-password-reset', body, { 'x-tenant-id': 'acme' })
      if (answer.status !== 202) return answer
    }
  },
  'headers-too-large': () => sendRaw(server.url, `GET / HTTP/1.1\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`),
  internal: (t) => whileReadinessThrows(t, new Error('secret-of-an-error')),
  unavailable: (t) =>
    whileReadinessThrows(
      t,
      new DatabaseUnavailable('unreachable', { cause: new Error('secret-of-a-cause') }),
    ),
  'not-ready': async () => {
    await sql`alter table kysely_migration rename to hidden`.execute(server.owner)
    const answer = await send('/health/ready')
    await sql`alter table hidden rename to kysely_migration`.execute(server.owner)
    return answer
  },
}

/** What a program does about it stands in headers. */
const expectedHeaders: Partial<Record<ProblemName, readonly [name: string, value: RegExp]>> = {
  unauthenticated: ['www-authenticate', /^Bearer$/],
  'method-not-allowed': ['allow', /^GET, HEAD$/],
  'too-many-requests': ['retry-after', /^[1-9]\d*$/],
  unavailable: ['retry-after', /^1$/],
  'bad-request': ['connection', /^close$/],
  'headers-too-large': ['connection', /^close$/],
  'request-timeout': ['connection', /^close$/],
}

for (const [name, provoke] of Object.entries(provocations) as [ProblemName, typeof provocations.internal][]) {
  const { status, title } = problemKinds[name]
  test(`answers ${status} with a problem of the kind ${name}`, async (t) => {
    const answer = await provoke(t)
    assert.equal(answer.status, status)
    assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json(; charset=utf-8)?$/)
    const problem = JSON.parse(answer.text)
    assert.deepEqual(
      { type: problem.type, title: problem.title, status: problem.status },
      { type: `urn:rustok:problem:${name}`, title, status },
    )
    assert.doesNotMatch(answer.text, /secret-of/)
    const [header, value] = expectedHeaders[name] ?? []
    if (header !== undefined) assert.match(answer.headers.get(header) ?? '', value!)
  })
}

test('says of each field what is wrong with it, and where it is', async () => {
  const { text } = await post('/auth/change-password', '{"currentPassword":7}', asAda())
  assert.deepEqual(JSON.parse(text).errors, [
    {
      pointer: '#/currentPassword',
      field: 'currentPassword',
      detail: 'currentPassword must be a string',
    },
    { pointer: '#/newPassword', field: 'newPassword', detail: 'newPassword is missing' },
  ])
})

test('names all methods of a path in a 405, and takes a query string for no part of it', async () => {
  for (const [path, method, allow] of [
    ['/graphql?query=x', 'DELETE', 'GET, HEAD, POST'],
    ['/auth/sign-in', 'GET', 'POST'],
    ['/metrics', 'POST', 'GET, HEAD'],
  ] as const) {
    const answer = await send(path, { method })
    assert.deepEqual([answer.status, answer.headers.get('allow')], [405, allow], path)
  }
})
