/**
 * A trace that is there: header, warnings, one of its views, and beside it the selected span or the overview. Selection, zoom, view and filter
 * are in the address; the cursor and what is collapsed are local.
 */
import { useNavigate } from '@tanstack/react-router'
import { useCallback, useMemo, useState } from 'react'
import { openingView } from '../model/opening-view.ts'
import { allFolded } from '../model/repetition.ts'
import { revealing } from '../model/rows.ts'
import { alikeOf, filteredTrace, ofService } from '../model/span-filter.ts'
import { type SpanGroup, tableSortText } from '../model/span-groups.ts'
import { clampView, type TimeView } from '../model/timeline.ts'
import { endOf, type TraceModel, withAlignedClocks } from '../model/trace-model.ts'
import { type TraceState, type TraceViewName, tableSort } from '../model/trace-state.ts'
import { traceWarnings } from '../model/trace-warnings.ts'
import { useNow } from '../ui/use-now.ts'
import { usePageTitle } from '../ui/use-page-title.ts'
import { useShortcuts } from '../ui/use-shortcuts.ts'
import { FlameView } from './FlameView.tsx'
import { Minimap } from './Minimap.tsx'
import { OnlyThese } from './OnlyThese.tsx'
import { OverviewPanel } from './OverviewPanel.tsx'
import { SpanPanel } from './SpanPanel.tsx'
import { SpanTable } from './SpanTable.tsx'
import { TraceHeader } from './TraceHeader.tsx'
import { TraceToolbar } from './TraceToolbar.tsx'
import { TraceWarnings } from './TraceWarnings.tsx'
import { useMovingView } from './use-moving-view.ts'
import { useTraceKeys } from './use-trace-keys.ts'
import { ViewSwitch } from './ViewSwitch.tsx'
import { Waterfall } from './Waterfall.tsx'
import './TraceView.css'

export interface TraceViewProps {
  /** With times as reported. */
  readonly model: TraceModel
  readonly state: TraceState
}

