/** The next page of the results: when the end of the list comes into view, or by the button. */
import { useEffect, useEffectEvent, useRef } from 'react'
import type { ResultPages } from './Results.tsx'

export interface MoreResultsProps {
  readonly search: ResultPages
  readonly shown: number
  readonly total: number
  readonly totalIsExact: boolean
  readonly pageSize: number
}

/** Rows beyond which the next page comes only when it is asked for: nobody reads on for so long by accident. */
const MOST_BY_SCROLLING = 2000

export function MoreResults({ search, shown, total, totalIsExact, pageSize }: MoreResultsProps) {
  const { hasNextPage, isFetching, isFetchNextPageError, fetchNextPage } = search
  const end = useRef<HTMLDivElement>(null)
  const onEnd = useEffectEvent(() => {
    if (hasNextPage && !isFetching && !isFetchNextPageError && shown < MOST_BY_SCROLLING) void fetchNextPage()
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: an end that is still in view after a page came asks for the next
  useEffect(() => {
    if (end.current === null) return
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) onEnd()
      },
      { rootMargin: '200px' },
    )
    observer.observe(end.current)
    return () => observer.disconnect()
  }, [shown])
  if (!hasNextPage) return undefined
  const rest = total - shown
  return (
    <div ref={end} className="results-more">
      {isFetchNextPageError && <p role="alert">The next page could not be loaded.</p>}
      <button type="button" className="button" disabled={isFetching} onClick={() => void fetchNextPage()}>
        {isFetching
          ? 'Loading…'
          : totalIsExact
            ? `Show ${Math.min(pageSize, rest).toLocaleString()} more`
            : 'Show more'}
      </button>
    </div>
  )
}
