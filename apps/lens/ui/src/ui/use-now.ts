/** The current time, renewed at a pace: what "3 min ago" is relative to. */
import { useEffect, useState } from 'react'

export function useNow(everyMillis: number): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMillis)
    return () => clearInterval(timer)
  }, [everyMillis])
  return now
}
