/** Changes in words. Called by the tables, the figures and the list of what changed most. */
import { formatCount, formatPoints, formatRate, formatRatio, formatShare } from './amounts.ts'
import type { Aspect, Change } from './changes.ts'
import { formatDuration } from './duration.ts'

/** `×3.2`, `+24 %`, `+2.9 pt`. */
export function formatChange({ aspect, before, now }: Pick<Change, 'aspect' | 'before' | 'now'>): string {
  return aspect === 'errors' ? formatPoints(before, now) : formatRatio(before, now)
}

/** `320 ms`, `12 %`, `340/min`. */
export function formatMeasure(aspect: Aspect, value: number, minutes: number): string {
  if (aspect === 'errors') return formatShare(value)
  return aspect === 'duration' ? formatDuration(value) : formatRate(value / minutes)
}

/** What happened: `fails more often`, `is slower`, `fell silent`. */
export function verbOf({ aspect, before, now }: Change): string {
  if (aspect === 'errors') return now > before ? 'fails more often' : 'fails less often'
  if (aspect === 'duration') return now > before ? 'is slower' : 'is faster'
  if (before === 0) return 'is new'
  if (now === 0) return 'fell silent'
  return now > before ? 'has more traffic' : 'has less traffic'
}

/** How sure it is, for a tooltip. */
export function describeDeviation({ deviation }: Change): string {
  const size = Math.abs(deviation)
  const times = size >= 100 ? 'more than 100' : formatCount(size)
  return `${times} standard errors away from no change`
}
