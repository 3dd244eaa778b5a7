/** Copies a text and says so, in the icon and to a screen reader. */
import { useEffect, useState } from 'react'
import { Icon, type IconName } from './Icon.tsx'

export interface CopyButtonProps {
  /** Read when pressed: an address may have changed since it was drawn. */
  readonly text: string | (() => string)
  /** As in "Copy trace id". */
  readonly label: string
  readonly caption?: string
  readonly icon?: IconName
  readonly className?: string
}

export function CopyButton({
  text,
  label,
  caption,
  icon = 'copy',
  className = 'button quiet small',
}: CopyButtonProps) {
  const [state, setState] = useState<'idle' | 'copied' | 'refused'>('idle')
  useEffect(() => {
    if (state === 'idle') return
    const timer = setTimeout(() => setState('idle'), 1600)
    return () => clearTimeout(timer)
  }, [state])
  const said = state === 'copied' ? 'Copied' : state === 'refused' ? 'Copying is not allowed here' : undefined
  return (
    <button
      type="button"
      className={caption === undefined ? `${className} icon` : className}
      aria-label={label}
      title={said ?? label}
      onClick={(event) => {
        event.stopPropagation()
        copy(typeof text === 'function' ? text() : text).then(
          () => setState('copied'),
          () => setState('refused'),
        )
      }}
    >
      <Icon name={state === 'copied' ? 'check' : state === 'refused' ? 'cross' : icon} />
      {caption === undefined ? undefined : <span>{state === 'copied' ? 'Copied' : caption}</span>}
      <span className="visually-hidden" role="status">
        {said}
      </span>
    </button>
  )
}

/** The clipboard interface exists on secure origins only; on plain http a selection does the work. */
async function copy(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text)
  const area = document.createElement('textarea')
  area.value = text
  area.style.position = 'fixed'
  document.body.append(area)
  area.select()
  const done = document.execCommand('copy')
  area.remove()
  if (!done) throw new Error('refused')
}
