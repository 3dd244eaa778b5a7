/**
 * The time range that goes along from page to page: that of the page one is on, or, on a page without one, that of the page one
 * came from in this tab. Called by the navigation and by links out of pages without a time.
 */
import { useRouterState } from '@tanstack/react-router'
import { useEffect } from 'react'
import { type TimeScope, timeScope } from '../model/time-scope.ts'

const KEY = 'lens.time'

export function useSharedTime(): TimeScope {
  const location = useRouterState({ select: (state) => state.location })
  const hasTime = !/^\/trace\//.test(location.pathname)
  const here = timeScope(location.search)
  const text = JSON.stringify(here)
  useEffect(() => {
    if (hasTime) write(text)
  }, [hasTime, text])
  return hasTime ? here : read()
}

function write(text: string): void {
  try {
    sessionStorage.setItem(KEY, text)
  } catch {
    // Where nothing may be stored, the time is the usual one.
  }
}

function read(): TimeScope {
  try {
    return timeScope(JSON.parse(sessionStorage.getItem(KEY) ?? '{}') as Record<string, unknown>)
  } catch {
    return {}
  }
}
