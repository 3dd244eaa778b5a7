/** A statement while it is made: its values, bound to placeholders that no two parts of it share, and what the store can be asked in it. */

import type { QueryParameters, StoreEngine } from '../store/engine.ts'

export class Binder {
  readonly parameters: Record<string, QueryParameters[string]> = {}
  /** Whether it may ask the table of resources, which is nobody's who sees some tenants alone. */
  readonly knowsResources: boolean
  readonly #prefix: string
  #count = 0

  constructor({ isRestricted = false }: Pick<StoreEngine, 'isRestricted'>, prefix = 'p') {
    this.knowsResources = !isRestricted
    this.#prefix = prefix
  }

  /** The placeholder: `{p0:String}`; two binders of one statement take two prefixes. */
  bind(type: string, value: QueryParameters[string]): string {
    const name = `${this.#prefix}${this.#count++}`
    this.parameters[name] = value
    return `{${name}:${type}}`
  }
}
