/** GraphQL types of tenants and users. Users load in batches: a list of nodes asks once for all its authors. */
import { builder } from '../graphql/builder.ts'
import { permits } from './permissions.ts'
import type { User } from './user-queries.ts'

export const UserType = builder.loadableObjectRef<User, string>('User', {
  load: async (ids: string[], { identity, principal }) => {
    const users = await identity.usersById(principal.tenantId, ids)
    return users.map((user, index) => user ?? new Error(`user ${ids[index]} does not exist`))
  },
})

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
