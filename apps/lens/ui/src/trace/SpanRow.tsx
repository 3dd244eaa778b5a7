// biome-ignore-all lint/a11y/useSemanticElements: a window over 100,000 rows is no <table>
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid keeps the focus and names its active row

/** One row of the waterfall: the texts. Bars, guides and the kinds' signs lie on the canvas behind them. */
import { memo } from 'react'
import { formatDuration } from '../model/duration.ts'
import { type Indent, indentOf } from '../model/indent.ts'
import { foldOf, type Repetition } from '../model/repetition.ts'
import { descendantCount, hasChildren } from '../model/rows.ts'
import { spanHint } from '../model/span-hint.ts'
import { CYCLE, ORPHAN } from '../model/span-tree.ts'
import { barBox, gapPlace, labelPlace, type TimeView } from '../model/timeline.ts'
import type { TraceModel } from '../model/trace-model.ts'
import { Icon } from '../ui/Icon.tsx'
import { shownText } from '../ui/Text.tsx'
import { TIMELINE_PADDING } from './waterfall-canvas.ts'

export interface SpanRowProps {
  readonly model: TraceModel
  readonly span: number
  readonly row: number
  readonly isCollapsed: boolean
  /** The group that this row stands for. */
  readonly folded: Repetition | undefined
  readonly isCursor: boolean
  readonly isSelected: boolean
  /** Shown for what is below it alone. */
  readonly isContext: boolean
  readonly indent: Indent
  readonly view: TimeView
  /** Of the column of names and of the timeline, without its padding. */
  readonly nameWidth: number
  readonly width: number
  readonly toggle: (span: number) => void
  readonly choose: (span: number) => void
}

export const SpanRow = memo(function SpanRow(props: SpanRowProps) {
  const { model, span, row, isCollapsed, folded, isCursor, isSelected, isContext, indent, toggle, choose } =
    props
  const { tree } = model
  const view = model.spans[span]!
  const service = model.services[model.service[span]!]!.name
  const depth = tree.depth[span]!
  const parent = tree.parent[span]!
  const changesService = parent === -1 || model.service[parent] !== model.service[span]
  const hint = spanHint(view)
  const below = folded === undefined ? descendantCount(tree, span) : 0
  const group = model.repeated.of[span]!
  const leads = group !== -1 && model.repeated.groups[group]!.leader === span
  const times = leads ? model.repeated.groups[group]!.members.length : 0
  const marks = tree.marks[span]!
  const failed = folded === undefined && model.failed[span] === 1
  const hiddenErrors = folded?.failed ?? (isCollapsed ? model.failedBelow[span]! : 0)
  const hasNoTime = model.times.unusable[span] === 1
  // They float beside the words, which are cut before them.
  const hasEnd = isCollapsed || marks !== 0 || hasNoTime || failed || hiddenErrors > 0
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid has the keys, and this row is its active descendant
    <div
      id={`span-row-${span}`}
      role="row"
      tabIndex={-1}
      className="span-row"
      aria-rowindex={row + 2}
      aria-level={depth + 1}
      aria-expanded={folded !== undefined ? false : hasChildren(tree, span) ? !isCollapsed : undefined}
      aria-selected={isSelected}
      data-cursor={isCursor}
      data-failed={failed}
      data-context={isContext}
      onPointerDown={keepFocusOnGrid}
      onClick={() => choose(span)}
    >
      <div
        role="gridcell"
        className="span-name truncate"
        style={{ paddingLeft: 8 + indentOf(indent, depth) }}
      >
        {hasEnd && (
          <span className="span-end">
            {isCollapsed && <span className="span-below">+{below.toLocaleString()}</span>}
            {marks !== 0 && <Marks marks={marks} />}
            {hasNoTime && (
              <span className="span-mark" title="It came without a usable time">
                no time
              </span>
            )}
            {failed && (
              <span className="span-error" title="Failed">
                <Icon name="error" size={13} />
                <span className="visually-hidden">error</span>
              </span>
            )}
            {hiddenErrors > 0 && (
              <span className="span-error" title={`${hiddenErrors} failed below`}>
                <Icon name="error" size={13} />
                {hiddenErrors}
                <span className="visually-hidden"> errors below</span>
              </span>
            )}
          </span>
        )}
        {below > 0 ? (
          <button
            type="button"
            tabIndex={-1}
            className="span-twisty"
            data-collapsed={isCollapsed}
            aria-label={isCollapsed ? `Expand ${below} below` : `Collapse ${below} below`}
            onClick={(event) => {
              event.stopPropagation()
              toggle(span)
            }}
          >
            <Icon name={isCollapsed ? 'chevron' : 'down'} size={10} />
          </button>
        ) : (
          <span className="span-twisty" />
        )}
        {depth > indent.deepest && <span className="span-depth">{depth}</span>}
        {leads && (
          <button
            type="button"
            tabIndex={-1}
            className="span-times"
            data-folded={folded !== undefined}
            aria-label={folded === undefined ? `Fold ${times} alike` : `Show all ${times}`}
            title={
              folded === undefined ? `Fold these ${times} into one row` : `Show all ${times}, one by one`
            }
            onClick={(event) => {
              event.stopPropagation()
              toggle(foldOf(group))
            }}
          >
            {times.toLocaleString()} ×
          </button>
        )}
        {/* Cut at their end: the service gives way first, then the hint, then the name. */}
        <bdi className="span-operation">{shownText(view.name)}</bdi>
        {hint !== '' && <bdi className="span-hint">{shownText(hint)}</bdi>}
        <bdi className="span-service" data-repeated={!changesService}>
          {shownText(service)}
        </bdi>
      </div>
      <DurationLabel {...props} />
    </div>
  )
})

