/** Says the title of a page that takes another's place to a screen reader: without a load, the browser says nothing. */
import { useLocation } from '@tanstack/react-router'
import { useEffect, useState } from 'react'

export function PageAnnouncer() {
  const { pathname } = useLocation()
  const [first] = useState(pathname)
  const [said, say] = useState('')
  useEffect(() => {
    const onTitle = () => say(document.title)
    const observer = new MutationObserver(onTitle)
    observer.observe(document.head, { childList: true, subtree: true, characterData: true })
    return () => observer.disconnect()
  }, [])
  return (
    <div className="visually-hidden" aria-live="polite">
      {pathname === first ? '' : said}
    </div>
  )
}
