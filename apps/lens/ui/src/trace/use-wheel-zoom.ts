/**
 * Zooming by the wheel or by two fingers, with Ctrl as in maps: what is under the pointer stays there. While zoomed, scrolling sideways moves along.
 * Plain scrolling stays the browser's. Called by the waterfall and the flame for the part that has the time axis.
 */
import { type RefObject, useEffect, useEffectEvent } from 'react'
import { panned, type TimeView, unproject, zoomedAround } from '../model/timeline.ts'

export interface WheelZoom {
  readonly view: TimeView
  /** Nanoseconds of the whole. */
  readonly length: number
  /** Pixels from the scroller's left to where the time axis begins. */
  readonly left: number
  readonly width: number
  /** For this moment: many of them come one after the other. */
  readonly move: (view: TimeView) => void
}

/** Of one notch of a wheel, which reports a hundred and more; fingers report a few at a time. */
const MOST = 40
const PER_PIXEL = 0.01
/** Firefox counts in lines. */
const LINE = 16

export function useWheelZoom(
  scroller: RefObject<HTMLElement | null>,
  { view, length, left, width, move }: WheelZoom,
): void {
  const onWheel = useEffectEvent((event: WheelEvent) => {
    const element = scroller.current
    if (element === null) return
    const x = event.clientX - element.getBoundingClientRect().left - left
    if (x < 0 || x > width) return
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : LINE
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault()
      const by = Math.max(-MOST, Math.min(MOST, event.deltaY * unit))
      move(zoomedAround(view, unproject(view, width, x), Math.exp(by * PER_PIXEL), length))
      return
    }
    const sideways = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX
    const isWhole = view.start <= 0 && view.end >= length
    if (isWhole || Math.abs(sideways) < Math.abs(event.deltaY) || sideways === 0) return
    event.preventDefault()
    move(panned(view, (sideways * unit) / width, length))
  })
  useEffect(() => {
    const element = scroller.current
    // React's own listeners are passive and could not keep the page from zooming.
    element?.addEventListener('wheel', onWheel, { passive: false })
    return () => element?.removeEventListener('wheel', onWheel)
  }, [scroller])
}
