/**
 * The keys of the trace page. Letters work anywhere on it; arrows, Enter, Home and End while the waterfall or nothing has
 * the focus, so that lists and fields keep theirs. While a span is shown, moving shows the next one.
 */
import { allFolded, foldedAt, foldOf } from '../model/repetition.ts'
import { hasChildren, revealing, rowOf, visibleRows } from '../model/rows.ts'
import { type TimeView, zoomedAround } from '../model/timeline.ts'
import { traceInsights } from '../model/trace-insights.ts'
import { endOf, type TraceModel } from '../model/trace-model.ts'
import { type Shortcuts, useShortcuts } from '../ui/use-shortcuts.ts'

/** As many as are worth going to one by one. */
const SLOWEST = 30

export interface TraceControls {
  /** What is shown of the trace. */
  readonly model: TraceModel
  readonly whole: TraceModel
  readonly collapsed: ReadonlySet<number>
  readonly setCollapsed: (collapsed: ReadonlySet<number>) => void
  readonly cursor: number
  readonly setCursor: (span: number) => void
  readonly selected: number | undefined
  readonly select: (span: number | undefined) => void
  readonly zoom: (view: TimeView | undefined) => void
}

export interface TraceKeys extends TraceControls {
  /** Else the keys of rows are left to another view. */
  readonly isWaterfall: boolean
  readonly view: TimeView
  /** Shows any span of the whole trace. */
  readonly show: (span: number) => void
}

export function useTraceKeys(controls: TraceKeys): void {
  const { model, whole, isWaterfall, collapsed, setCollapsed, cursor, setCursor, selected, select } = controls
  const { show, view, zoom } = controls
  const { tree } = model

  const moveTo = (span: number | undefined) => {
    if (span === undefined) return
    setCollapsed(revealing(tree, collapsed, span, model.repeated))
    setCursor(span)
    if (selected !== undefined) select(span)
  }
  const step = (by: number) => {
    const rows = visibleRows(tree, collapsed, model.repeated)
    const row = Math.max(0, rowOf(tree, rows, cursor))
    moveTo(rows[Math.min(rows.length - 1, Math.max(0, row + by))])
  }
  const nextError = (direction: 1 | -1) => {
    const { failedOrder } = whole
    const { position } = whole.tree
    const here = position[cursor]!
    const span =
      direction === 1
        ? (failedOrder.find((failed) => position[failed]! > here) ?? failedOrder[0])
        : (failedOrder.findLast((failed) => position[failed]! < here) ?? failedOrder.at(-1))
    if (span !== undefined) show(span)
  }
  /** From the longest on, which is the first while none of them is shown. */
  const nextSlowest = (by: 1 | -1) => {
    const { slowest } = traceInsights(whole, SLOWEST)
    const at = selected === undefined ? -1 : slowest.indexOf(selected)
    const next = at === -1 && by === -1 ? -1 : at + by
    const span = slowest[(next + slowest.length) % slowest.length]
    if (span !== undefined) show(span)
  }
  const scale = (by: number) => {
    const middle = (view.start + view.end) / 2
    zoom(zoomedAround(view, middle, by, whole.times.length))
  }
  const previousError = () => nextError(-1)
  const close = () => select(undefined)
  const inWaterfall = (act: () => void) => (event: KeyboardEvent) => {
    const target = event.target as Element
    // The page itself has the focus when one has come from another.
    const isPage = target === document.body || target.id === 'main'
    if (!isPage && target.closest('[role="treegrid"]') === null) return false
    act()
  }
  const rows: Shortcuts = {
    j: () => step(1),
    k: () => step(-1),
    ArrowDown: inWaterfall(() => step(1)),
    ArrowUp: inWaterfall(() => step(-1)),
    PageDown: inWaterfall(() => step(20)),
    PageUp: inWaterfall(() => step(-20)),
    Home: inWaterfall(() => moveTo(tree.order[0])),
    End: inWaterfall(() => moveTo(visibleRows(tree, collapsed, model.repeated).at(-1))),
    ArrowLeft: inWaterfall(() => {
      const group = model.repeated.of[cursor]!
      const isOpenLeader = group !== -1 && model.repeated.groups[group]!.leader === cursor
      if (
        isOpenLeader &&
        !collapsed.has(foldOf(group)) &&
        (!hasChildren(tree, cursor) || collapsed.has(cursor))
      )
        setCollapsed(toggled(collapsed, foldOf(group)))
      else if (hasChildren(tree, cursor) && !collapsed.has(cursor))
        setCollapsed(new Set(collapsed).add(cursor))
      else if (tree.parent[cursor] !== -1) moveTo(tree.parent[cursor])
    }),
    ArrowRight: inWaterfall(() => {
      if (foldedAt(model.repeated, collapsed, cursor) !== undefined)
        setCollapsed(toggled(collapsed, foldOf(model.repeated.of[cursor]!)))
      else if (collapsed.has(cursor)) setCollapsed(toggled(collapsed, cursor))
      else if (hasChildren(tree, cursor)) moveTo(tree.children[tree.childStart[cursor]!])
    }),
    Enter: inWaterfall(() => select(selected === cursor ? undefined : cursor)),
    Escape: close,
    c: () => setCollapsed([...collapsed].some((span) => span >= 0) ? new Set() : collapsedAll(model)),
  }
  const everywhere: Shortcuts = {
    e: () => nextError(1),
    E: previousError,
    z: () => zoom({ start: model.times.start[cursor]!, end: endOf(model, cursor) }),
    0: () => zoom(undefined),
    '+': () => scale(0.5),
    '=': () => scale(0.5),
    '-': () => scale(2),
    s: () => nextSlowest(1),
    S: () => nextSlowest(-1),
  }
  useShortcuts(isWaterfall ? { ...everywhere, ...rows } : everywhere)
}

export function toggled(collapsed: ReadonlySet<number>, span: number): ReadonlySet<number> {
  const next = new Set(collapsed)
  if (!next.delete(span)) next.add(span)
  return next
}

/** All below the roots' children: what remains is the trace in outline. */
export function collapsedAll({ tree, repeated }: TraceModel): ReadonlySet<number> {
  const all = new Set<number>(allFolded(repeated))
  for (const span of tree.order) if (tree.depth[span]! > 0 && hasChildren(tree, span)) all.add(span)
  return all
}
