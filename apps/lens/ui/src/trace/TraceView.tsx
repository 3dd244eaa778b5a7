/**
 * A trace that is there: header, warnings, waterfall, and beside it the selected span or the overview. Selection and zoom
 * are in the address; the cursor and what is collapsed are local.
 */
import { useNavigate } from '@tanstack/react-router'
import { useCallback, useMemo, useState } from 'react'
import { allFolded } from '../model/repetition.ts'
import { revealing } from '../model/rows.ts'
import { spanKey, spanOfKey } from '../model/span-key.ts'
import { clampView, type TimeView } from '../model/timeline.ts'
import type { TraceModel } from '../model/trace-model.ts'
import type { TraceState } from '../model/trace-state.ts'
import { traceWarnings } from '../model/trace-warnings.ts'
import { useNow } from '../ui/use-now.ts'
import { usePageTitle } from '../ui/use-page-title.ts'
import { Minimap } from './Minimap.tsx'
import { OverviewPanel } from './OverviewPanel.tsx'
import { SpanPanel } from './SpanPanel.tsx'
import { TraceHeader } from './TraceHeader.tsx'
import { TraceToolbar } from './TraceToolbar.tsx'
import { TraceWarnings } from './TraceWarnings.tsx'
import { useTraceKeys } from './use-trace-keys.ts'
import { Waterfall } from './Waterfall.tsx'
import './TraceView.css'

export function TraceView({ model, state }: { readonly model: TraceModel; readonly state: TraceState }) {
  const { tree, spans } = model
  const navigate = useNavigate()
  const now = useNow(30_000)
  const selected = state.span === undefined ? undefined : spanOfKey(tree, spans, state.span)
  const [collapsed, setCollapsed] = useState<ReadonlySet<number>>(() => allFolded(model.repeated))
  const [cursor, setCursor] = useState(selected ?? model.root)
  // A selection that came with the address (a link, the back button) opens what hides it and takes the cursor along.
  const [followed, setFollowed] = useState<number>()
  if (selected !== followed) {
    setFollowed(selected)
    if (selected !== undefined) {
      setCursor(selected)
      setCollapsed(revealing(tree, collapsed, selected, model.repeated))
    }
  }
  const warnings = useMemo(() => traceWarnings(model), [model])
  const { length } = model.times
  const view = useMemo(
    () => clampView(state.from ?? 0, state.to ?? length, length),
    [state.from, state.to, length],
  )

  const go = useCallback(
    (change: { readonly [key in keyof TraceState]?: TraceState[key] | undefined }, replace: boolean) => {
      void navigate({
        to: '/trace/$traceId',
        params: { traceId: model.traceId },
        search: (old) => dropUndefined({ ...old, ...change }),
        replace,
        resetScroll: false,
      })
    },
    [navigate, model.traceId],
  )
  const select = useCallback(
    (span: number | undefined) => {
      go({ span: span === undefined ? undefined : spanKey(tree, spans, span) }, true)
    },
    [go, tree, spans],
  )
  const zoom = useCallback(
    (next: TimeView | undefined) => {
      const clamped = next === undefined ? undefined : clampView(next.start, next.end, length)
      go({ from: clamped && Math.round(clamped.start), to: clamped && Math.round(clamped.end) }, false)
    },
    [go, length],
  )
  const show = (span: number) => {
    setCollapsed(revealing(tree, collapsed, span, model.repeated))
    setCursor(span)
    select(span)
  }
  useTraceKeys({ model, collapsed, setCollapsed, cursor, setCursor, selected, select, zoom })
  const [tenant] = model.tenants
  usePageTitle([spans[model.root]?.name, tenant].filter(Boolean).join(' · '))

  return (
    <div className="trace-view">
      <TraceHeader model={model} now={now} />
      <TraceWarnings warnings={warnings} select={select} />
      <div className="trace-body" data-selected={selected !== undefined}>
        <div className="trace-main">
          <Minimap model={model} view={view} zoom={zoom} />
          <TraceToolbar model={model} cursor={cursor} show={show} />
          <Waterfall
            model={model}
            collapsed={collapsed}
            setCollapsed={setCollapsed}
            cursor={cursor}
            setCursor={setCursor}
            selected={selected}
            select={select}
            view={view}
            zoom={zoom}
          />
        </div>
        {selected === undefined ? (
          <OverviewPanel model={model} select={select} missing={state.span} />
        ) : (
          <SpanPanel key={selected} model={model} span={selected} select={select} now={now} />
        )}
      </div>
    </div>
  )
}

function dropUndefined(
  state: { readonly [key in keyof TraceState]?: TraceState[key] | undefined },
): TraceState {
  return Object.fromEntries(Object.entries(state).filter(([, value]) => value !== undefined))
}
