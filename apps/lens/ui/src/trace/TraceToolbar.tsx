/** Above the waterfall: find in the trace with its stepper, and the steppers through the errors and along the critical path. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { type ReactNode, useDeferredValue, useMemo, useRef, useState } from 'react'
import { spanMatchesOptions } from '../api/queries.ts'
import type { TraceModel } from '../model/trace-model.ts'
import { Icon } from '../ui/Icon.tsx'
import { useShortcuts } from '../ui/use-shortcuts.ts'
import './TraceToolbar.css'

export interface TraceToolbarProps {
  readonly model: TraceModel
  readonly cursor: number
  /** Opens what hides the span, and selects it. */
  readonly show: (span: number) => void
  readonly isPathDrawn: boolean
  /** First in it. */
  readonly views: ReactNode
  /** What is shown at the moment, if not all. */
  readonly children: ReactNode
}

export function TraceToolbar({ model, cursor, show, isPathDrawn, views, children }: TraceToolbarProps) {
  const [text, setText] = useState('')
  const field = useRef<HTMLInputElement>(null)
  const wanted = useDeferredValue(text.trim())
  const { data, error, isFetching } = useQuery({
    ...spanMatchesOptions(model.traceId, wanted),
    enabled: wanted !== '',
    placeholderData: keepPreviousData,
  })
  const found = useMemo(() => {
    if (wanted === '' || data === undefined) return undefined
    const spans = data.spanIds.map((id) => model.ids.find(id)).filter((span) => span !== undefined)
    return inOrder(model, spans)
  }, [model, data, wanted])
  const finding = found !== undefined
  const errors = model.failedOrder
  const stepFound = (by: 1 | -1) => step(model, found ?? [], cursor, by, show)
  const stepErrors = (by: 1 | -1) => step(model, errors, cursor, by, show)
  const waits = useMemo(
    () => model.tree.order.filter((span) => model.path.first[span + 1]! > model.path.first[span]!),
    [model],
  )
  const stepWaits = (by: 1 | -1) => step(model, waits, cursor, by, show)
  useShortcuts({
    '/': () => field.current?.focus(),
    n: () => (finding ? stepFound(1) : stepErrors(1)),
    p: () => (finding ? stepFound(-1) : stepErrors(-1)),
    d: () => stepWaits(1),
    D: () => stepWaits(-1),
  })
  return (
    <div className="trace-toolbar" role="toolbar" aria-label="Views and find">
      {views}
      <div className="trace-find">
        <input
          ref={field}
          className="field"
          type="search"
          aria-label="Find in the trace"
          placeholder="Find: name, attribute, key=value"
          title="Find in the trace (/)"
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') stepFound(event.shiftKey ? -1 : 1)
            if (event.key === 'Escape') {
              setText('')
              event.currentTarget.blur()
            }
          }}
        />
        {wanted !== '' && (
          <span className="trace-find-count" role="status">
            {error !== null ? 'Could not look' : countOf(model, found, cursor, isFetching)}
          </span>
        )}
        {finding && <Stepper what="match" keys={['p', 'n']} disabled={found.length === 0} step={stepFound} />}
      </div>
      {errors.length > 0 && (
        <div className="trace-error-stepper">
          <Icon name="error" size={13} />
          <span>{countOf(model, errors, cursor, false, errors.length === 1 ? 'error' : 'errors')}</span>
          <Stepper what="error" keys={['E', 'e']} disabled={false} step={stepErrors} />
        </div>
      )}
      {children}
      {isPathDrawn && (
        <span className="trace-key-path">
          <i aria-hidden="true" /> critical path: what the answer waited for
          <Stepper
            what="span of the critical path"
            keys={['D', 'd']}
            disabled={waits.length === 0}
            step={stepWaits}
          />
        </span>
      )}
    </div>
  )
}

interface StepperProps {
  readonly what: string
  /** Of going back and on. */
  readonly keys: readonly [string, string]
  readonly disabled: boolean
  readonly step: (by: 1 | -1) => void
}

function Stepper({ what, keys, disabled, step: go }: StepperProps) {
  return (
    <span className="stepper">
      <button
        type="button"
        className="button quiet small icon"
        aria-label={`Previous ${what}`}
        title={`Previous ${what} (${keys[0]})`}
        disabled={disabled}
        onClick={() => go(-1)}
      >
        <span className="stepper-up">
          <Icon name="down" />
        </span>
      </button>
      <button
        type="button"
        className="button quiet small icon"
        aria-label={`Next ${what}`}
        title={`Next ${what} (${keys[1]})`}
        disabled={disabled}
        onClick={() => go(1)}
      >
        <Icon name="down" />
      </button>
    </span>
  )
}

/** `3 of 17` on one of them, else `17 found`. */
function countOf(
  model: TraceModel,
  spans: ArrayLike<number> | undefined,
  cursor: number,
  isFetching: boolean,
  word = 'found',
): string {
  if (spans === undefined || (isFetching && spans.length === 0)) return 'Looking…'
  const at = placeOf(model, spans, cursor)
  if (spans[at] === cursor) return `${(at + 1).toLocaleString()} of ${spans.length.toLocaleString()}`
  return `${spans.length === 0 ? 'None' : spans.length.toLocaleString()} ${word}`
}

function inOrder({ tree }: TraceModel, spans: readonly number[]): Int32Array {
  return Int32Array.from(spans).sort((a, b) => tree.position[a]! - tree.position[b]!)
}

/** The place of the first that is not above the span; `spans` are in the order of the waterfall. */
function placeOf({ tree }: TraceModel, spans: ArrayLike<number>, span: number): number {
  const wanted = tree.position[span]!
  let low = 0
  let high = spans.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (tree.position[spans[middle]!]! < wanted) low = middle + 1
    else high = middle
  }
  return low
}

/** To the next one below or above the cursor, around the ends. */
function step(
  model: TraceModel,
  spans: ArrayLike<number>,
  cursor: number,
  by: 1 | -1,
  show: (span: number) => void,
): void {
  if (spans.length === 0) return
  const at = placeOf(model, spans, cursor)
  const next = by === 1 ? (spans[at] === cursor ? at + 1 : at) : at - 1
  show(spans[(next + spans.length) % spans.length]!)
}
