/**
 * Who visits: the demo's own users, and others that `npm run traffic` makes beside them through the API, once, and signs in. Who they are and what
 * their passwords are follows from their tenants, so that the next run knows them again.
 */
import type { DemoTenant } from '../start/addresses.ts'
import { type Answer, sendOperation } from './send-operation.ts'
import { type Account, Session } from './session.ts'

export type Role = 'admin' | 'editor' | 'author' | 'customer' | 'viewer'

export interface Person {
  readonly tenant: string
  readonly name: string
  readonly role: Role
  /** Of a session of their own, for those that sign in. */
  readonly session: Session | undefined
  /** One that the server takes now. */
  token(signal: AbortSignal): Promise<string>
}

export interface Town {
  readonly tenant: string
  /** Never empty; the demo's admin is the first. */
  readonly people: readonly Person[]
  /** Of a session that its user has ended, which no time and no server makes good again. */
  readonly endedToken: string
}

const NEWCOMERS = [
  { name: 'Ines Duarte', role: 'customer' },
  { name: 'Jonas Weber', role: 'customer' },
  { name: 'Keiko Mori', role: 'author' },
  { name: 'Liam Byrne', role: 'customer' },
  { name: 'Mara Lindt', role: 'editor' },
  { name: 'Noor Haddad', role: 'viewer' },
  { name: 'Omar Aziz', role: 'customer' },
] as const satisfies readonly { name: string; role: Role }[]

/** Of a smaller tenant: one of each kind. */
const fewNewcomers = 3

/** Makes who is missing and signs everybody in. Throws when the server refuses either. */
export async function settle(
  server: string,
  tenant: DemoTenant,
  isLarge: boolean,
  signal: AbortSignal,
): Promise<Town> {
  const [first] = tenant.users
  if (first === undefined) throw new Error(`the tenant ${tenant.id} has no users`)
  const known = await emailsOf(server, first.token, signal)
  const people: Person[] = tenant.users.map(({ name, role, token }) => ({
    tenant: tenant.id,
    name,
    role: role as Role,
    session: undefined,
    token: async () => token,
  }))
  for (const { name, role } of isLarge ? NEWCOMERS : NEWCOMERS.slice(-fewNewcomers)) {
    const account = accountOf(tenant.id, name)
    if (!known.has(account.email)) {
      const input = { ...account, name, role: role.toUpperCase() }
      const made = await sendOperation(server, first.token, createUser(input), signal)
      // Another run may have been quicker.
      if (made.errors.length > 0 && !(await emailsOf(server, first.token, signal)).has(account.email)) {
        throw new Error(`${tenant.id} does not take ${account.email}: ${made.errors.join('; ')}`)
      }
    }
    const session = await Session.signIn(server, tenant.id, account, signal)
    people.push({
      tenant: tenant.id,
      name,
      role,
      session,
      token: (signal) => session.token(signal),
    })
  }
  const left = await Session.signIn(server, tenant.id, accountOf(tenant.id, NEWCOMERS.at(-1)!.name), signal)
  const endedToken = await left.token(signal)
  await left.signOut(signal)
  return { tenant: tenant.id, people, endedToken }
}

function accountOf(tenant: string, name: string): Account {
  const handle = name.toLowerCase().replace(' ', '.')
  return { email: `${handle}@${tenant}.example`, password: `${handle} visits ${tenant}` }
}

function createUser(input: Account & { readonly name: string; readonly role: string }) {
  const query = `mutation CreateUser($input: CreateUserInput!) {
    createUser(input: $input) { user { id } errors { __typename message } }
  }`
  return { query, variables: { input } }
}

async function emailsOf(server: string, token: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const query = 'query Users { users(first: 100) { edges { node { email } } } }'
  const answer: Answer = await sendOperation(server, token, { query }, signal)
  const users = answer.data?.users as { edges: { node: { email: string | null } }[] } | undefined
  if (users === undefined) throw new Error(answer.errors.join('; '))
  return new Set(users.edges.map(({ node }) => node.email ?? ''))
}
