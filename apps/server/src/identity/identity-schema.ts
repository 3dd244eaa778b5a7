/** GraphQL types of tenants and users. Users load in batches: a list of nodes asks once for all its authors. */
import { builder } from '../graphql/builder.ts'
import type { GraphQLContext } from '../graphql/context.ts'
import { permits } from './permissions.ts'
import type { User } from './user-queries.ts'

// A plain type, with a loader for the fields that have an id alone: lists that have the users themselves are no work, and no spans.
export const UserType = builder.objectRef<User>('User')

/** For `t.loadable` fields whose key is the id of a user that is known to exist. */
export async function loadUsers(
  ids: string[],
  { identity, principal }: GraphQLContext,
): Promise<(User | Error)[]> {
  const users = await identity.usersById(principal.tenantId, ids)
  return users.map((user, index) => user ?? new Error(`user ${ids[index]} does not exist`))
}

export const RoleType = builder.enumType('Role', {
  values: {
    ADMIN: { value: 'admin', description: 'May do everything in the tenant.' },
    EDITOR: { value: 'editor', description: "Edits and publishes everybody's nodes, and keeps the shop." },
    AUTHOR: { value: 'author', description: 'May publish the nodes that they wrote.' },
    CUSTOMER: { value: 'customer', description: 'Reads what is published, and orders.' },
    VIEWER: { value: 'viewer', description: 'Reads what is published.' },
  } as const,
})

UserType.implement({
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    role: t.expose('role', { type: RoleType }),
    email: t.string({
      nullable: true,
      description: "One's own; that of others needs the permission identity:read.",
      resolve: ({ id, email }, _args, { principal }) =>
        id === principal.userId || permits(principal, 'identity:read') ? email : undefined,
    }),
    disabled: t.boolean({
      description: 'Whether the user may not do anything any more.',
      resolve: ({ disabledAt }) => disabledAt !== undefined,
    }),
  }),
})

const TenantType = builder.objectRef<{ id: string; name: string }>('Tenant').implement({
  fields: (t) => ({ id: t.exposeID('id'), name: t.exposeString('name') }),
})

builder.queryField('tenant', (t) =>
  t.field({
    type: TenantType,
    description: 'The tenant that the token belongs to.',
    resolve: (_root, _args, { principal }) => ({ id: principal.tenantId, name: principal.tenantName }),
  }),
)

builder.queryField('me', (t) =>
  t.field({
    type: UserType,
    description: 'The user that the token belongs to.',
    resolve: (_root, _args, { principal }) => ({
      id: principal.userId,
      name: principal.userName,
      role: principal.role,
      email: principal.email,
      disabledAt: undefined,
    }),
  }),
)
