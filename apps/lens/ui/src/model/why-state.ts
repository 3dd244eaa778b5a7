/**
 * The state of the page Why?: a search, and how what it finds is split in two. Names are those of GET /api/lens/compare, so that the page's
 * address and the API's say the same. Called by the router and the links.
 */
import { parseSearchState, type SearchState } from './search-state.ts'

/** What is selected in a search; durations as typed. */
export type Split =
  | { readonly by: 'error' }
  | { readonly by: 'duration'; readonly threshold: string }
  /** Those that meet a condition of the query language. */
  | { readonly by: 'filter'; readonly where: string }
  | {
      readonly by: 'selection'
      /** Unix milliseconds. */
      readonly start: number
      readonly end: number
      readonly minDuration?: string
      readonly maxDuration?: string
    }

export interface WhyState extends SearchState {
  readonly split?: Split['by']
  readonly threshold?: string
  readonly where?: string
  readonly selectStart?: number
  readonly selectEnd?: number
  readonly selectMinDuration?: string
  readonly selectMaxDuration?: string
}

export function whyState(search: SearchState, split?: Split): WhyState {
  const { limit: _limit, order: _order, live: _live, rate: _rate, within: _within, ...filter } = search
  if (split === undefined) return filter
  if (split.by === 'error') return { ...filter, split: 'error' }
  if (split.by === 'duration') return { ...filter, split: 'duration', threshold: split.threshold }
  if (split.by === 'filter') return { ...filter, split: 'filter', where: split.where }
  const { start, end, minDuration, maxDuration } = split
  return {
    ...filter,
    split: 'selection',
    selectStart: start,
    selectEnd: end,
    ...(minDuration === undefined ? {} : { selectMinDuration: minDuration }),
    ...(maxDuration === undefined ? {} : { selectMaxDuration: maxDuration }),
  }
}

/** From the parts of a query string; a split that lacks what it needs is left out. */
export function parseWhyState(parts: Readonly<Record<string, unknown>>): WhyState {
  const search = parseSearchState(parts)
  const text = (name: string) =>
    typeof parts[name] === 'string' && parts[name] !== '' ? parts[name] : undefined
  if (parts.split === 'error') return whyState(search, { by: 'error' })
  const threshold = text('threshold')
  if (parts.split === 'duration' && threshold !== undefined)
    return whyState(search, { by: 'duration', threshold })
  const where = text('where')
  if (parts.split === 'filter' && where !== undefined) return whyState(search, { by: 'filter', where })
  // Times are read as those of a search are.
  const { start, end } = parseSearchState({ start: parts.selectStart, end: parts.selectEnd })
  if (parts.split !== 'selection' || start === undefined || end === undefined) return whyState(search)
  const [minDuration, maxDuration] = [text('selectMinDuration'), text('selectMaxDuration')]
  return whyState(search, {
    by: 'selection',
    start,
    end,
    ...(minDuration === undefined ? {} : { minDuration }),
    ...(maxDuration === undefined ? {} : { maxDuration }),
  })
}
