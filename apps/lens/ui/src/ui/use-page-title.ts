/** Names the browser's tab after what the page shows. */
import { useEffect } from 'react'

export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = title === '' ? 'RusToK Lens' : `${title.slice(0, 120)} · RusToK Lens`
  }, [title])
}
