/**
 * Keys of a whole page. They stay out of the way of fields, of buttons that want the key for themselves and of the
 * browser's own combinations. Used by the root layout and the pages; the help sheet lists them.
 */
import { useEffect, useEffectEvent } from 'react'

export type Shortcuts = Readonly<Record<string, (event: KeyboardEvent) => void>>

export function useShortcuts(shortcuts: Shortcuts): void {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
    if (isTyping(event.target) || document.querySelector('dialog[open]') !== null) return
    const act = shortcuts[event.key]
    if (act === undefined) return
    event.preventDefault()
    act(event)
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
