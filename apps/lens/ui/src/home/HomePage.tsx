/** How the platform is, and what has changed: the page that one opens first. */
import type { TimeScope } from '../model/time-scope.ts'

export function HomePage(_: { readonly time: TimeScope }) {
  return <h1>Home</h1>
}
