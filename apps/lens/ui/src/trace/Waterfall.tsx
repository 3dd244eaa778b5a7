// biome-ignore-all lint/a11y/useSemanticElements: a window over 100,000 rows is no <table>
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid keeps the focus and names its active row

/**
 * The spans over time, as a treegrid: names on the left, bars on the right. Only a window of rows is in the document; text is
 * DOM, bars and guides are one canvas that scrolls with it. Focus stays on the grid, which names its active row.
 */
import { type PointerEvent, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { indentFor } from '../model/indent.ts'
import { RUN, rowWindow } from '../model/row-window.ts'
import { rowOf, visibleRows } from '../model/rows.ts'
import { services } from '../model/service-palette.ts'
import { type TimeView, timeTicks } from '../model/timeline.ts'
import { Icon } from '../ui/Icon.tsx'
import { useThemeColors } from '../ui/use-theme-colors.ts'
import { Ruler } from './Ruler.tsx'
import { SpanTip } from './SpanTip.tsx'
import { Splitter, useNameWidth } from './Splitter.tsx'
import { collapsedAll, type TraceControls, toggled } from './use-trace-keys.ts'
import { useWheelZoom } from './use-wheel-zoom.ts'
import { WaterfallRun } from './WaterfallRun.tsx'
import { ROW_HEIGHT, TIMELINE_PADDING, timelineWidth, type WaterfallScene } from './waterfall-canvas.ts'
import './Waterfall.css'

export interface WaterfallProps extends TraceControls {
  readonly view: TimeView
  readonly move: (view: TimeView) => void
  /** By span 1 for those that are shown for themselves, not for what is below them; undefined for all. */
  readonly matches: Uint8Array | undefined
}

export function Waterfall(props: WaterfallProps) {
  const {
    model,
    whole,
    matches,
    collapsed,
    setCollapsed,
    cursor,
    setCursor,
    selected,
    select,
    view,
    zoom,
    move,
  } = props
  const { tree } = model
  const scroller = useRef<HTMLDivElement>(null)
  const colors = useThemeColors()
  const rows = useMemo(() => visibleRows(tree, collapsed, model.repeated), [tree, collapsed, model.repeated])
  const { box, window, onScroll } = useRowWindow(scroller, rows.length)
  const [nameWidth, setNameWidth] = useNameWidth(box.width)
  const [hovered, setHovered] = useState<{ readonly span: number; readonly x: number; readonly y: number }>()
  const indent = useMemo(() => indentFor(tree.maxDepth, nameWidth), [tree.maxDepth, nameWidth])
  const barsWidth = timelineWidth({ nameWidth, width: box.width })
  const ticks = useMemo(() => timeTicks(view, barsWidth, 96), [view, barsWidth])
  const serviceColors = useMemo(
    () => model.services.map(({ name }) => colors.services[services.slotOf(name)]!),
    [model.services, colors],
  )
  const first = Math.min(window.first, rows.length)
  const end = Math.min(window.end, rows.length)

  const scene = useMemo(
    (): WaterfallScene => ({
      model,
      whole,
      matches,
      rows,
      collapsed,
      indent,
      view,
      ticks,
      nameWidth,
      width: box.width,
      serviceColors,
      colors,
    }),
    [
      model,
      whole,
      matches,
      rows,
      collapsed,
      indent,
      view,
      ticks,
      nameWidth,
      box.width,
      serviceColors,
      colors,
    ],
  )

  const { length } = model.times
  useWheelZoom(scroller, { view, length, left: nameWidth + TIMELINE_PADDING, width: barsWidth, move })

  const cursorRow = rowOf(tree, rows, cursor)
  useKeepVisible(scroller, cursorRow, box.height)

  const toggle = useCallback(
    (span: number) => setCollapsed(toggled(collapsed, span)),
    [collapsed, setCollapsed],
  )
  const choose = useCallback(
    (span: number) => {
      setCursor(span)
      select(span)
    },
    [setCursor, select],
  )
  const onPointerMove = (event: PointerEvent<HTMLElement>) => {
    if (event.pointerType !== 'mouse') return
    const body = event.currentTarget.getBoundingClientRect()
    const span = rows[Math.floor((event.clientY - body.top) / ROW_HEIGHT)]
    setHovered(span === undefined ? undefined : { span, x: event.clientX, y: event.clientY })
  }

  return (
    <section className="waterfall" aria-label="Waterfall">
      <div
        ref={scroller}
        className="waterfall-scroll"
        role="treegrid"
        aria-label="Spans"
        aria-rowcount={rows.length + 1}
        aria-colcount={2}
        aria-activedescendant={cursorRow >= first && cursorRow < end ? `span-row-${cursor}` : undefined}
        tabIndex={0}
        style={{ '--name-width': `${nameWidth}px` }}
        onScroll={onScroll}
      >
        <div className="waterfall-head" role="row" aria-rowindex={1}>
          <div role="columnheader" className="waterfall-names-head">
            <span>Span</span>
            <span className="waterfall-head-actions">
              <button
                type="button"
                className="button quiet small icon"
                aria-label="Collapse all"
                title="Collapse all (c)"
                onClick={() => setCollapsed(collapsedAll(model))}
              >
                <Icon name="expand" size={13} />
              </button>
              <button
                type="button"
                className="button quiet small icon"
                aria-label="Expand all"
                title="Expand all (c)"
                onClick={() => setCollapsed(new Set())}
              >
                <Icon name="unfold" size={13} />
              </button>
            </span>
          </div>
          <div role="columnheader" aria-label="Time">
            <Ruler view={view} length={model.times.length} ticks={ticks} width={barsWidth} zoom={zoom} />
          </div>
        </div>
        <div
          className="waterfall-body"
          role="presentation"
          style={{ height: rows.length * ROW_HEIGHT }}
          onPointerMove={onPointerMove}
          onPointerLeave={() => setHovered(undefined)}
          onPointerDown={() => setHovered(undefined)}
        >
          {runsOf(first, end).map((at) => (
            <WaterfallRun
              key={at}
              scene={scene}
              first={at}
              end={Math.min(at + RUN, end)}
              cursor={isIn(at, cursorRow) ? cursor : undefined}
              selected={
                selected !== undefined && isIn(at, rowOf(tree, rows, selected)) ? selected : undefined
              }
              toggle={toggle}
              choose={choose}
            />
          ))}
        </div>
      </div>
      <Splitter width={nameWidth} setWidth={setNameWidth} />
      {hovered !== undefined && <SpanTip model={model} {...hovered} />}
    </section>
  )
}

function runsOf(first: number, end: number): number[] {
  return Array.from({ length: Math.ceil((end - first) / RUN) }, (_, at) => first + at * RUN)
}

function isIn(run: number, row: number): boolean {
  return row >= run && row < run + RUN
}

/** The scroller's size and the window of rows in it; both change in steps, and only then is anything drawn. */
function useRowWindow(scroller: React.RefObject<HTMLDivElement | null>, count: number) {
  const [box, setBox] = useState({ width: 0, height: 0 })
  const [window, setWindow] = useState({ first: 0, end: 0 })
  const update = useCallback(() => {
    const element = scroller.current
    if (element === null) return
    const next = rowWindow(element.scrollTop, element.clientHeight, ROW_HEIGHT, count)
    setWindow((old) => (old.first === next.first && old.end === next.end ? old : next))
  }, [scroller, count])
  useLayoutEffect(update, [update])
  useEffect(() => {
    const element = scroller.current
    if (element === null) return
    const observer = new ResizeObserver(() => {
      setBox({ width: element.clientWidth, height: element.clientHeight })
      update()
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [scroller, update])
  return { box, window, onScroll: update }
}

const HEAD_HEIGHT = 32

/** Scrolls as little as shows the row, or to its middle when it was far away. */
function useKeepVisible(scroller: React.RefObject<HTMLDivElement | null>, row: number, height: number): void {
  useLayoutEffect(() => {
    const element = scroller.current
    if (element === null || row < 0 || height === 0) return
    const top = row * ROW_HEIGHT
    const above = element.scrollTop
    const room = height - HEAD_HEIGHT - ROW_HEIGHT
    if (top >= above && top <= above + room) return
    const near = top > above - 3 * ROW_HEIGHT && top < above + room + 3 * ROW_HEIGHT
    element.scrollTop = near ? (top < above ? top : top - room) : top - room / 2
  }, [scroller, row, height])
}
