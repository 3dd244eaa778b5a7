/** What a page shows, handed on: a button that opens the ways. What they are is the page's to say. */
import { type ReactNode, useEffect, useEffectEvent, useId, useRef } from 'react'
import { CopyButton } from './CopyButton.tsx'
import { Icon } from './Icon.tsx'
import './CopyAs.css'

export interface CopyWay {
  /** As in "Copy link"; begins with a small letter unless it is a name. */
  readonly name: string
  readonly what: string
  readonly text: () => string | Promise<string>
}

export interface CopyAsProps {
  readonly ways: readonly CopyWay[]
  /** Links to files, below. */
  readonly children?: ReactNode
}

const WIDTH = 360
const GAP = 4

export function CopyAs({ ways, children }: CopyAsProps) {
  const id = useId()
  const opener = useRef<HTMLButtonElement>(null)
  const pop = useRef<HTMLDivElement>(null)
  /** Below the button, and never beyond the page. */
  const place = () => {
    if (opener.current === null || pop.current === null) return
    const box = opener.current.getBoundingClientRect()
    const room = document.documentElement.clientWidth
    const width = Math.min(WIDTH, room - 2 * GAP)
    const left = Math.min(Math.max(GAP, box.right - width), room - width - GAP)
    pop.current.style.width = `${width}px`
    pop.current.style.left = `${left + scrollX}px`
    pop.current.style.top = `${box.bottom + GAP + scrollY}px`
  }
  const placeAgain = useEffectEvent(place)
  useEffect(() => {
    const onResize = () => placeAgain()
    addEventListener('resize', onResize)
    return () => removeEventListener('resize', onResize)
  }, [])
  return (
    <>
      <button
        ref={opener}
        type="button"
        className="button quiet small"
        aria-haspopup="dialog"
        popoverTarget={id}
        title="Copy as link, curl or JSON"
      >
        <Icon name="copy" />
        Copy as
        <Icon name="down" size={12} />
      </button>
      <div
        ref={pop}
        id={id}
        popover="auto"
        className="copy-as"
        role="dialog"
        aria-label="Copy as"
        onBeforeToggle={place}
        onToggle={({ newState, currentTarget }) => {
          if (newState === 'open') currentTarget.querySelector<HTMLElement>('button, a')?.focus()
        }}
      >
        <ul>
          {ways.map(({ name, what, text }) => (
            <li key={name}>
              <CopyButton text={text} label={`Copy ${name}`} caption={capital(name)} />
              <span className="muted">{what}</span>
            </li>
          ))}
          {children}
        </ul>
      </div>
    </>
  )
}

function capital(text: string): string {
  return text === 'curl' ? text : text.replace(/^./, (first) => first.toUpperCase())
}
