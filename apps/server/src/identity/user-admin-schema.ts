/** GraphQL of what admins do with the users of their tenant. */
import type { Result } from '../domain/result.ts'
import { builder } from '../graphql/builder.ts'
import { answerOf, connectionOf, pageArgs, pageOf, toConnection } from '../graphql/connection.ts'
import { toUserErrors, type UserErrorShape, UserErrorType } from '../graphql/user-errors.ts'
import { RoleType, UserType } from './identity-schema.ts'
import { MIN_PASSWORD } from './passwords.ts'
import { MAX_EMAIL, MAX_NAME } from './user-input.ts'
import type { User } from './user-queries.ts'

const UserConnectionType = connectionOf<User>('User', UserType, { counted: true })

builder.queryField('users', (t) =>
  t.field({
    type: UserConnectionType,
    description: 'The users of the tenant, by id. Needs the permission identity:read.',
    args: pageArgs(t.arg),
    resolve: async (_root, args, { users, principal }) => {
      const page = answerOf(await users.users(principal, pageOf(args)), {
        forbidden: 'Only admins and editors see all users',
      })
      return toConnection(page, () => users.countUsers(principal))
    },
  }),
)

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
