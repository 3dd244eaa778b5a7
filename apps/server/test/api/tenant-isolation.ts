/** Another tenant's content is as if it did not exist, through every operation: same answer, same shape, no trace in a count. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { issueToken } from '../../src/identity/tokens.ts'
import { dataOf, sendGraphQL } from '../support/graphql-client.ts'
import { sharedServer as server } from '../support/shared-server.ts'

const UNKNOWN = '01999999-9999-7999-8999-999999999999'

/** A node of globex, which acme's users try to reach. */
let foreign: string

before(async () => {
  const created = await dataOf(
    sendGraphQL<{ createNode: { node: { id: string } } }>(
      server.url,
      'mutation { createNode(input: { title: "Secret of Globex" }) { node { id } } }',
      { token: server.user('dev').token },
    ),
  )
  foreign = created.createNode.node.id
})

/** The whole answer but for what differs in any two: time and trace. */
async function rawAnswer(query: string, id: string) {
  const answer = await sendGraphQL(server.url, query, {
    token: server.user('ada').token,
    variables: { id },
  })
  return { status: answer.status, data: answer.data, errors: answer.errors }
}

test('reads a foreign node exactly like an unknown one', async () => {
  const query = 'query ($id: ID!) { node(id: $id) { id title author { name } } }'
  assert.deepEqual(await rawAnswer(query, foreign), await rawAnswer(query, UNKNOWN))
  assert.deepEqual((await rawAnswer(query, foreign)).data, { node: null })
})

test('refuses to publish a foreign node exactly like an unknown one, and leaves it a draft', async () => {
  const query = 'mutation ($id: ID!) { publishNode(id: $id) { node { id } errors { __typename message } } }'
  assert.deepEqual(await rawAnswer(query, foreign), await rawAnswer(query, UNKNOWN))
  const own = await dataOf(
    sendGraphQL(server.url, 'query ($id: ID!) { node(id: $id) { status } }', {
      token: server.user('dev').token,
      variables: { id: foreign },
    }),
  )
  assert.deepEqual(own, { node: { status: 'DRAFT' } })
})

test('keeps foreign nodes out of lists, pages, counts and statistics', async () => {
  const query = `{
    nodes(first: 100) { totalCount edges { node { id title author { id } } } }
    contentStats { total }
  }`
  interface Data {
    nodes: { totalCount: number; edges: { node: { id: string; title: string; author: { id: string } } }[] }
    contentStats: { total: number }
  }
  await server.events.settled()
  const of = (user: string) =>
    dataOf(sendGraphQL<Data>(server.url, query, { token: server.user(user).token }))
  const [acme, globex] = await Promise.all([of('ada'), of('dev')])
  const ids = (data: Data) => data.nodes.edges.map(({ node }) => node.id)
  assert.ok(ids(globex).includes(foreign))
  assert.deepEqual(new Set(ids(acme)).intersection(new Set(ids(globex))).size, 0)
  for (const data of [acme, globex]) {
    assert.equal(data.nodes.totalCount, data.nodes.edges.length)
    assert.equal(data.contentStats.total, data.nodes.edges.length)
  }
})

test("takes a foreign cursor for a position in one's own list, and shows nothing foreign behind it", async () => {
  const cursor = await dataOf(
    sendGraphQL<{ nodes: { edges: { cursor: string }[] } }>(
      server.url,
      '{ nodes(first: 1) { edges { cursor } } }',
      { token: server.user('dev').token },
    ),
  )
  const { nodes } = await dataOf(
    sendGraphQL<{ nodes: { edges: { node: { author: { id: string } } }[] } }>(
      server.url,
      'query ($after: String) { nodes(first: 100, after: $after) { edges { node { author { id } } } } }',
      { token: server.user('ada').token, variables: { after: cursor.nodes.edges[0]!.cursor } },
    ),
  )
  const authors = new Set(nodes.edges.map(({ node }) => node.author.id))
  assert.deepEqual([...authors].toSorted(), ['ada', 'ben'])
})

test('does not find a user of one tenant under the name of another', async () => {
  const token = await issueToken(server.keys, { tenantId: 'acme', userId: 'dev' }, 3_600)
  const { status } = await fetch(`${server.url}/graphql?query={me{id}}`, {
    headers: { authorization: `Bearer ${token}` },
  })
  assert.equal(status, 401)
})
