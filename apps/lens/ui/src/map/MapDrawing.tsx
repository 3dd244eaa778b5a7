/** The map as a drawing: columns from what is asked first to what is asked last. One node at a time can be chosen; then its calls stand out. */
import { type PointerEvent, useEffect, useMemo, useRef, useState } from 'react'
import type { MapEdge, MapNode } from 'rustok-lens/contract'
import { formatRate, formatShare } from '../model/amounts.ts'
import { formatDuration } from '../model/duration.ts'
import type { DrawnMap } from '../model/map-groups.ts'
import { layOut, type NodeSize, type PlacedEdge } from '../model/map-layout.ts'
import { useShortcuts } from '../ui/use-shortcuts.ts'
import { NodeName } from './NodeName.tsx'

const SIZE = { width: 190, height: 52 }
const MARGIN = 16
/** Half as large, a node is still large enough to be hit. */
const [SMALLEST, LARGEST] = [0.5, 2]
/** Share of failures from which on a line is drawn as failing; the number is there from the first. */
const NOTABLE = 0.01
/** More labels than these hide each other: then those of the chosen node alone are shown. */
const MOST_LABELS = 40

export interface MapDrawingProps {
  readonly drawn: DrawnMap
  /** A call of the sample stands for so many calls a minute. */
  readonly perMinute: number
  readonly chosen: string | undefined
  readonly choose: (id: string | undefined) => void
  /** Draws nodes that are alike as one again; undefined while they are. */
  readonly putTogether: (() => void) | undefined
}

export function MapDrawing({ drawn, perMinute, chosen, choose, putTogether }: MapDrawingProps) {
  const layout = useMemo(
    () =>
      layOut(
        drawn.nodes.map(({ id }) => id),
        drawn.edges,
        SIZE,
      ),
    [drawn],
  )
  const nodes = useMemo(() => new Map(drawn.nodes.map((node) => [node.id, node])), [drawn])
  const [width, height] = [layout.width + 2 * MARGIN, layout.height + 2 * MARGIN]
  const frame = useRef<HTMLDivElement>(null)
  const [zoomed, zoom] = useState<number>()
  const room = useRoom(frame)
  const scale = zoomed ?? Math.min(1, Math.max(SMALLEST, Math.min(room.width / width, room.height / height)))
  const zoomBy = (factor: number) => zoom(Math.min(LARGEST, Math.max(SMALLEST, scale * factor)))
  useShortcuts({
    '+': () => zoomBy(1.25),
    '-': () => zoomBy(0.8),
    '0': () => zoom(undefined),
    Escape: () => choose(undefined),
  })
  const touches = ({ from, to }: MapEdge) => from === chosen || to === chosen
  const isNear = (id: string) =>
    chosen === undefined ||
    id === chosen ||
    drawn.edges.some((edge) => touches(edge) && (edge.from === id || edge.to === id))
  const most = Math.max(1, ...drawn.edges.map(({ calls }) => calls))
  return (
    <section className="map-drawing" aria-label="Drawing of the map">
      <div className="map-zoom">
        {putTogether !== undefined && (
          <button type="button" className="button small" onClick={putTogether}>
            Alike as one
          </button>
        )}
        <button
          type="button"
          className="button icon small"
          aria-label="Larger"
          title="Larger (+)"
          onClick={() => zoomBy(1.25)}
        >
          +
        </button>
        <button
          type="button"
          className="button icon small"
          aria-label="Smaller"
          title="Smaller (-)"
          onClick={() => zoomBy(0.8)}
        >
          −
        </button>
        <button
          type="button"
          className="button small"
          title="As large as there is room for (0)"
          onClick={() => zoom(undefined)}
        >
          Fit
        </button>
      </div>
      <div ref={frame} className="map-frame" {...usePanning()}>
        <div style={{ width: width * scale, height: height * scale }}>
          <div className="map-sheet" style={{ width, height, transform: `scale(${scale})` }}>
            <svg width={width} height={height} aria-hidden="true">
              <defs>
                <marker
                  id="map-arrow"
                  viewBox="0 0 8 8"
                  refX="7"
                  refY="4"
                  markerWidth="7"
                  markerHeight="7"
                  markerUnits="userSpaceOnUse"
                  orient="auto"
                >
                  <path d="M0 0.500 7.500 4 0 7.500z" fill="context-stroke" />
                </marker>
              </defs>
              <g transform={`translate(${MARGIN} ${MARGIN})`}>
                {layout.edges.map((placed) => (
                  <Edge
                    key={`${placed.edge.from}\n${placed.edge.to}`}
                    placed={placed}
                    edges={drawn.edges}
                    perMinute={perMinute}
                    most={most}
                    state={chosen === undefined ? 'plain' : touches(placed.edge) ? 'near' : 'far'}
                    isLabelled={
                      touches(placed.edge) || (chosen === undefined && drawn.edges.length <= MOST_LABELS)
                    }
                  />
                ))}
              </g>
            </svg>
            <ul aria-label="Nodes">
              {layout.nodes.map(({ id, x, y }) => (
                <li key={id} style={{ left: x + MARGIN, top: y + MARGIN, ...SIZE }}>
                  <Node
                    node={nodes.get(id)!}
                    isGroup={drawn.groups.has(id)}
                    perMinute={perMinute}
                    isChosen={id === chosen}
                    isFar={!isNear(id)}
                    choose={() => choose(id === chosen ? undefined : id)}
                  />
                </li>
              ))}
            </ul>
          </div>
        </div>
      </div>
    </section>
  )
}

