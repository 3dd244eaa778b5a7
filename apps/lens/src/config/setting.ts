/** A row of the table of settings: what a variable and its flag are called, mean and accept. */

export interface Setting<Value> {
  readonly variable: string
  /** Without its dashes. */
  readonly flag: string
  /** What stands for the value in the help, such as `port`; undefined for a switch, whose flag takes none. */
  readonly hint: string | undefined
  /** As one would write it; undefined when there is no value then. */
  readonly otherwise: string | undefined
  /** In the words of README.md and the help, when the default is no fixed text. */
  readonly otherwiseWords?: string
  readonly meaning: string
  /** Is shown nowhere. */
  readonly isSecret?: true
  /** Throws ExpectationError for a value that it does not accept. Never sees an empty one: that counts as absent. */
  parse(text: string): Value
}

/** What a value should have been, to follow "expected". */
export class ExpectationError extends Error {
  override readonly name = 'ExpectationError'
}
