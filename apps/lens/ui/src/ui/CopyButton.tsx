/** Copies a text and says so, in the icon and to a screen reader. */
import { useEffect, useState } from 'react'
import { ApiError } from '../api/client.ts'
import { Icon, type IconName } from './Icon.tsx'

export interface CopyButtonProps {
  /** Read when pressed: an address may have changed since it was drawn. */
  readonly text: string | (() => string | Promise<string>)
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
  const [state, setState] = useState<'idle' | 'waiting' | 'copied' | 'refused'>('idle')
  const [why, setWhy] = useState('')
  useEffect(() => {
    if (state === 'idle' || state === 'waiting') return
    const timer = setTimeout(() => setState('idle'), state === 'copied' ? 1600 : 6000)
    return () => clearTimeout(timer)
  }, [state])
  const said = state === 'copied' ? 'Copied' : state === 'refused' ? why : undefined
  return (
    <button
      type="button"
      className={caption === undefined ? `${className} icon` : className}
      aria-label={label}
      title={said ?? label}
      onClick={(event) => {
        event.stopPropagation()
        setState('waiting')
        copy(typeof text === 'function' ? text() : text).then(
          () => setState('copied'),
          (error: unknown) => {
            setWhy(error instanceof ApiError ? error.message : 'Copying is not allowed here')
            setState('refused')
          },
        )
      }}
    >
      <Icon name={state === 'copied' ? 'check' : state === 'refused' ? 'cross' : icon} />
      {caption === undefined ? undefined : (
        <span>{state === 'copied' ? 'Copied' : state === 'waiting' ? 'Asking…' : caption}</span>
      )}
      <span className="visually-hidden" role="status">
        {said}
      </span>
    </button>
  )
}

/** The clipboard interface exists on secure origins only; on plain http a selection does the work. */
async function copy(text: string | Promise<string>): Promise<void> {
  if (navigator.clipboard === undefined) return select(await text)
  if (typeof text === 'string') return navigator.clipboard.writeText(text)
  // What must be asked for first is promised to the clipboard: some browsers take no text long after the press.
  const blob = text.then((asked) => new Blob([asked], { type: 'text/plain' }))
  const written = navigator.clipboard.write([new ClipboardItem({ 'text/plain': blob })])
  await Promise.all([text, written])
}

function select(text: string): void {
  const area = document.createElement('textarea')
  area.value = text
  area.style.position = 'fixed'
  document.body.append(area)
  area.select()
  const done = document.execCommand('copy')
  area.remove()
  if (!done) throw new Error('refused')
}
