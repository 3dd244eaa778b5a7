/** One tenant: its traffic, what fails, what is slow, and who makes the noise. */
import type { TimeScope } from '../model/time-scope.ts'

export function TenantPage({ tenant }: { readonly tenant: string; readonly time: TimeScope }) {
  return <h1>{tenant}</h1>
}
