/**
 * One notice for all that could not be asked because Lens does not answer, instead of one for each part of a page. It tries on its own, and asks
 * again whatever failed as soon as there is an answer.
 */
import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react'
import { isAnswering, isUnanswered } from '../api/client.ts'
import './ConnectionNotice.css'

const EVERY_MS = 3000

export function ConnectionNotice() {
  const client = useQueryClient()
  const cache = client.getQueryCache()
  const subscribe = useCallback((listener: () => void) => cache.subscribe(listener), [cache])
  const isLost = useSyncExternalStore(subscribe, () =>
    cache.getAll().some((query) => query.isActive() && isUnanswered(query.state.error)),
  )
  const [isAsking, setAsking] = useState(false)
  const tryAgain = useCallback(async () => {
    setAsking(true)
    if (await isAnswering())
      await client.refetchQueries({
        type: 'active',
        predicate: ({ state }) => isUnanswered(state.error),
      })
    setAsking(false)
  }, [client])
  useEffect(() => {
    if (!isLost) return
    const timer = setInterval(() => void tryAgain(), EVERY_MS)
    return () => clearInterval(timer)
  }, [isLost, tryAgain])
  return (
    <div role="status">
      {isLost && (
        <div className="connection-lost">
          <p>
            <strong>Lens does not answer.</strong> No connection to {location.host}. Is it still running? This
            page tries on its own, and what it showed before stays.
          </p>
          <button type="button" className="button small" data-busy={isAsking} onClick={() => void tryAgain()}>
            Try now
          </button>
        </div>
      )}
    </div>
  )
}
