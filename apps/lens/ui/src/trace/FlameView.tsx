/**
 * The trace as a flame over time: what called what at a glance, in as little height as it takes. A click zooms to a span and shows it, Esc goes back.
 * Keys move along calls and lanes and each span that they come to is told; the waterfall and the table say the same in rows.
 */
import { type MouseEvent, useEffect, useEffectEvent, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { formatDuration } from '../model/duration.ts'
import { flameLayout, flameSpanAt } from '../model/flame-layout.ts'
import { type FlameKey, flameStep, zoomedOut } from '../model/flame-steps.ts'
import { services } from '../model/service-palette.ts'
import { type TimeView, timeTicks, unproject } from '../model/timeline.ts'
import { endOf, type TraceModel } from '../model/trace-model.ts'
import { Text } from '../ui/Text.tsx'
import { useShortcuts } from '../ui/use-shortcuts.ts'
import { useThemeColors } from '../ui/use-theme-colors.ts'
import { drawFlame, flameWidth, LANE_HEIGHT } from './flame-canvas.ts'
import { Ruler } from './Ruler.tsx'
import { SpanTip } from './SpanTip.tsx'
import { useWheelZoom } from './use-wheel-zoom.ts'
import { TIMELINE_PADDING } from './waterfall-canvas.ts'
import './FlameView.css'

export interface FlameViewProps {
  readonly model: TraceModel
  readonly view: TimeView
  readonly zoom: (view: TimeView | undefined) => void
  readonly move: (view: TimeView) => void
  readonly cursor: number
  readonly setCursor: (span: number) => void
  readonly selected: number | undefined
  readonly select: (span: number | undefined) => void
  /** Shows the span and as much time as it took. */
  readonly enter: (span: number) => void
  readonly matches: Uint8Array | undefined
}

/** Lanes that are drawn above and below those in sight, so that scrolling shows no gap. */
const AROUND = 12
/** How far beside a thin block a pointer still hits it. */
const SLACK = 3

export function FlameView(props: FlameViewProps) {
  const { model, view, zoom, move, cursor, setCursor, selected, select, enter, matches } = props
  const { tree, times } = model
  const scroller = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const colors = useThemeColors()
  const layout = useMemo(() => flameLayout(tree, times.start, times.duration), [tree, times])
  const [box, setBox] = useState({ width: 0, height: 0 })
  const [top, setTop] = useState(0)
  const [hovered, setHovered] = useState<{ readonly span: number; readonly x: number; readonly y: number }>()
  const [isFocused, setFocused] = useState(false)
  const wide = flameWidth(box.width)
  const ticks = useMemo(() => timeTicks(view, wide, 96), [view, wide])
  const serviceColors = useMemo(
    () => model.services.map(({ name }) => colors.services[services.slotOf(name)]!),
    [model.services, colors],
  )
  // In steps of some lanes: between two of them the browser scrolls what is drawn.
  const first = Math.max(0, Math.floor(top / LANE_HEIGHT / AROUND - 1) * AROUND)
  const end = Math.min(layout.laneCount, Math.ceil((top + box.height) / LANE_HEIGHT / AROUND + 1) * AROUND)

  useLayoutEffect(() => {
    const element = scroller.current
    if (element === null) return
    const observer = new ResizeObserver(() =>
      setBox({ width: element.clientWidth, height: element.clientHeight }),
    )
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  useLayoutEffect(() => {
    if (canvas.current === null || box.width === 0) return
    drawFlame(canvas.current, {
      model,
      layout,
      first,
      end,
      view,
      ticks,
      width: box.width,
      cursor: isFocused ? cursor : -1,
      hovered: hovered?.span,
      selected,
      matches,
      serviceColors,
      colors,
    })
  }, [
    model,
    layout,
    first,
    end,
    view,
    ticks,
    box.width,
    isFocused,
    cursor,
    hovered?.span,
    selected,
    matches,
    serviceColors,
    colors,
  ])

  // A span that is shown, by a key or by "next error", is brought into sight: its lane, and its time if the zoom hides it.
  const bringIntoTime = useEffectEvent(() => {
    if (times.start[cursor]! > view.end || endOf(model, cursor) < view.start) zoom(undefined)
  })
  useLayoutEffect(() => {
    const element = scroller.current
    if (element === null || box.height === 0) return
    const y = layout.lane[cursor]! * LANE_HEIGHT
    if (y < element.scrollTop || y > element.scrollTop + box.height - HEAD_HEIGHT - LANE_HEIGHT)
      element.scrollTop = y - box.height / 2
  }, [layout, cursor, box.height])
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever the cursor comes to another span
  useEffect(bringIntoTime, [cursor])

  useWheelZoom(scroller, { view, length: times.length, left: TIMELINE_PADDING, width: wide, move })

  const spanAt = (event: MouseEvent<HTMLElement>): number | undefined => {
    const area = event.currentTarget.getBoundingClientRect()
    const lane = Math.floor((event.clientY - area.top) / LANE_HEIGHT)
    const x = event.clientX - area.left - TIMELINE_PADDING
    const slack = (SLACK * (view.end - view.start)) / wide
    const time = unproject(view, wide, x)
    return flameSpanAt(layout, times, lane, time, 0) ?? flameSpanAt(layout, times, lane, time, slack)
  }
  const isZoomed = view.start > 0 || view.end < times.length
  const back = () => {
    if (isZoomed) zoom(zoomedOut(tree, times, cursor, view))
    else select(undefined)
  }
  const step = (key: FlameKey) => (event: KeyboardEvent) => {
    const target = event.target as Element
    if (target !== document.body && !scroller.current?.contains(target)) return
    const next = flameStep(tree, layout, cursor, key)
    setCursor(next)
    if (selected !== undefined) select(next)
    setFocused(true)
  }
  const inFlame = (act: () => void) => (event: KeyboardEvent) => {
    if (event.target === document.body || scroller.current?.contains(event.target as Element)) act()
  }
  useShortcuts({
    ArrowUp: step('ArrowUp'),
    ArrowDown: step('ArrowDown'),
    ArrowLeft: step('ArrowLeft'),
    ArrowRight: step('ArrowRight'),
    Home: step('Home'),
    End: step('End'),
    Enter: inFlame(() => enter(cursor)),
    Escape: back,
  })

  return (
    <section className="flame" aria-label="Flame">
      <div
        ref={scroller}
        className="flame-scroll"
        role="application"
        aria-label="Flame of the trace"
        aria-describedby="flame-keys"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: an application has keys of its own
        tabIndex={0}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
        onFocus={(event) => setFocused(event.target.matches(':focus-visible'))}
        onBlur={() => setFocused(false)}
      >
        <div className="flame-head" aria-hidden="true">
          <Ruler view={view} length={times.length} ticks={ticks} width={wide} zoom={zoom} />
        </div>
        {/* biome-ignore lint/a11y/useKeyWithClickEvents lint/a11y/noStaticElementInteractions: the application around it has the keys */}
        <div
          className="flame-body"
          style={{ height: layout.laneCount * LANE_HEIGHT }}
          data-hit={hovered !== undefined}
          onPointerMove={(event) => {
            if (event.pointerType !== 'mouse') return
            const span = spanAt(event)
            setHovered(span === undefined ? undefined : { span, x: event.clientX, y: event.clientY })
          }}
          onPointerLeave={() => setHovered(undefined)}
          onClick={(event) => {
            const span = spanAt(event)
            if (span !== undefined) enter(span)
          }}
        >
          {/* biome-ignore lint/a11y/noAriaHiddenOnFocusable: a canvas without tabindex takes no focus */}
          <canvas
            ref={canvas}
            className="flame-canvas"
            style={{ top: first * LANE_HEIGHT }}
            aria-hidden="true"
          />
        </div>
      </div>
      <p id="flame-keys" className="visually-hidden">
        Up goes to the caller, down to the first call, left and right along the lane; Enter zooms and shows
        the span, Escape goes back. The same spans are rows in the waterfall, and summed up in the table.
      </p>
      <p className="visually-hidden" role="status">
        {isFocused && <SpanInWords model={model} span={cursor} />}
      </p>
      {hovered !== undefined && <SpanTip model={model} {...hovered} />}
    </section>
  )
}

const HEAD_HEIGHT = 32

function SpanInWords({ model, span }: { readonly model: TraceModel; readonly span: number }) {
  const { tree } = model
  const calls = tree.childStart[span + 1]! - tree.childStart[span]!
  return (
    <>
      <Text>{model.spans[span]!.name}</Text>, {model.services[model.service[span]!]!.name},{' '}
      {formatDuration(model.times.duration[span]!)}, self time {formatDuration(model.self[span]!)}
      {model.failed[span] === 1 && ', error'}, level {tree.depth[span]! + 1}, {calls.toLocaleString()}{' '}
      {calls === 1 ? 'call' : 'calls'}
    </>
  )
}
