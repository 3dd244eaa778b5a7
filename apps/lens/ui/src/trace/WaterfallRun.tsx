// biome-ignore-all lint/a11y/useSemanticElements: a window over 100,000 rows is no <table>
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid keeps the focus and names its active row

/** Some rows of the waterfall in one: their texts, and the picture of their bars. Scrolling makes those that come into view and leaves the others alone. */
import { memo, useLayoutEffect, useRef } from 'react'
import { foldedAt } from '../model/repetition.ts'
import { SpanRow } from './SpanRow.tsx'
import { drawWaterfall, ROW_HEIGHT, timelineWidth, type WaterfallScene } from './waterfall-canvas.ts'

export interface WaterfallRunProps {
  readonly scene: WaterfallScene
  readonly first: number
  /** After its last row. */
  readonly end: number
  /** A span of these rows, if any of them is it. */
  readonly cursor: number | undefined
  readonly selected: number | undefined
  readonly toggle: (span: number) => void
  readonly choose: (span: number) => void
}

export const WaterfallRun = memo(function WaterfallRun(props: WaterfallRunProps) {
  const { scene, first, end, cursor, selected, toggle, choose } = props
  const { model, rows, collapsed, matches, indent, view } = scene
  const canvas = useRef<HTMLCanvasElement>(null)
  const width = timelineWidth(scene)
  useLayoutEffect(() => {
    if (canvas.current !== null && scene.width > 0) drawWaterfall(canvas.current, scene, { first, end })
  }, [scene, first, end])
  return (
    <div
      className="waterfall-run"
      role="rowgroup"
      style={{ top: first * ROW_HEIGHT, height: (end - first) * ROW_HEIGHT }}
    >
      {Array.from(rows.subarray(first, end), (span, offset) => (
        <SpanRow
          key={span}
          model={model}
          span={span}
          row={first + offset}
          isCollapsed={collapsed.has(span)}
          folded={foldedAt(model.repeated, collapsed, span)}
          isCursor={span === cursor}
          isSelected={span === selected}
          isContext={matches?.[span] === 0}
          indent={indent}
          view={view}
          nameWidth={scene.nameWidth}
          width={width}
          toggle={toggle}
          choose={choose}
        />
      ))}
      {/* biome-ignore lint/a11y/noAriaHiddenOnFocusable: a canvas without tabindex takes no focus */}
      <canvas ref={canvas} className="waterfall-canvas" aria-hidden="true" />
    </div>
  )
})
