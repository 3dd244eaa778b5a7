/** Values of a statement, bound to placeholders that no two parts of it share. */

import type { QueryParameters } from '../store/engine.ts'

export class Binder {
  readonly parameters: Record<string, QueryParameters[string]> = {}
  readonly #prefix: string
  #count = 0

  constructor(prefix = 'p') {
    this.#prefix = prefix
  }

  /** The placeholder: `{p0:String}`; two binders of one statement take two prefixes. */
  bind(type: string, value: QueryParameters[string]): string {
    const name = `${this.#prefix}${this.#count++}`
    this.parameters[name] = value
    return `{${name}:${type}}`
  }
}
