/** What a test says of one span, and whether a span is like that. */
import { isDeepStrictEqual } from 'node:util'
import { formatValue } from './format-span.ts'
import type { CapturedSpan, CapturedValue, SpanKindName } from './read-spans.ts'

/** A value that must be equal, a pattern that its text must match, or a function that must return true. */
export type ValueMatch = CapturedValue | RegExp | ((value: CapturedValue) => boolean)

/** What is left out may be anything; of the attributes, too, only those that are named are looked at. */
export interface SpanMatch {
  readonly name?: string | RegExp
  readonly kind?: SpanKindName
  readonly status?: CapturedSpan['status']
  readonly statusMessage?: string | RegExp
  readonly attributes?: Readonly<Record<string, ValueMatch>>
}

/** How a span differs from what is said of it. */
export interface Difference {
  /** `name`, `kind`, `status`, `statusMessage`, or the key of an attribute. */
  readonly what: string
  /** `db.system.name is "mysql", expected postgresql` */
  readonly text: string
}

export function matchesSpan(span: CapturedSpan, match: SpanMatch): boolean {
  return differencesOf(span, match).length === 0
}

export function differencesOf(span: CapturedSpan, match: SpanMatch): readonly Difference[] {
  const found: Difference[] = []
  const compare = (what: string, actual: CapturedValue, expected: ValueMatch): void => {
    if (matchesValue(actual, expected)) return
    const is = actual === undefined ? 'is missing' : `is ${show(actual)}`
    found.push({ what, text: `${what} ${is}, expected ${showMatch(expected)}` })
  }
  for (const what of ['name', 'kind', 'status', 'statusMessage'] as const) {
    const expected = match[what]
    if (expected !== undefined) compare(what, span[what], expected)
  }
  for (const [key, expected] of Object.entries(match.attributes ?? {})) {
    compare(key, span.attributes[key], expected)
  }
  return found
}

function matchesValue(actual: CapturedValue, expected: ValueMatch): boolean {
  if (typeof expected === 'function') return expected(actual)
  if (isPattern(expected)) return actual !== undefined && textOf(actual).search(expected) >= 0
  return isDeepStrictEqual(actual, expected)
}

function textOf(value: CapturedValue): string {
  return typeof value === 'string' ? value : formatValue(value)
}

/** Test runners that isolate files have a RegExp of their own in each. */
export function isPattern(value: ValueMatch): value is RegExp {
  return Object.prototype.toString.call(value) === '[object RegExp]'
}

export function showMatch(match: ValueMatch): string {
  if (typeof match === 'function') return match.name === '' ? 'what its function accepts' : match.name
  return isPattern(match) ? String(match) : show(match)
}

/** Text in quotes, so that "1" and 1 differ. */
function show(value: CapturedValue): string {
  return typeof value === 'string' ? JSON.stringify(value) : formatValue(value)
}
