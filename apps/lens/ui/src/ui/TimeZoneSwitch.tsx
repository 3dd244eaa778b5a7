/** Times in local or in UTC. The choice is kept in this browser; the palette has it, too. */
import { useSyncExternalStore } from 'react'
import { onZoneChange, setZone, type Zone, zone } from '../model/time-zone.ts'

const KEY = 'lens.timeZone'

try {
  if (localStorage.getItem(KEY) === 'utc') setZone('utc')
} catch {
  // Storage is blocked: times are local until somebody says otherwise.
}

export function useZone(): Zone {
  return useSyncExternalStore(onZoneChange, zone)
}

export function toggleZone(): void {
  const next = zone() === 'utc' ? 'local' : 'utc'
  setZone(next)
  try {
    if (next === 'utc') localStorage.setItem(KEY, next)
    else localStorage.removeItem(KEY)
  } catch {
    // The choice lasts as long as the page.
  }
}

export function TimeZoneSwitch() {
  const isUtc = useZone() === 'utc'
  const local = Intl.DateTimeFormat().resolvedOptions().timeZone
  return (
    <button
      type="button"
      className="button quiet small"
      title={
        isUtc
          ? `Times are in UTC: show them in local time (${local})`
          : `Times are local (${local}): show them in UTC`
      }
      onClick={toggleZone}
    >
      {isUtc ? 'UTC' : 'Local'}
      <span className="visually-hidden"> times, switch to {isUtc ? 'local' : 'UTC'}</span>
    </button>
  )
}
