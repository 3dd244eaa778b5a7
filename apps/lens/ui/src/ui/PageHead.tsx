/** The head of a page of statistics: what it is about, of which time, and the button to ask again. */
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { withFields } from '../model/search-state.ts'
import { type TimeScope, timeScope } from '../model/time-scope.ts'
import { TimeRange } from '../search/TimeRange.tsx'
import { Icon } from './Icon.tsx'
import { useNow } from './use-now.ts'
import { useShortcuts } from './use-shortcuts.ts'
import './PageHead.css'

export interface PageHeadProps {
  readonly title: ReactNode
  readonly children?: ReactNode
  readonly time: TimeScope
}

export function PageHead({ title, children, time }: PageHeadProps) {
  const now = useNow(30_000)
  const navigate = useNavigate()
  const client = useQueryClient()
  const refresh = () => void client.invalidateQueries()
  useShortcuts({ r: refresh })
  return (
    <div className="page-head">
      <div className="page-head-title">
        <h1>{title}</h1>
        {children}
      </div>
      <div className="page-head-time">
        <TimeRange
          state={time}
          now={now}
          change={(fields) =>
            void navigate({
              to: '.',
              // What else is in the address stays, but for the page of a list.
              search: ((old: Record<string, unknown>) => {
                const { start: _start, end: _end, lookback: _lookback, page: _page, ...rest } = old
                return { ...rest, ...timeScope({ ...withFields(time, fields) }) }
              }) as never,
            })
          }
        />
        <button
          type="button"
          className="button icon"
          aria-label="Ask again"
          title="Ask again (r)"
          onClick={refresh}
        >
          <Icon name="refresh" />
        </button>
      </div>
    </div>
  )
}
