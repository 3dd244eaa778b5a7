/** Values of a statement, bound to placeholders that no two parts of it share. */

import type { QueryParameters } from '../store/engine.ts'

export class Binder {
  readonly parameters: Record<string, QueryParameters[string]> = {}
  #count = 0

  /** The placeholder: `{p0:String}`. */
  bind(type: string, value: QueryParameters[string]): string {
    const name = `p${this.#count++}`
    this.parameters[name] = value
    return `{${name}:${type}}`
  }
}
