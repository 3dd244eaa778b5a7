/** The border between names and bars, movable by pointer and keys; its place is kept in this browser. */
import { useState } from 'react'

const LEAST = 120

export function useNameWidth(total: number): readonly [number, (width: number) => void] {
  const [share, setShare] = useState(() => {
    try {
      const kept = Number(localStorage.getItem('lens.names'))
      return kept > 0.1 && kept < 0.9 ? kept : undefined
    } catch {
      return undefined
    }
  })
  const wanted = share === undefined ? Math.min(430, total * (total < 600 ? 0.5 : 0.42)) : share * total
  const width = Math.round(Math.min(Math.max(LEAST, wanted), Math.max(LEAST, total - LEAST)))
  return [
    width,
    (next) => {
      const clamped = Math.min(0.88, Math.max(0.12, next / Math.max(1, total)))
      setShare(clamped)
      try {
        localStorage.setItem('lens.names', clamped.toFixed(3))
      } catch {
        // Storage is blocked: the place lasts as long as the page.
      }
    },
  ]
}

export function Splitter({
  width,
  setWidth,
}: {
  readonly width: number
  readonly setWidth: (width: number) => void
}) {
  const [grip, setGrip] = useState<number>()
  return (
    // biome-ignore lint/a11y/useSemanticElements: a separator that moves is no <hr>
    <div
      role="separator"
      className="splitter"
      tabIndex={0}
      aria-label="Width of the names"
      aria-orientation="vertical"
      aria-valuenow={width}
      style={{ left: width }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId)
        setGrip(event.clientX - width)
      }}
      onPointerMove={(event) => {
        if (grip !== undefined) setWidth(event.clientX - grip)
      }}
      onPointerUp={() => setGrip(undefined)}
      onPointerCancel={() => setGrip(undefined)}
      onKeyDown={(event) => {
        if (event.key === 'ArrowLeft') setWidth(width - 16)
        if (event.key === 'ArrowRight') setWidth(width + 16)
      }}
    />
  )
}
