/**
 * A part of the trace that is on its way to the address. A browser takes 200 addresses in ten seconds, and fingers ask for sixty a second:
 * what they ask for is shown at once, and stands in the address when they rest. Called by the trace page.
 */
import { useEffect, useEffectEvent, useState } from 'react'
import type { TimeView } from '../model/timeline.ts'

const REST_MS = 200

export function useMovingView(settled: TimeView, settle: (view: TimeView) => void) {
  const [moving, move] = useState<TimeView>()
  // Whatever else changes the address has the last word.
  const [known, setKnown] = useState(settled)
  if (known !== settled) {
    setKnown(settled)
    move(undefined)
  }
  const rest = useEffectEvent(() => {
    if (moving !== undefined) settle(moving)
  })
  useEffect(() => {
    if (moving === undefined) return
    const timer = setTimeout(rest, REST_MS)
    return () => clearTimeout(timer)
  }, [moving])
  return { view: moving ?? settled, move }
}
