/**
 * How many traces a search finds, as exactly as is known: the search itself stops counting where it has enough to show, and the heatmap beside it
 * counts all, or estimates. Called by the results.
 */
import type { HeatmapResponse, SearchResponse } from 'rustok-lens/contract'

export interface TotalFound {
  readonly total: number
  readonly word: '' | 'at least' | 'about'
}

export function totalFound(
  { total, totalIsExact }: Pick<SearchResponse, 'total' | 'totalIsExact'>,
  heatmap: Pick<HeatmapResponse, 'total' | 'sample'> | undefined,
): TotalFound {
  if (totalIsExact) return { total, word: '' }
  // Asked a moment later, of a time that may have moved on: never less than what is on the page.
  if (heatmap === undefined || heatmap.total < total) return { total, word: 'at least' }
  return { total: heatmap.total, word: heatmap.sample.oneIn > 1 ? 'about' : '' }
}
