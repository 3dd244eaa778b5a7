/** GraphQL of what admins do with the users of their tenant. */
import type { Result } from '../domain/result.ts'
import { builder } from '../graphql/builder.ts'
import { badInput, forbidden } from '../graphql/errors.ts'
import { PageInfoType } from '../graphql/page-info.ts'
import { toUserErrors, type UserErrorShape, UserErrorType } from '../graphql/user-errors.ts'
import { RoleType, UserType } from './identity-schema.ts'
import { MIN_PASSWORD } from './passwords.ts'
import { isUserId } from './user-id.ts'
import { MAX_EMAIL, MAX_NAME } from './user-input.ts'
import type { User } from './user-queries.ts'

const DEFAULT_PAGE = 20
const CURSOR_PREFIX = 'user:'

interface UserConnection {
  readonly edges: readonly { readonly cursor: string; readonly node: User }[]
  readonly hasNextPage: boolean
}

const UserEdgeType = builder.objectRef<UserConnection['edges'][number]>('UserEdge').implement({
  fields: (t) => ({ cursor: t.exposeString('cursor'), node: t.expose('node', { type: UserType }) }),
})

const UserConnectionType = builder.objectRef<UserConnection>('UserConnection').implement({
  fields: (t) => ({
    edges: t.field({ type: [UserEdgeType], resolve: ({ edges }) => [...edges] }),
    pageInfo: t.field({
      type: PageInfoType,
      resolve: ({ hasNextPage, edges }) => ({ hasNextPage, endCursor: edges.at(-1)?.cursor }),
    }),
  }),
})

builder.queryField('users', (t) =>
  t.field({
    type: UserConnectionType,
    description: 'The users of the tenant, by id. Needs the permission identity:read.',
    args: {
      first: t.arg.int({ defaultValue: DEFAULT_PAGE, required: false }),
      after: t.arg.string({
        required: false,
        description: 'The cursor of the last user of the page before.',
      }),
    },
    resolve: async (_root, { first, after }, { users, principal }) => {
      const page = { first: first ?? DEFAULT_PAGE, after: after == null ? undefined : decodeCursor(after) }
      const { value, refusal } = toParts(await users.users(principal, page))
      if (refusal !== undefined) {
        throw refusal.kind === 'invalid'
          ? badInput(refusal.errors)
          : forbidden('Only admins and editors see all users')
      }
      const edges = value.users.map((node) => ({ cursor: encodeCursor(node.id), node }))
      return { edges, hasNextPage: value.hasNextPage }
    },
  }),
)

function toParts<T>(result: Result<T>) {
  return result.refusal === undefined
    ? { value: result.value }
    : { refusal: result.refusal, value: undefined }
}

function encodeCursor(id: string): string {
  return Buffer.from(CURSOR_PREFIX + id).toString('base64url')
}

function decodeCursor(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString()
  const id = text.slice(CURSOR_PREFIX.length)
  if (text.startsWith(CURSOR_PREFIX) && isUserId(id)) return id
  throw badInput([{ field: 'after', message: 'after must be the cursor of a user from this list' }])
}

interface UserPayload {
  readonly user: User | undefined
  readonly errors: readonly UserErrorShape[]
}

const UserPayloadType = builder.objectRef<UserPayload>('UserPayload').implement({
  description: 'The user as they are now, or what prevented it.',
  fields: (t) => ({
    user: t.expose('user', { type: UserType, nullable: true }),
    errors: t.expose('errors', { type: [UserErrorType] }),
  }),
})

const CreateUserInput = builder.inputType('CreateUserInput', {
  fields: (t) => ({
    name: t.string({ description: `1 to ${MAX_NAME} characters.` }),
    email: t.string({ description: `Unique within the tenant; at most ${MAX_EMAIL} characters.` }),
    role: t.field({ type: RoleType }),
    password: t.string({ description: `At least ${MIN_PASSWORD} characters.` }),
  }),
})

builder.mutationFields((t) => ({
  createUser: t.field({
    type: UserPayloadType,
    description: 'Needs the permission identity:manage, as do all changes of users.',
    args: { input: t.arg({ type: CreateUserInput }) },
    resolve: async (_root, { input }, { users, principal }) =>
      toPayload(await users.createUser(principal, input)),
  }),
  changeRole: t.field({
    type: UserPayloadType,
    description: 'Holds from the next request of the user on.',
    args: { id: t.arg.id(), role: t.arg({ type: RoleType }) },
    resolve: async (_root, { id, role }, { users, principal }) =>
      toPayload(await users.changeRole(principal, id, role)),
  }),
  disableUser: t.field({
    type: UserPayloadType,
    description: 'Ends all sessions of the user. What they wrote stays.',
    args: { id: t.arg.id() },
    resolve: async (_root, { id }, { users, principal }) => toPayload(await users.disableUser(principal, id)),
  }),
  enableUser: t.field({
    type: UserPayloadType,
    args: { id: t.arg.id() },
    resolve: async (_root, { id }, { users, principal }) => toPayload(await users.enableUser(principal, id)),
  }),
}))

const WORDS = { notFound: 'There is no user with this id', forbidden: 'Only admins manage users' }

function toPayload(result: Result<User>): UserPayload {
  if (result.refusal === undefined) return { user: result.value, errors: [] }
  return { user: undefined, errors: toUserErrors(result.refusal, WORDS) }
}
