/** A text of this browser's storage as state: the same in every component and tab that shows it; for this page alone where storage is blocked. */
import { useCallback, useSyncExternalStore } from 'react'

const listeners = new Set<() => void>()
const blocked = new Map<string, string>()

export function useStored(key: string): readonly [string | null, (text: string) => void] {
  const text = useSyncExternalStore(subscribe, () => read(key))
  const write = useCallback((next: string) => store(key, next), [key])
  return [text, write]
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  addEventListener('storage', listener)
  return () => {
    listeners.delete(listener)
    removeEventListener('storage', listener)
  }
}

function read(key: string): string | null {
  try {
    return blocked.get(key) ?? localStorage.getItem(key)
  } catch {
    return null
  }
}

function store(key: string, text: string): void {
  try {
    localStorage.setItem(key, text)
    blocked.delete(key)
  } catch {
    blocked.set(key, text)
  }
  for (const listener of listeners) listener()
}
