/** What a newcomer needs to send a first request: the demo tenants, their users, and a token for each. */

import type { KeyRing } from '../identity/key-ring.ts'
import { issueToken, LONGEST_LIFETIME_MS } from '../identity/tokens.ts'
import { DEMO_TENANTS, type DemoTenant, demoEmail, demoPassword } from './demo-data.ts'

/** Long enough to leave a laptop open over a weekend; a restart hands out new ones. */
const LIFETIME_S = LONGEST_LIFETIME_MS / 1_000

export interface DemoUser {
  readonly id: string
  readonly name: string
  readonly role: string
  readonly email: string
  readonly password: string
  readonly token: string
}

export interface DemoAccess {
  readonly tenants: readonly {
    readonly id: string
    readonly name: string
    readonly users: readonly DemoUser[]
  }[]
}

export async function demoAccess(keys: KeyRing, demoTenants: readonly DemoTenant[]): Promise<DemoAccess> {
  const tenants = demoTenants.map(async ({ id, name, users }) => ({
    id,
    name,
    users: await Promise.all(
      users.map(async (user) => ({
        ...user,
        email: demoEmail(user.id, id),
        password: demoPassword(user.id),
        token: await issueToken(keys, { tenantId: id, userId: user.id }, LIFETIME_S),
      })),
    ),
  }))
  return { tenants: await Promise.all(tenants) }
}

/** For the GraphiQL page: the first user of the first tenant. */
export function demoToken(keys: KeyRing): Promise<string> {
  const [tenant] = DEMO_TENANTS
  return issueToken(keys, { tenantId: tenant!.id, userId: tenant!.users[0]!.id }, LIFETIME_S)
}
