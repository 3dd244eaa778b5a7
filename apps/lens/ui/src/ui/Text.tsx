/**
 * Text from strangers: isolated, so that its direction cannot rearrange what stands beside it, with controls made visible,
 * and cut where it would break a layout. Names of spans may be empty or 10 kB long.
 */
import { memo, type ReactNode } from 'react'
import { visibleParts } from '../model/visible-text.ts'

const LONGEST = 300

export interface TextProps {
  readonly children: string
  /** Not cut. */
  readonly whole?: boolean
}

export const Text = memo(function Text({ children, whole = false }: TextProps) {
  if (children === '') return <span className="muted">(empty)</span>
  return <bdi>{shownText(children, whole)}</bdi>
})

/** For who has a `bdi` of their own: where there are hundreds, a component and an element for each are what one waits for. */
export function shownText(text: string, whole = false): ReactNode {
  if (text === '') return <span className="muted">(empty)</span>
  return VisibleText({ text: !whole && text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text })
}

export function VisibleText({ text }: { readonly text: string }) {
  const parts = visibleParts(text)
  if (parts.length === 1 && parts[0]!.isControl === false) return text
  return parts.map((part, at) =>
    part.isControl ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: parts of one text are only replaced together
      <span key={at} className="control-character" title="A character that is not shown as such">
        {part.text}
      </span>
    ) : (
      part.text
    ),
  )
}
