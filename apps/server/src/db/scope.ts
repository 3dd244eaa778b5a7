/**
 * For whom a transaction works, and the statements that begin it so: the role without privileges of its own, and the tenant whose rows
 * it may see. Both are set LOCAL, so they end with the transaction and a pooled connection carries nothing to its next user.
 */
import { APPLICATION_ROLE, SYSTEM_ROLE, TENANT_SETTING } from './row-level-security.ts'

export type Scope =
  | { readonly tenantId: string }
  /** What belongs to no tenant, alone. */
  | 'system'

/** As `tenants.id` has it. It goes into statements as a literal: `set` takes no parameters. */
const TENANT_ID = /^[a-z0-9][a-z0-9-]{0,62}$/

export function isTenantId(text: string): boolean {
  return TENANT_ID.test(text)
}

/** Follows `begin` in the same message: one that fails aborts the transaction, and no statement behind it runs. */
export function enterScope(scope: Scope): string {
  if (scope === 'system') return `set local role ${SYSTEM_ROLE}; set local ${TENANT_SETTING} = ''`
  if (!isTenantId(scope.tenantId)) throw new TypeError('a transaction needs the id of a tenant')
  return `set local role ${APPLICATION_ROLE}; set local ${TENANT_SETTING} = '${scope.tenantId}'`
}
