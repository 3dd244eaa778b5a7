/** A statement while it is made: its values, bound to placeholders that no two parts of it share, and what the store can be asked in it. */

import type { QueryParameters, StoreEngine } from '../store/engine.ts'
import type { AttributeTest } from './attribute-sql.ts'

/** Whose tokens have an index. */
export type TokenOwner = 'span' | 'event'
/** All tokens that pass a condition, by whose they are; of an owner that is not in it, nobody has looked. */
export type KnownTokens = { readonly [Owner in TokenOwner]?: readonly string[] }

/** What the tokens of a condition are looked up by. */
export const tokensKey = {
  attribute: (key: string, { operator, ...test }: AttributeTest) =>
    JSON.stringify([key, operator, 'value' in test ? [typeof test.value, String(test.value)] : []]),
  text: (text: string) => JSON.stringify(text),
}

export class Binder {
  readonly parameters: Record<string, QueryParameters[string]> = {}
  /** Whether it may ask the table of resources, which is nobody's who sees some tenants alone. */
  readonly knowsResources: boolean
  readonly #prefix: string
  readonly #tokens: ReadonlyMap<string, KnownTokens>
  #count = 0

  constructor(
    { isRestricted = false }: Pick<StoreEngine, 'isRestricted'>,
    prefix = 'p',
    tokens: ReadonlyMap<string, KnownTokens> = new Map(),
  ) {
    this.knowsResources = !isRestricted
    this.#prefix = prefix
    this.#tokens = tokens
  }

  /** By a key of `tokensKey`. */
  tokensOf(key: string): KnownTokens {
    return this.#tokens.get(key) ?? {}
  }

  /** The placeholder: `{p0:String}`; two binders of one statement take two prefixes. */
  bind(type: string, value: QueryParameters[string]): string {
    const name = `${this.#prefix}${this.#count++}`
    this.parameters[name] = value
    return `{${name}:${type}}`
  }
}
