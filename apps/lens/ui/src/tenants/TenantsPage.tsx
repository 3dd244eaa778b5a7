/** All tenants, and how each is treated. */
import type { TenantsState } from '../model/tenants-state.ts'

export function TenantsPage(_: { readonly state: TenantsState }) {
  return <h1>Tenants</h1>
}