export function TraceView({ model: reported, state }: TraceViewProps) {
  const isAligned = state.clocks === 'aligned'
  const model = useMemo(() => (isAligned ? withAlignedClocks(reported) : reported), [reported, isAligned])
  const { tree, spans, ids, times } = model
  const navigate = useNavigate()
  const now = useNow(30_000)
  const selected = state.span === undefined ? undefined : ids.find(state.span)
  const shownView: TraceViewName = state.view ?? 'waterfall'
  const alike = state.like === undefined ? undefined : ids.find(state.like)
  const filter = useMemo(() => {
    if (alike !== undefined) return filteredTrace(model, alikeOf(model, alike))
    if (state.service === undefined) return undefined
    const matches = ofService(model, state.service)
    return matches.includes(1) ? filteredTrace(model, matches) : undefined
  }, [model, alike, state.service])
  const shown = filter?.model ?? model
  const [collapsed, setCollapsed] = useState<ReadonlySet<number>>(() => allFolded(shown.repeated))
  const [folds, setFolds] = useState(shown.repeated)
  if (folds !== shown.repeated) {
    setFolds(shown.repeated)
    setCollapsed(allFolded(shown.repeated))
  }
  const [cursor, setCursor] = useState(selected ?? model.root)
  // A selection that came with the address (a link, the back button) opens what hides it and takes the cursor along.
  const [followed, setFollowed] = useState<number>()
  if (selected !== followed) {
    setFollowed(selected)
    if (selected !== undefined) {
      setCursor(selected)
      setCollapsed(revealing(tree, collapsed, selected, shown.repeated))
    }
  }
  const warnings = useMemo(() => traceWarnings(model), [model])
  const { length } = model.times
  const opening = useMemo(() => openingView(model), [model])
  // A link to a span that ran later opens with the whole.
  const [opensWith] = useState(selected)
  const isOpening =
    state.from === undefined &&
    opening !== undefined &&
    (opensWith === undefined || isSeen(model, opensWith, opening))
  const settled = useMemo(
    () => (isOpening ? opening! : clampView(state.from ?? 0, state.to ?? length, length)),
    [isOpening, opening, state.from, state.to, length],
  )
  /** In the address, of all. */
  const whole = useMemo(
    () => (opening === undefined ? { from: undefined, to: undefined } : { from: 0, to: Math.ceil(length) }),
    [opening, length],
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
      go({ span: span === undefined ? undefined : ids.of(span) }, true)
    },
    [go, ids],
  )
  const zoom = useCallback(
    (next: TimeView | undefined) => {
      if (next === undefined) return go(whole, false)
      const { start, end } = clampView(next.start, next.end, length)
      if (start <= 0 && end >= length) return go(whole, false)
      go({ from: Math.round(start), to: Math.round(end) }, false)
    },
    [go, length, whole],
  )
  const { view, move } = useMovingView(settled, zoom)
  const all = { like: undefined, service: undefined }
  /** In whichever view; a filter that hides the span ends. */
  const show = (span: number) => {
    const isHidden = shown.tree.position[span] === -1
    setCollapsed(isHidden ? allFolded(model.repeated) : revealing(tree, collapsed, span, shown.repeated))
    setCursor(span)
    const change = {
      span: ids.of(span),
      ...(isHidden ? all : {}),
      ...(isSeen(model, span, view) ? {} : whole),
    }
    go(change, true)
  }
  const showView = (view: TraceViewName) => go({ view: view === 'waterfall' ? undefined : view }, false)
  const showInWaterfall = (span: number) => {
    setCursor(span)
    const seen = isSeen(model, span, view) ? {} : whole
    go({ view: undefined, span: ids.of(span), ...all, ...seen }, false)
  }
  const filterBy = (group: SpanGroup) => {
    if (group.count === 1) return showInWaterfall(group.first)
    setCursor(group.first)
    const only =
      state.by === 'service'
        ? { like: undefined, service: model.services[group.service]!.name }
        : { like: ids.of(group.first), service: undefined }
    go({ view: undefined, span: undefined, ...only }, false)
  }
  const enter = (span: number) => {
    setCursor(span)
    const end = endOf(model, span)
    const { start, end: until } = clampView(times.start[span]!, end, length)
    const zoomed = start > 0 || until < length
    go(
      {
        span: ids.of(span),
        ...(zoomed ? { from: Math.round(start), to: Math.round(until) } : whole),
      },
      false,
    )
  }
  const clearFilter = () => go(all, false)
  /** Times move, so that a part of them is another part. */
  const alignClocks = (align: boolean) => {
    if (warnings.some(({ kind }) => kind === 'skew'))
      go({ clocks: align ? 'aligned' : undefined, from: undefined, to: undefined }, false)
  }
  useTraceKeys({
    model: shown,
    whole: model,
    isWaterfall: shownView === 'waterfall',
    collapsed,
    setCollapsed,
    cursor,
    setCursor,
    selected,
    select,
    show,
    view,
    zoom,
  })
  useShortcuts({
    w: () => showView('waterfall'),
    f: () => showView('flame'),
    t: () => showView('table'),
    x: clearFilter,
    a: () => alignClocks(!isAligned),
  })
  const [tenant] = model.tenants
  usePageTitle([spans[model.root]?.name, tenant].filter(Boolean).join(' · '))

  return (
    <div className="trace-view">
      <TraceHeader model={model} now={now} />
      <TraceWarnings warnings={warnings} select={show} isAligned={isAligned} alignClocks={alignClocks} />
      <div className="trace-body" data-selected={selected !== undefined}>
        <div className="trace-main">
          <Minimap model={model} view={view} zoom={zoom} />
          <TraceToolbar
            model={model}
            cursor={cursor}
            show={show}
            isPathDrawn={shownView === 'waterfall'}
            views={<ViewSwitch view={shownView} show={showView} />}
          >
            {filter !== undefined && (
              <OnlyThese
                name={alike === undefined ? undefined : spans[alike]!.name}
                service={alike === undefined ? state.service! : model.services[model.service[alike]!]!.name}
                count={filter.count}
                clear={clearFilter}
              />
            )}
          </TraceToolbar>
          {shownView === 'waterfall' && (
            <Waterfall
              model={shown}
              whole={model}
              matches={filter?.matches}
              collapsed={collapsed}
              setCollapsed={setCollapsed}
              cursor={cursor}
              setCursor={setCursor}
              selected={selected}
              select={select}
              view={view}
              zoom={zoom}
              move={move}
            />
          )}
          {shownView === 'flame' && (
            <FlameView
              model={model}
              view={view}
              zoom={zoom}
              move={move}
              cursor={cursor}
              setCursor={setCursor}
              selected={selected}
              select={select}
              enter={enter}
              matches={filter?.matches}
            />
          )}
          {shownView === 'table' && (
            <SpanTable
              model={model}
              by={state.by ?? 'operation'}
              sort={tableSort(state)}
              setBy={(by) => go({ by: by === 'service' ? by : undefined }, true)}
              setSort={(sort) => go({ sort: tableSortText(sort) }, true)}
              filter={filterBy}
              select={showInWaterfall}
            />
          )}
        </div>
        {selected === undefined ? (
          <OverviewPanel model={model} select={show} missing={state.span} />
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

/** Whether any of the span is within the view. */
function isSeen(model: TraceModel, span: number, view: TimeView): boolean {
  return model.times.start[span]! <= view.end && endOf(model, span) >= view.start
}
