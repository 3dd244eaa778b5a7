/** Content as those who write and read it use it, over the API: nodes for tests. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { issueToken } from '../../src/identity/tokens.ts'
import { dataOf, sendGraphQL } from './graphql-client.ts'
import type { TestServer } from './test-server.ts'

export interface NodeFields {
  readonly id: string
  readonly kind: string
  readonly locale: string
  readonly title: string
  readonly status: string
  readonly version: number
  readonly tags: readonly string[]
}

interface NodePayload {
  readonly node: NodeFields | null
  readonly errors: readonly {
    readonly __typename: string
    readonly message: string
    readonly field?: string
    readonly currentVersion?: number
  }[]
}

const PAYLOAD = `{ node { id kind locale title status version tags }
  errors { __typename message ... on InvalidInputError { field } ... on VersionConflictError { currentVersion } } }`

interface Which {
  readonly id: string
  readonly version?: number
}

export function contentOf(server: Pick<TestServer, 'url' | 'user' | 'keys'>) {
  const tokens = new Map<string, string>()
  const tokenOf = (user: string) => tokens.get(user) ?? server.user(user).token

  const send = <Data>(user: string, query: string, variables: Record<string, unknown> = {}) =>
    sendGraphQL<Data>(server.url, query, { token: tokenOf(user), variables })
  const as = <Data>(user: string, query: string, variables: Record<string, unknown> = {}) =>
    dataOf(send<Data>(user, query, variables))

  const withInput = (name: string, type: string) => async (user: string, input: object) => {
    const query = `mutation ($input: ${type}!) { result: ${name}(input: $input) ${PAYLOAD} }`
    return (await as<{ result: NodePayload }>(user, query, { input })).result
  }
  const change = (name: string) => async (user: string, which: Which) => {
    const query = `mutation ($id: ID!, $version: Int) { result: ${name}(id: $id, version: $version) ${PAYLOAD} }`
    return (await as<{ result: NodePayload }>(user, query, { ...which })).result
  }
  const create = withInput('createNode', 'CreateNodeInput')

  /** The node of a mutation that must be accepted. */
  async function done(payload: Promise<NodePayload>): Promise<NodeFields> {
    const { node, errors } = await payload
    assert.deepEqual(errors, [])
    return node!
  }

  return {
    send,
    as,
    done,
    create,
    created: (user: string, input: object) => done(create(user, { title: 'Untitled', ...input })),
    update: withInput('updateNode', 'UpdateNodeInput'),
    translate: withInput('translateNode', 'TranslateNodeInput'),
    removeTranslation: withInput('removeTranslation', 'RemoveTranslationInput'),
    publish: change('publishNode'),
    unpublish: change('unpublishNode'),
    archive: change('archiveNode'),
    restore: change('restoreNode'),
    discard: change('discardDraft'),
    /** In the tenant acme, whose admin `admin` is; known to this client by its id from then on. */
    async newUser(admin: string, role: string): Promise<string> {
      const email = `${randomUUID()}@users.example`
      const input = { name: 'Somebody', email, role, password: 'for this test alone' }
      const query = 'mutation ($input: CreateUserInput!) { createUser(input: $input) { user { id } } }'
      const { createUser } = await as<{ createUser: { user: { id: string } } }>(admin, query, { input })
      const userId = createUser.user.id
      tokens.set(userId, await issueToken(server.keys, { tenantId: 'acme', userId }, 3_600))
      return userId
    },
  }
}
