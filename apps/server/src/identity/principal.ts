/** Who is asking, and for which tenant: resolved once per request from the token and the database, passed to every service. */
import type { Role } from '../db/schema.ts'
import type { Actor } from '../events/envelope.ts'
import type { Permission } from './permissions.ts'

export interface Principal extends Actor {
  readonly tenantName: string
  readonly userName: string
  readonly email?: string | undefined
  readonly role: Role
  /** Those of the role; ask with `permits`. */
  readonly permissions: ReadonlySet<Permission>
}
