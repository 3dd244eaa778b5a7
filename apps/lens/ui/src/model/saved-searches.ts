/**
 * Searches that were given a name, and queries that were asked before, as this browser keeps them. What is stored there may be from an older
 * version or a curious hand: what cannot be read is left out. Called by the hooks of src/search.
 */
import { parseSearchState, type SearchState, searchParams } from './search-state.ts'

export interface SavedSearch {
  readonly name: string
  readonly search: SearchState
}

/** Where the browser's storage has the last queries. */
export const RECENT_KEY = 'lens.queries'

export const MOST_SAVED = 100
export const MOST_RECENT = 20
export const LONGEST_NAME = 80

export function readSaved(text: string | null): readonly SavedSearch[] {
  return entriesOf(text).flatMap((entry) => {
    const { name, address } = (typeof entry === 'object' && entry !== null ? entry : {}) as Record<
      string,
      unknown
    >
    if (typeof name !== 'string' || typeof address !== 'string' || name.trim() === '') return []
    return [{ name, search: parseSearchState(Object.fromEntries(new URLSearchParams(address))) }]
  })
}

export function writeSaved(saved: readonly SavedSearch[]): string {
  return JSON.stringify(saved.map(({ name, search }) => ({ name, address: searchParams(search).toString() })))
}

/** Newest first; one of the same name is replaced. */
export function withSaved(
  saved: readonly SavedSearch[],
  name: string,
  search: SearchState,
): readonly SavedSearch[] {
  const trimmed = name.trim().slice(0, LONGEST_NAME)
  if (trimmed === '') return saved
  return [{ name: trimmed, search }, ...withoutSaved(saved, trimmed)].slice(0, MOST_SAVED)
}

export function withoutSaved(saved: readonly SavedSearch[], name: string): readonly SavedSearch[] {
  return saved.filter((one) => one.name !== name)
}

export function readRecent(text: string | null): readonly string[] {
  return entriesOf(text)
    .filter((entry): entry is string => typeof entry === 'string' && entry.trim() !== '')
    .slice(0, MOST_RECENT)
}

export function withRecent(recent: readonly string[], query: string): readonly string[] {
  const trimmed = query.trim()
  if (trimmed === '') return recent
  return [trimmed, ...recent.filter((one) => one !== trimmed)].slice(0, MOST_RECENT)
}

function entriesOf(text: string | null): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}
