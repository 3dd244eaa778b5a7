/** Why are the selected traces of a search different from the rest? */
import type { WhyState } from '../model/why-state.ts'

export function WhyPage(_: { readonly state: WhyState }) {
  return <h1>Why?</h1>
}
