/** Where in the response a field stands: graphql's paths are chains from the innermost key outwards, with numbers for list indexes. */

export interface Path {
  readonly prev: Path | undefined
  readonly key: string | number
}

export function isInList(path: Path): boolean {
  for (let outer = path.prev; outer !== undefined; outer = outer.prev) {
    if (typeof outer.key === 'number') return true
  }
  return false
}

/** Whether two fields differ in indexes alone. */
export function isSameButIndexes(one: Path, other: Path): boolean {
  let a: Path | undefined = one
  let b: Path | undefined = other
  while (a !== undefined && b !== undefined) {
    // Beyond a common ancestor, which siblings have, nothing can differ.
    if (a === b) return true
    if (a.key !== b.key && (typeof a.key !== 'number' || typeof b.key !== 'number')) return false
    a = a.prev
    b = b.prev
  }
  return a === b
}

/** `nodes.3.author`. */
export function pathOfItem(path: Path): string {
  let text = String(path.key)
  for (let outer = path.prev; outer !== undefined; outer = outer.prev) text = `${outer.key}.${text}`
  return text
}

/** `nodes.author`. */
export function pathOfList(path: Path): string {
  let text = String(path.key)
  for (let outer = path.prev; outer !== undefined; outer = outer.prev) {
    if (typeof outer.key !== 'number') text = `${outer.key}.${text}`
  }
  return text
}
