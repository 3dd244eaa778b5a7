/** What admins do with users over GraphQL, and that it holds from the next request on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dataOf, sendGraphQL } from '../support/graphql-client.ts'
import { sharedServer as server } from '../support/shared-server.ts'

interface Payload {
  readonly user: { id: string; name: string; role: string; email: string | null; disabled: boolean } | null
  readonly errors: readonly { __typename: string; message: string; field?: string }[]
}

const PAYLOAD =
  '{ user { id name role email disabled } errors { __typename message ... on InvalidInputError { field } } }'

async function mutate(
  user: string,
  call: string,
  variables: Record<string, unknown> = {},
  types = '',
): Promise<Payload> {
  const data = await dataOf(
    sendGraphQL<{ result: Payload }>(server.url, `mutation${types} { result: ${call} ${PAYLOAD} }`, {
      token: server.user(user).token,
      variables,
    }),
  )
  return data.result
}

const create = (user: string, input: Record<string, unknown>) =>
  mutate(user, 'createUser(input: $input)', { input }, '($input: CreateUserInput!)')

const MIA = { name: ' Mia Long ', email: 'mia@acme.example', role: 'EDITOR', password: 'a password for mia' }

async function signIn(email: string, password: string, tenant = 'acme') {
  const response = await fetch(`${server.url}/auth/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-tenant-id': tenant },
    body: JSON.stringify({ email, password }),
  })
  const { accessToken = '' } = (await response.json()) as { accessToken?: string }
  return { status: response.status, accessToken }
}

const errorsOf = ({ user, errors }: Payload) => {
  assert.equal(user, null)
  return errors.map(({ __typename, field, message }) => [__typename, field, message])
}

test('creates a user who signs in, does what the role permits, and nothing more once it changed', async () => {
  const { user, errors } = await create('ada', MIA)
  assert.deepEqual(errors, [])
  assert.deepEqual(
    { ...user, id: '' },
    { id: '', name: 'Mia Long', email: MIA.email, role: 'EDITOR', disabled: false },
  )
  const { accessToken: token } = await signIn(MIA.email, MIA.password)
  const users = () => sendGraphQL(server.url, '{ users { edges { node { id email } } } }', { token })
  assert.deepEqual((await users()).errors, [])

  await mutate('ada', `changeRole(id: "${user!.id}", role: VIEWER)`)
  const [error] = (await users()).errors
  assert.equal(error?.extensions?.code, 'FORBIDDEN')
  assert.deepEqual(await dataOf(sendGraphQL(server.url, '{ me { role email } }', { token })), {
    me: { role: 'VIEWER', email: MIA.email },
  })

  await mutate('ada', `disableUser(id: "${user!.id}")`)
  assert.equal((await sendGraphQL(server.url, '{ me { id } }', { token })).status, 401)
  assert.equal((await signIn(MIA.email, MIA.password)).status, 401)
  await mutate('ada', `enableUser(id: "${user!.id}")`)
  assert.equal((await sendGraphQL(server.url, '{ me { id } }', { token })).status, 401, 'the session is over')
  assert.equal((await signIn(MIA.email, MIA.password)).status, 200)
})

test('says of each field what is wrong with it', async () => {
  const none = { name: ' ', email: 'nobody', role: 'VIEWER', password: 'too short' }
  assert.deepEqual(errorsOf(await create('ada', none)), [
    ['InvalidInputError', 'name', 'name must not be empty'],
    ['InvalidInputError', 'email', 'email must be an e-mail address'],
    ['InvalidInputError', 'password', 'password must have at least 10 characters'],
  ])
  const long = {
    name: 'x'.repeat(101),
    email: `${'x'.repeat(254)}@x`,
    role: 'VIEWER',
    password: 'x'.repeat(129),
  }
  assert.deepEqual(
    errorsOf(await create('ada', long)).map(([, field]) => field),
    ['name', 'email', 'password'],
  )
  const bad = { name: 'a\0', email: 'a\0@b', role: 'VIEWER', password: '\ud800 is no character' }
  assert.ok(errorsOf(await create('ada', bad)).length >= 3)
  assert.deepEqual(errorsOf(await create('ada', { ...MIA, email: 'BEN@acme.example' })), [
    ['InvalidInputError', 'email', 'email belongs to another user of this tenant'],
  ])
  assert.equal(
    (await create('chloe', { ...MIA, email: 'ben@acme.example' })).errors.length,
    0,
    'in another tenant',
  )
})

test('lets nobody manage users but admins, and tells them no addresses', async () => {
  const forbidden = [['ForbiddenError', undefined, 'Only admins manage users']]
  assert.deepEqual(errorsOf(await create('ben', MIA)), forbidden)
  for (const call of [
    'changeRole(id: "ben", role: ADMIN)',
    'disableUser(id: "ada")',
    'enableUser(id: "nobody")',
  ]) {
    assert.deepEqual(errorsOf(await mutate('ben', call)), forbidden, call)
  }
  const seen = await dataOf(
    sendGraphQL<{ nodes: { edges: { node: { author: { id: string; email: string | null } } }[] } }>(
      server.url,
      '{ nodes(first: 100) { edges { node { author { id email } } } } }',
      { token: server.user('ben').token },
    ),
  )
  const emails = new Map(seen.nodes.edges.map(({ node }) => [node.author.id, node.author.email]))
  assert.deepEqual([emails.get('ben'), emails.get('ada')], ['ben@acme.example', null])
})

test('does not find a user of another tenant', async () => {
  for (const id of ['ben', 'nobody', '', 'a\0']) {
    for (const call of ['changeRole(id: $id, role: ADMIN)', 'disableUser(id: $id)', 'enableUser(id: $id)']) {
      assert.deepEqual(errorsOf(await mutate('chloe', call, { id }, '($id: ID!)')), [
        ['NotFoundError', undefined, 'There is no user with this id'],
      ])
    }
  }
})

test('keeps the last admin of a tenant, also from two who take each other away at once', async () => {
  assert.deepEqual(errorsOf(await mutate('chloe', 'disableUser(id: "chloe")')), [
    ['InvalidInputError', 'id', 'the last admin cannot be disabled'],
  ])
  assert.deepEqual(errorsOf(await mutate('chloe', 'changeRole(id: "chloe", role: AUTHOR)')), [
    ['InvalidInputError', 'role', 'role of the last admin cannot change'],
  ])
  await mutate('chloe', 'changeRole(id: "dev", role: ADMIN)')
  const both = await Promise.all(
    [
      mutate('chloe', 'changeRole(id: "dev", role: AUTHOR)'),
      mutate('dev', 'changeRole(id: "chloe", role: AUTHOR)'),
    ].map((result) => result.catch(() => undefined)),
  )
  assert.ok(both.some((result) => result?.user?.role === 'AUTHOR'))
  const rows = await server.owner
    .selectFrom('users')
    .select('id')
    .where('tenant_id', '=', 'globex')
    .where('role', '=', 'admin')
    .execute()
  assert.equal(rows.length, 1)
  // As the other tests know them.
  const winner = rows[0]!.id
  if (winner === 'dev') await mutate('dev', 'changeRole(id: "chloe", role: ADMIN)')
  await mutate('chloe', 'changeRole(id: "dev", role: AUTHOR)')
})

test('lists users page by page', async () => {
  const page = async (after: string | undefined) =>
    (
      await dataOf(
        sendGraphQL<{
          users: {
            edges: { cursor: string; node: { id: string } }[]
            totalCount: number
            pageInfo: { hasNextPage: boolean; endCursor: string | null }
          }
        }>(
          server.url,
          'query ($after: String) { users(first: 2, after: $after) { totalCount edges { cursor node { id } } pageInfo { hasNextPage endCursor } } }',
          { token: server.user('ada').token, variables: after === undefined ? {} : { after } },
        ),
      )
    ).users
  const seen: string[] = []
  let after: string | undefined
  let total: number | undefined
  for (;;) {
    const { edges, pageInfo, totalCount } = await page(after)
    total = totalCount
    seen.push(...edges.map(({ node }) => node.id))
    assert.equal(pageInfo.endCursor, edges.at(-1)?.cursor ?? null)
    if (!pageInfo.hasNextPage) break
    after = pageInfo.endCursor ?? undefined
  }
  assert.deepEqual(
    seen.filter((id) => ['ada', 'ben'].includes(id)),
    ['ada', 'ben'],
  )
  assert.deepEqual(seen, seen.toSorted())
  assert.equal(total, seen.length)
  for (const args of ['first: 0', 'first: 101', 'after: "bm9kZTp4"', 'after: "%"']) {
    const { errors } = await sendGraphQL(server.url, `{ users(${args}) { edges { cursor } } }`, {
      token: server.user('ada').token,
    })
    assert.equal(errors[0]?.extensions?.code, 'BAD_USER_INPUT', args)
  }
})

test('keeps what the code calls permissions in step with the database', async () => {
  const { PERMISSIONS } = await import('../../src/identity/permissions.ts')
  const rows = await server.owner.selectFrom('role_permissions').select(['role', 'permission']).execute()
  assert.deepEqual(new Set(rows.map(({ permission }) => permission)), new Set(Object.keys(PERMISSIONS)))
  const { ROLES } = await import('../../src/db/schema.ts')
  const roles = await server.owner.selectFrom('roles').select('name').execute()
  assert.deepEqual(new Set(roles.map(({ name }) => name)), new Set(ROLES))
})
