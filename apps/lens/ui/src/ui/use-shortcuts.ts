/**
 * Keys of a whole page. They stay out of the way of fields, of buttons that want the key for themselves and of the
 * browser's own combinations. Used by the root layout and the pages; the help sheet lists them.
 */
import { useEffect, useEffectEvent } from 'react'

/** `false` leaves the key to whatever has the focus: Enter is a button's, arrows are a slider's. */
export type Shortcuts = Readonly<Record<string, (event: KeyboardEvent) => unknown>>

/** What has the keys while it is open, Escape above all. */
const OVER_THE_PAGE = 'dialog[open], :popover-open'

export function useShortcuts(shortcuts: Shortcuts): void {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
    if (isTyping(event.target) || document.querySelector(OVER_THE_PAGE) !== null) return
    const act = shortcuts[event.key]
    if (act !== undefined && act(event) !== false) event.preventDefault()
  })
  useEffect(() => {
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)
}
