/**
 * Which parts of `spans` have their index of attributes, of those of which their name does not tell: what an insert left, with the index or without
 * (schema/0006-young-parts.ts). A merge builds it, and a part never changes, so that what was seen once is known for as long as there is the part.
 */

export class IndexedParts {
  readonly #seen = new Set<string>()

  has(name: string): boolean {
    return isMerged(name) || this.#seen.has(name)
  }

  add(names: readonly string[]): void {
    for (const name of names) if (!isMerged(name)) this.#seen.add(name)
  }

  /** Forgets all but these. */
  keep(names: ReadonlySet<string>): void {
    for (const name of this.#seen) if (!names.has(name)) this.#seen.delete(name)
  }
}

/** `partition_first_last_level`, perhaps with a mutation behind. */
function isMerged(name: string): boolean {
  return Number(name.split('_')[3] ?? 0) > 0
}
