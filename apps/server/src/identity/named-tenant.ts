/** The tenant of a request that nobody has signed in for: what its sender says it is, which may be anything, or nothing. */
import { isTenantId } from '../db/scope.ts'

/** Stands in where no tenant was named, so that the answer takes as long. Nothing is done with what it finds. */
export const NO_TENANT = '0'

/** For which it can be looked into the database; whether there is such a tenant is what that shows. */
export function scopeOf(named: string | undefined): string {
  return named !== undefined && isTenantId(named) ? named : NO_TENANT
}
