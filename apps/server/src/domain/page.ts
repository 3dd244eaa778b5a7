/** A page of a list, for every service that has one: what is asked for, checked, and what is given. */
import type { CursorCodec } from './cursor.ts'
import type { FieldError } from './result.ts'

export const MAX_PAGE = 100

export interface PageRequest {
  readonly first: number
  /** The cursor of the last entry of the page before. */
  readonly after?: string | undefined
}

export interface Page<T> {
  readonly entries: readonly { readonly cursor: string; readonly node: T }[]
  readonly hasNextPage: boolean
}

/** Where a query starts, and how many rows it takes: one more than asked for tells whether there is a next page. */
export interface PageStart<Key> {
  readonly limit: number
  readonly after: Key | undefined
}

export function startOf<Key>(
  page: PageRequest,
  cursor: CursorCodec<Key>,
): { start: PageStart<Key> } | { errors: readonly FieldError[] } {
  const { first, after } = page
  const key = after === undefined ? undefined : cursor.decode(after)
  const errors: FieldError[] = []
  if (!Number.isInteger(first) || first < 1 || first > MAX_PAGE) {
    errors.push({ field: 'first', message: `first must be between 1 and ${MAX_PAGE}, it is ${first}` })
  }
  if (after !== undefined && key === undefined) {
    errors.push({ field: 'after', message: 'after must be a cursor from this list' })
  }
  return errors.length > 0 ? { errors } : { start: { limit: first + 1, after: key } }
}

export function toPage<T, Key>(
  found: readonly T[],
  first: number,
  cursor: CursorCodec<Key>,
  keyOf: (node: T) => Key,
): Page<T> {
  const entries = found.slice(0, first).map((node) => ({ cursor: cursor.encode(keyOf(node)), node }))
  return { entries, hasNextPage: found.length > first }
}
