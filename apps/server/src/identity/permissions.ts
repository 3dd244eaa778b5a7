/**
 * What roles permit. Which role has which permission stands in the database (`role_permissions`) and is looked up with the principal,
 * so a change holds from the next request on; these are the names that the code asks for.
 */
import type { Principal } from './principal.ts'

/** The rows that migrations write; a test keeps both in step. Reading what is published needs none. */
export const PERMISSIONS = {
  'content:write': 'Create nodes, and edit and publish those that one wrote.',
  'content:publish': "Edit, publish and archive everybody's nodes.",
  'commerce:manage': 'Products, prices, stock; the orders of all customers.',
  'commerce:order': 'Fill a cart and order it.',
  'identity:read': 'See all users of the tenant, with their e-mail addresses.',
  'identity:manage': 'Create and disable users, change their roles.',
  'events:replay': 'Look at dead letters and replay them.',
} as const

export type Permission = keyof typeof PERMISSIONS

export function permits(principal: Pick<Principal, 'permissions'>, permission: Permission): boolean {
  return principal.permissions.has(permission)
}
