/**
 * In which zone times are told: the reader's own, or UTC for whoever compares with a server's log. One choice for all pages; `time.ts` formats by it,
 * `TimeZoneSwitch` and the palette change it, and the layout draws the page anew.
 */
export type Zone = 'local' | 'utc'

let current: Zone = 'local'
const listeners = new Set<() => void>()

export function zone(): Zone {
  return current
}

export function setZone(next: Zone): void {
  if (next === current) return
  current = next
  for (const listener of listeners) listener()
}

export function onZoneChange(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Milliseconds to add to a time, so that its parts in UTC are those that the reader sees. */
export function zoneShift(millis: number): number {
  return current === 'utc' ? 0 : -new Date(millis).getTimezoneOffset() * 60_000
}
