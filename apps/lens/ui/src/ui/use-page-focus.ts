/**
 * Where the keys are when a page takes another's place: at what one came from when one goes back, else at the page itself where nothing has the
 * focus any more. Without it the focus falls to the document, and Tab begins again at the top bar.
 */
import { useRouter } from '@tanstack/react-router'
import { useEffect } from 'react'

/** For so long what is loaded first is awaited. */
const PATIENCE_MS = 5000

export function usePageFocus(): void {
  const router = useRouter()
  useEffect(() => {
    /** Of each entry of the history, the address of the link that was followed. */
    const left = new Map<string, string>()
    let waiting: AbortController | undefined
    let had = false
    const forget = router.subscribe('onBeforeNavigate', ({ fromLocation }) => {
      const key = fromLocation?.state.__TSR_key
      had = document.activeElement?.closest('#main') != null
      const href = document.activeElement?.closest('#main a')?.getAttribute('href')
      if (key !== undefined && href != null) left.set(key, href)
    })
    const arrive = router.subscribe('onRendered', ({ fromLocation, toLocation, pathChanged }) => {
      waiting?.abort()
      const main = document.querySelector<HTMLElement>('#main')
      if (fromLocation === undefined || main === null || !isLost(main)) return
      const isBack = (toLocation.state.__TSR_index ?? 0) < (fromLocation.state.__TSR_index ?? 0)
      const href = isBack ? left.get(toLocation.state.__TSR_key ?? '') : undefined
      if (pathChanged || href !== undefined) main.focus({ preventScroll: true })
      // What had it is gone, as a panel that was closed: the rows that it was opened from have the keys.
      else if (had)
        (main.querySelector<HTMLElement>('[role="treegrid"]') ?? main).focus({ preventScroll: true })
      if (href !== undefined) waiting = focusWhenThere(main, `a[href="${CSS.escape(href)}"]`)
    })
    return () => {
      forget()
      arrive()
      waiting?.abort()
    }
  }, [router])
}

function isLost(main: HTMLElement): boolean {
  const { activeElement } = document
  return activeElement === null || activeElement === document.body || activeElement === main
}

/** Lists are loaded after their page: the focus waits at the page, and stays where it is put meanwhile. */
function focusWhenThere(main: HTMLElement, selector: string): AbortController {
  const ended = new AbortController()
  const tried = () => {
    if (document.activeElement !== main) return true
    const element = main.querySelector<HTMLElement>(selector)
    element?.focus()
    return element !== null
  }
  if (tried()) return ended
  const observer = new MutationObserver(() => {
    if (tried()) ended.abort()
  })
  observer.observe(main, { childList: true, subtree: true })
  const tooLate = setTimeout(() => ended.abort(), PATIENCE_MS)
  ended.signal.addEventListener('abort', () => {
    observer.disconnect()
    clearTimeout(tooLate)
  })
  return ended
}
