/** What is handed on of a page: commands that ask the same of the API, and addresses that say the same tomorrow. Called by the menu "Copy as". */
import { rangeOf, type SearchState, withFields } from './search-state.ts'

/**
 * For a shell: `address` with its origin. Where Lens asks for tokens, the command takes one from `LENS_TOKEN`: a secret is in no command line
 * that is sent to others.
 */
export function curlCommand(address: string, { login }: { readonly login: boolean }): string {
  const token = login ? ` -H "authorization: Bearer $LENS_TOKEN"` : ''
  return `curl -sS${token} ${quoted(address)}`
}

/** As one word of a POSIX shell, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** "The last hour" as it is now: the same traces for whoever opens it later. */
export function withTimes(state: SearchState, now: number): SearchState {
  return state.start === undefined ? withFields(state, rangeOf(state, now)) : state
}
