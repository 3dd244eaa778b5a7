/** One user's requests, in order. */
import type { TimeScope } from '../model/time-scope.ts'

export function UserPage({
  user,
}: {
  readonly tenant: string
  readonly user: string
  readonly time: TimeScope
}) {
  return <h1>{user}</h1>
}
