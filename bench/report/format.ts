/** Numbers as the tables show them: three significant digits, and the range of the runs beside the median. */
import type { Spread } from './statistics.ts'

export function significant(value: number): string {
  if (!Number.isFinite(value)) return '-'
  const magnitude = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)))
  return value.toFixed(Math.max(0, Math.min(3, 2 - magnitude)))
}

/** `0.72 (0.70-0.75)`, and `0.72` when there is nothing between least and most. */
export function withRange({ median, min, max }: Spread): string {
  if (min === max) return significant(median)
  return `${significant(median)} (${significant(min)}-${significant(max)})`
}

/** `81% (79-83)` of a ratio. */
export function percentRange({ median, min, max }: Spread): string {
  if (min === max) return `${percent(median)}%`
  return `${percent(median)}% (${percent(min)}-${percent(max)})`
}

function percent(ratio: number): string {
  return (ratio * 100).toFixed(0)
}

/** `1,204,311` */
export function grouped(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}