interface NodeProps {
  readonly node: MapNode
  readonly perMinute: number
  readonly isGroup: boolean
  readonly isChosen: boolean
  readonly isFar: boolean
  readonly choose: () => void
}

function Node({ node, perMinute, isGroup, isChosen, isFar, choose }: NodeProps) {
  const { kind, calls, failed, p95DurationNano } = node
  return (
    <button
      type="button"
      className="map-node"
      data-kind={kind}
      data-failed={failed >= calls * NOTABLE && failed > 0}
      data-far={isFar}
      data-group={isGroup}
      aria-pressed={isChosen}
      onClick={choose}
    >
      <NodeName node={node} />
      <span className="map-node-numbers">
        {calls === 0 ? (
          kind === 'queue' ? (
            'filled elsewhere'
          ) : (
            'not called here'
          )
        ) : (
          <>
            {formatRate(calls * perMinute)}
            {failed > 0 && <strong> {formatShare(failed / calls)} fail</strong>}
            {p95DurationNano !== null && (
              <span title="95 % take at most so long"> {formatDuration(p95DurationNano)}</span>
            )}
          </>
        )}
      </span>
    </button>
  )
}

interface EdgeProps {
  readonly placed: PlacedEdge<MapEdge>
  readonly edges: readonly MapEdge[]
  readonly perMinute: number
  readonly most: number
  readonly state: 'plain' | 'near' | 'far'
  readonly isLabelled: boolean
}

function Edge({ placed, edges, perMinute, most, state, isLabelled }: EdgeProps) {
  const { calls, failed } = placed.edge
  const [x, y] = labelPlace(placed, edges)
  return (
    <g
      className="map-edge-line"
      data-state={state}
      data-failed={failed >= calls * NOTABLE && failed > 0}
      data-back={placed.goesBack}
    >
      <path
        d={pathOf(placed)}
        strokeWidth={1 + 3 * (Math.log1p(calls) / Math.log1p(most))}
        markerEnd="url(#map-arrow)"
      />
      {isLabelled && (
        <text x={x} y={y} textAnchor="middle" dominantBaseline="central">
          {formatRate(calls * perMinute)}
          {failed > 0 && ` · ${formatShare(failed / calls)} fail`}
        </text>
      )}
    </g>
  )
}

function pathOf({ points, goesBack }: PlacedEdge<MapEdge>): string {
  const [[x, y], ...rest] = points as [readonly [number, number], ...(readonly [number, number])[]]
  if (goesBack) {
    const [toX, toY] = rest[0]!
    const low = Math.max(y, toY) + 44
    return `M${x} ${y}C${x} ${low} ${toX} ${low} ${toX} ${toY + 2}`
  }
  let path = `M${x} ${y}`
  let last: readonly [number, number] = [x, y]
  for (const point of rest) {
    const middle = (last[0] + point[0]) / 2
    path += `C${middle} ${last[1]} ${middle} ${point[1]} ${point[0]} ${point[1]}`
    last = point
  }
  return path
}

/** In the first gap between columns, nearer to the end that fewer calls share; below, of a call that goes back. */
function labelPlace(
  { edge, points, goesBack }: PlacedEdge<MapEdge>,
  edges: readonly MapEdge[],
): readonly [number, number] {
  const [[x, y], [toX, toY]] = points as unknown as [readonly [number, number], readonly [number, number]]
  if (goesBack) return [(x + toX) / 2, Math.max(y, toY) + 34]
  const leave = edges.filter(({ from }) => from === edge.from).length
  // A lane on the way is nobody else's.
  const arrive = points.length > 2 ? 1 : edges.filter(({ to }) => to === edge.to).length
  const at = leave > arrive ? 0.6 : leave < arrive ? 0.4 : 0.5
  const [a, b, c, d] = [(1 - at) ** 3, 3 * at * (1 - at) ** 2, 3 * at ** 2 * (1 - at), at ** 3]
  return [a * x + (b + c) * ((x + toX) / 2) + d * toX, (a + b) * y + (c + d) * toY]
}

/** Of the frame: as wide as it is, as high as it may become. */
function useRoom(ref: { readonly current: HTMLElement | null }): NodeSize {
  const [room, setRoom] = useState({ width: 1200, height: 600 })
  useEffect(() => {
    const frame = ref.current
    if (frame === null) return
    const observer = new ResizeObserver(([entry]) => {
      if (entry === undefined) return
      const { maxHeight, paddingTop, paddingBottom } = getComputedStyle(frame)
      const [most, ...padding] = [maxHeight, paddingTop, paddingBottom].map(Number.parseFloat)
      setRoom({
        width: entry.contentRect.width,
        height: padding.reduce((rest, each) => rest - each, most ?? entry.contentRect.height),
      })
    })
    observer.observe(frame)
    return () => observer.disconnect()
  }, [ref])
  return room
}

/** Dragging the sheet scrolls it; so do the wheel and the keys. */
function usePanning() {
  const from = useRef<{ x: number; y: number; left: number; top: number }>(undefined)
  return {
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      if (event.pointerType !== 'mouse' || (event.target as Element).closest('button') !== null) return
      const { scrollLeft: left, scrollTop: top } = event.currentTarget
      from.current = { x: event.clientX, y: event.clientY, left, top }
      event.currentTarget.setPointerCapture(event.pointerId)
    },
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      if (from.current === undefined) return
      const { x, y, left, top } = from.current
      event.currentTarget.scrollTo(left - (event.clientX - x), top - (event.clientY - y))
    },
    onPointerUp: () => {
      from.current = undefined
    },
    onPointerCancel: () => {
      from.current = undefined
    },
  }
}
