/**
 * What the tenant matrix needs to know of each operation that the schema does not say: which kind of thing each of its ids names, and values for
 * its other arguments. An operation without an entry fails the matrix. To add one: a line in OPERATIONS and, for a new kind of
 * thing, how to make one in ENTITIES.
 */

import { randomUUID } from 'node:crypto'

/** Sends an operation as one tenant's admin, and gives its data; throws when it has errors. */
export type Send = (document: string, variables?: Record<string, unknown>) => Promise<Record<string, unknown>>

export interface OperationFixture {
  /** The kind of thing that the id at each path names. */
  readonly ids?: Readonly<Record<string, Kind>>
  /** The other arguments. `mark` is a text that shows whose it is. */
  readonly variables?: (mark: string) => Record<string, unknown>
  /** Why one's own thing is answered like one that does not exist; without it that is a mistake of the fixture. */
  readonly sameForOwn?: string
}

/** Makes one in the tenant that `send` speaks for, and resolves with its id. */
export const ENTITIES = {
  async node(send, mark) {
    const data = await send(
      'mutation ($title: String!) { createNode(input: { title: $title }) { node { id } } }',
      { title: mark },
    )
    return (data as { createNode: { node: { id: string } } }).createNode.node.id
  },
  async user(send, mark) {
    const input = { name: mark, email: `${randomUUID()}@users.example`, role: 'VIEWER', password: PASSWORD }
    const data = await send(
      'mutation ($input: CreateUserInput!) { createUser(input: $input) { user { id } } }',
      { input },
    )
    return (data as { createUser: { user: { id: string } } }).createUser.user.id
  },
} as const satisfies Record<string, (send: Send, mark: string) => Promise<string>>

export type Kind = keyof typeof ENTITIES

const PASSWORD = 'for the matrix alone'

export const OPERATIONS: Readonly<Record<string, OperationFixture>> = {
  me: {},
  tenant: {},
  node: { ids: { id: 'node' } },
  nodes: { variables: () => ({ first: 100 }) },
  contentStats: {},
  createNode: { variables: (mark) => ({ input: { title: mark } }) },
  publishNode: { ids: { id: 'node' } },
  users: { variables: () => ({ first: 100 }) },
  createUser: {
    variables: (mark) => ({
      input: { name: mark, email: `${randomUUID()}@users.example`, role: 'VIEWER', password: PASSWORD },
    }),
  },
  changeRole: { ids: { id: 'user' }, variables: () => ({ role: 'AUTHOR' }) },
  disableUser: { ids: { id: 'user' } },
  enableUser: { ids: { id: 'user' } },
}
