/**
 * Latency over time: how many traces began when and took how long, the failed ones hatched. A rectangle drawn over it, with the pointer or with
 * arrows, Shift and Enter, becomes the search, and offers to ask what sets those traces apart from the rest.
 */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { isUnanswered } from '../api/client.ts'
import { type AskedHeatmap, heatmapOptions } from '../api/search.ts'
import { type CellRange, heatGrid, selectionOf } from '../model/heatmap.ts'
import { whyLink } from '../model/links.ts'
import { activeFilters, formatWithin, type SearchState } from '../model/search-state.ts'
import type { ChangeSearch } from './change-search.ts'
import { HEIGHT, HeatmapField } from './HeatmapField.tsx'
import { HeatmapKey } from './HeatmapKey.tsx'
import './Heatmap.css'

export interface HeatmapProps {
  readonly state: SearchState
  readonly change: ChangeSearch
  readonly enabled: boolean
  readonly now: number
}

const ROW_HEIGHT = 4

export function Heatmap({ state, change, enabled, now }: HeatmapProps) {
  const { data, isPlaceholderData, isError, error } = useQuery({ ...heatmapOptions(state), enabled })
  const grid = useMemo(
    () => (data === undefined ? undefined : heatGrid(data, data.range, Math.floor(HEIGHT / ROW_HEIGHT))),
    [data],
  )
  const select = (range: CellRange) => {
    if (grid === undefined || data === undefined) return
    const { start, end, minDuration, maxDuration } = selectionOf(grid, range)
    change({
      start,
      end,
      lookback: undefined,
      minDuration: minDuration ?? state.minDuration,
      maxDuration: maxDuration ?? state.maxDuration,
      within: formatWithin({
        start: Math.floor(data.range.start),
        end: Math.ceil(data.range.end),
        minDuration: state.minDuration,
        maxDuration: state.maxDuration,
      }),
    })
  }
  if (grid?.rows.length === 0) return undefined
  return (
    <section className="heatmap" aria-label="Latency over time" data-stale={isPlaceholderData}>
      {isError && !(isUnanswered(error) && grid !== undefined) ? (
        <p className="heatmap-empty">The heatmap could not be drawn: {error.message}</p>
      ) : grid === undefined ? (
        <div className="heatmap-waiting" style={{ height: HEIGHT }} />
      ) : (
        <>
          <HeatmapField
            key={`${grid.columns} ${grid.rows.length}`}
            grid={grid}
            isEstimate={(data?.sample.oneIn ?? 1) > 1}
            now={now}
            select={select}
          />
          <HeatmapKey
            grid={grid}
            oneIn={data?.sample.oneIn ?? 1}
            isNarrowed={activeFilters(state).length > 0}
          >
            {data !== undefined && <Why state={state} data={data} />}
          </HeatmapKey>
        </>
      )}
    </section>
  )
}

/** The question that comes next where some of what is found failed. */
function Why({ state, data }: { readonly state: SearchState; readonly data: AskedHeatmap }) {
  const { total, errorTotal, sample } = data
  if (errorTotal === 0 || errorTotal === total) return undefined
  const about = sample.oneIn > 1 ? 'about ' : ''
  return (
    <Link {...whyLink(state, { by: 'error' })}>
      Why do {about}
      {errorTotal.toLocaleString()} of {total.toLocaleString()} fail?
    </Link>
  )
}
