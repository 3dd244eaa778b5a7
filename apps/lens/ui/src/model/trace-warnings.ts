/**
 * What is odd about a trace, in words: nothing is repaired in silence, so everything that was is named. Each warning
 * leads to the first span that it is about. Called by the trace page.
 */
import { formatDuration } from './duration.ts'
import { CYCLE, DUPLICATE, ORPHAN } from './span-tree.ts'
import type { TraceModel } from './trace-model.ts'

export interface TraceWarning {
  readonly kind: 'no-root' | 'orphans' | 'cycles' | 'duplicates' | 'times' | 'skew' | 'dropped' | 'tenants'
  readonly message: string
  readonly spans: readonly number[]
}

export function traceWarnings(model: TraceModel): readonly TraceWarning[] {
  const { tree, times, spans } = model
  const found: Record<'orphans' | 'cycles' | 'duplicates' | 'times' | 'skew' | 'dropped', number[]> = {
    orphans: [],
    cycles: [],
    duplicates: [],
    times: [],
    skew: [],
    dropped: [],
  }
  let worstSkew = 0
  for (const span of tree.order) {
    const marks = tree.marks[span]!
    if (marks & ORPHAN) found.orphans.push(span)
    if (marks & CYCLE) found.cycles.push(span)
    if (marks & DUPLICATE) found.duplicates.push(span)
    if (times.unusable[span] === 1) found.times.push(span)
    if (model.dropped.has(span)) found.dropped.push(span)
    const up = tree.parent[span]!
    if (up !== -1 && times.unusable[span] === 0 && times.unusable[up] === 0) {
      const early = times.start[up]! - times.start[span]!
      if (early > 0) found.skew.push(span)
      worstSkew = Math.max(worstSkew, early)
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
  add(
    'duplicates',
    found.duplicates,
    `${spansOf(found.duplicates)} with the id of another span; children are drawn below the earliest.`,
  )
  add('times', found.times, `${spansOf(found.times)} without a usable time, drawn at the start.`)
  add(
    'skew',
    found.skew,
    `${spansOf(found.skew)} that started before the parent, by up to ${formatDuration(worstSkew)}: the clocks of two hosts differ. Times are drawn as reported.`,
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

function spansOf(list: readonly number[]): string {
  return list.length === 1 ? '1 span' : `${list.length.toLocaleString('en')} spans`
}