/** About what a figure of the label's size takes: measuring each would cost a layout per row. */
const DIGIT_WIDTH = 6.4

function DurationLabel({ model, span, folded, view, width, nameWidth }: SpanRowProps) {
  const last = folded?.members.at(-1) ?? span
  const duration = model.times.start[last]! + model.times.duration[last]! - model.times.start[span]!
  const box = barBox(view, width, model.times.start[span]!, duration)
  const all =
    folded === undefined
      ? formatDuration(duration)
      : `${formatDuration(folded.total)} in all, median ${formatDuration(folded.median)}, max ${formatDuration(folded.max)}`
  if (box === undefined) {
    return (
      <div role="gridcell" className="span-duration">
        <span className="visually-hidden">{all}</span>
      </div>
    )
  }
  let text = all
  let place = labelPlace(box, width, all.length * DIGIT_WIDTH)
  if (folded !== undefined && place.side === 'inside') {
    // Not upon the bars of those that the row stands for, if there is another place.
    const boxes = folded.members.flatMap((member) => boxOf(model, member, view, width) ?? [])
    const texts = [all, `${formatDuration(folded.total)} in all`, formatDuration(folded.total)]
    for (const shorter of texts) {
      const between = gapPlace(boxes, width, shorter.length * DIGIT_WIDTH)
      if (between === undefined) continue
      text = shorter
      place = between
      break
    }
  }
  const { side, offset } = place
  const left = nameWidth + TIMELINE_PADDING + offset
  return (
    <div
      role="gridcell"
      className="span-duration"
      data-side={side}
      style={side === 'before' ? { right: offset + TIMELINE_PADDING } : { left }}
    >
      {text}
    </div>
  )
}

function boxOf({ times }: TraceModel, span: number, view: TimeView, width: number) {
  return barBox(view, width, times.start[span]!, times.duration[span]!)
}

function Marks({ marks }: { readonly marks: number }) {
  const words = [
    marks & ORPHAN && (['orphan', 'Its parent is not stored'] as const),
    marks & CYCLE && (['cycle', 'Its parent is its own descendant'] as const),
  ]
  return words.map(
    (word) =>
      word !== 0 && (
        <span key={word[0]} className="span-mark" title={word[1]}>
          {word[0]}
        </span>
      ),
  )
}

function keepFocusOnGrid(event: React.PointerEvent<HTMLElement>): void {
  if (event.button !== 0) return
  event.preventDefault()
  event.currentTarget.closest<HTMLElement>('[role="treegrid"]')?.focus({ preventScroll: true })
}
