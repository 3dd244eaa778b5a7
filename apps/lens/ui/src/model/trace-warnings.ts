/**
 * What is odd about a trace, in words: nothing is repaired in silence, so everything that was is named. Each warning
 * leads to the first span that it is about. Called by the trace page.
 */
import { clockSkews } from './clock-skew.ts'
import { formatDuration } from './duration.ts'
import { CYCLE, ORPHAN } from './span-tree.ts'
import { skewInput, type TraceModel } from './trace-model.ts'

export interface TraceWarning {
  readonly kind: 'no-root' | 'orphans' | 'cycles' | 'times' | 'skew' | 'early' | 'dropped' | 'tenants'
  readonly message: string
  readonly spans: readonly number[]
}

export function traceWarnings(model: TraceModel): readonly TraceWarning[] {
  const { tree, times, spans } = model
  const found: Record<'orphans' | 'cycles' | 'times' | 'early' | 'dropped', number[]> = {
    orphans: [],
    cycles: [],
    times: [],
    early: [],
    dropped: [],
  }
  let earliest = 0
  for (const span of tree.order) {
    const marks = tree.marks[span]!
    if (marks & ORPHAN) found.orphans.push(span)
    if (marks & CYCLE) found.cycles.push(span)
    if (times.unusable[span] === 1) found.times.push(span)
    if (model.dropped.has(span)) found.dropped.push(span)
    const up = tree.parent[span]!
    // Of two services, that is a matter of clocks.
    const sameClock = up !== -1 && model.service[up] === model.service[span]
    if (sameClock && times.unusable[span] === 0 && times.unusable[up] === 0) {
      const early = times.start[up]! - times.start[span]!
      if (early > 0) found.early.push(span)
      earliest = Math.max(earliest, early)
    }
  }
  const warnings: TraceWarning[] = []
  const add = (kind: TraceWarning['kind'], on: readonly number[], message: string) => {
    if (on.length > 0) warnings.push({ kind, message, spans: on })
  }
  if (model.root !== -1 && tree.marks[model.root]! & (ORPHAN | CYCLE)) {
    add(
      'no-root',
      [model.root],
      'The root span is not stored: the trace may still be arriving, or it was lost or sampled away.',
    )
  }
  add(
    'orphans',
    found.orphans,
    `${spansOf(found.orphans)} with a parent that is not stored, drawn at the top level.`,
  )
  add(
    'cycles',
    found.cycles,
    `${spansOf(found.cycles)} with a parent that is its own descendant, drawn at the top level.`,
  )
  add('times', found.times, `${spansOf(found.times)} without a usable time, drawn at the start.`)
  skewWarnings(model, add)
  add(
    'early',
    found.early,
    `${spansOf(found.early)} that started before the parent in the same service, by up to ${formatDuration(earliest)}.`,
  )
  add(
    'dropped',
    found.dropped,
    `${spansOf(found.dropped)} lost attributes, events or links to a limit at the sender.`,
  )
  if (model.tenants.length > 1) {
    const first = model.tenants[0]!
    const other = tree.order.filter((span) => spans[span]!.tenant !== '' && spans[span]!.tenant !== first)
    add(
      'tenants',
      [...other],
      `Spans of ${model.tenants.length} tenants in one trace: ${model.tenants.join(', ')}.`,
    )
  }
  return warnings
}

const MOST_CLOCKS = 3

/** One sentence for all clocks: each is off from that of the service that calls it. */
function skewWarnings(
  model: TraceModel,
  add: (kind: 'skew', on: readonly number[], message: string) => void,
): void {
  const nameOf = (service: number) => model.services[service]!.name || '(no name)'
  if (model.shifts !== undefined) {
    const moved = model.tree.order.filter((span) => model.shifts![span] !== 0)
    const farthest = moved.reduce((most, span) => Math.max(most, Math.abs(model.shifts![span]!)), 0)
    add(
      'skew',
      [...moved],
      `The clocks of hosts differ: ${spansOf([...moved])} drawn up to ${formatDuration(farthest)} from the reported time, where the calls fit.`,
    )
    return
  }
  const skews = clockSkews(skewInput(model)).toSorted((a, b) => Math.abs(b.shift) - Math.abs(a.shift))
  const told = skews.slice(0, MOST_CLOCKS).map(({ caller, service, shift }) => {
    const side = shift > 0 ? 'behind' : 'ahead of'
    return `${nameOf(service)} is about ${formatDuration(Math.abs(shift))} ${side} ${nameOf(caller)}`
  })
  const rest = skews.length > MOST_CLOCKS ? `, and ${skews.length - MOST_CLOCKS} more` : ''
  const spans = skews.flatMap((skew) => skew.spans)
  add(
    'skew',
    spans,
    `Clocks differ: ${told.join(', ')}${rest}. ${spansOf(spans)} outside the call that they answer, drawn as reported.`,
  )
}

function spansOf(list: readonly number[]): string {
  return list.length === 1 ? '1 span' : `${list.length.toLocaleString('en')} spans`
}
