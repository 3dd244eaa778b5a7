/** A value that selected traces have more often than the rest: as a condition of a search, and in words. Called by the page Why?. */
import type { Cohort, ComparedValue } from 'rustok-lens/contract'
import { formatShare } from './amounts.ts'
import { attributeName, queryValue } from './query-text.ts'

/** About one span; undefined for a value that is cut, which nothing is equal to. */
export function conditionOf(
  value: Pick<ComparedValue, 'source' | 'key' | 'value' | 'valueTruncated' | 'range'>,
): string | undefined {
  if (value.valueTruncated) return undefined
  const name = nameOf(value)
  if (value.range !== null) return `${name} >= ${value.range.from} and ${name} < ${value.range.to}`
  return `${name} = ${queryValue(value.value)}`
}

/** As the query language calls it. */
export function nameOf({ source, key }: Pick<ComparedValue, 'source' | 'key'>): string {
  if (source === 'field') return key
  if (source === 'event' && key === 'name') return 'event.name'
  return attributeName(source === 'attribute' ? 'span' : source, key)
}

/** Of traces of which some span meets it. */
export function inTrace(condition: string): string {
  return `{ ${condition} }`
}

/** `38 of 41 have it`, of those that were looked at. */
export function formatPart(count: number, { sampled }: Cohort): string {
  return `${count.toLocaleString('en')} of ${sampled.toLocaleString('en')}`
}

/** How sure it is that the difference is none of chance. */
export function certaintyOf({ falseDiscoveryRate }: Pick<ComparedValue, 'falseDiscoveryRate'>): {
  readonly words: string
  readonly isCertain: boolean
} {
  if (falseDiscoveryRate < 0.001) return { words: 'not by chance', isCertain: true }
  if (falseDiscoveryRate < 0.05) return { words: 'hardly by chance', isCertain: true }
  return { words: `by chance in ${formatShare(falseDiscoveryRate)} of such`, isCertain: false }
}

/** `19 times as often`; undefined where none of the others has it. */
export function formatLift({ lift }: Pick<ComparedValue, 'lift'>): string | undefined {
  if (lift === null) return undefined
  if (lift >= 1.95) return `${lift >= 9.95 ? Math.round(lift) : Math.round(lift * 10) / 10} times as often`
  return `${formatShare(lift - 1)} more often`
}
