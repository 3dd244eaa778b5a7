/** Tenants and users: who a token speaks for, and the users that content names. Called by the auth plugin and by GraphQL. */
import { tracedSpan } from '@rustok/telemetry'
import type { TenantDatabase } from '../db/tenant-database.ts'
import type { Permission } from './permissions.ts'
import type { Principal } from './principal.ts'
import type { TokenHolder } from './tokens.ts'
import { findUsers, type User } from './user-queries.ts'

export class IdentityService {
  readonly #database: TenantDatabase

  constructor(database: TenantDatabase) {
    this.#database = database
  }

  /** Undefined when the tenant or the user does not exist, the user is disabled or the session over, whichever it is. */
  async principal({ tenantId, userId, sessionId }: TokenHolder): Promise<Principal | undefined> {
    return tracedSpan('identity.principal', {}, async () => {
      const row = await this.#database.read(tenantId, (db) =>
        db
          .selectFrom('users')
          .innerJoin('tenants', 'tenants.id', 'users.tenant_id')
          .leftJoin('role_permissions', 'role_permissions.role', 'users.role')
          .select(['users.name as userName', 'users.email', 'users.role', 'tenants.name as tenantName'])
          .select((eb) => eb.fn.agg<(string | null)[]>('array_agg', ['permission']).as('permissions'))
          .where('users.tenant_id', '=', tenantId)
          .where('users.id', '=', userId)
          .where('users.disabled_at', 'is', null)
          .$if(sessionId !== undefined, (query) =>
            query.where((eb) =>
              eb.exists(
                eb
                  .selectFrom('sessions')
                  .select('sessions.id')
                  .where('sessions.tenant_id', '=', tenantId)
                  .where('sessions.id', '=', sessionId!)
                  .where('sessions.user_id', '=', userId)
                  .where('sessions.revoked_at', 'is', null),
              ),
            ),
          )
          .groupBy(['users.name', 'users.email', 'users.role', 'tenants.name'])
          .executeTakeFirst(),
      )
      return (
        row && {
          tenantId,
          userId,
          ...row,
          email: row.email ?? undefined,
          permissions: new Set(row.permissions as Permission[]),
        }
      )
    })
  }

  /** In the order of `ids`; undefined where this tenant has no such user. */
  async usersById(tenantId: string, ids: readonly string[]): Promise<(User | undefined)[]> {
    return tracedSpan('identity.usersById', { 'rustok.batch.size': ids.length }, async () => {
      const users = await this.#database.read(tenantId, (db) => findUsers(db, tenantId, ids))
      const byId = new Map(users.map((user) => [user.id, user]))
      return ids.map((id) => byId.get(id))
    })
  }
}
