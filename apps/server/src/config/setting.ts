/** A row of the table of settings: what a variable is called, means and accepts. */

/** The text of a variable, undefined when it is unset or empty. */
export type Given = (variable: string) => string | undefined

export interface Setting<Value> {
  readonly variable: string
  /** As one would write it; undefined when there is no value then. */
  readonly otherwise: string | undefined | ((given: Given) => string | undefined)
  /** In the words of README.md, when the default is no fixed text. */
  readonly otherwiseWords?: string
  readonly meaning: string
  /** What of the value nobody may see: all of it, or what stands in a URL for a password. It may then come from the file that `<variable>_FILE` names. */
  readonly secret?: 'all' | 'url'
  /** Throws ExpectationError for a value that it does not accept. Never sees an empty one: that counts as unset. */
  parse(text: string): Value
}

/** What is wrong with a value. It never says a secret one. */
export class ExpectationError extends Error {
  override readonly name = 'ExpectationError'
}
