/**
 * Whether one span has to meet all conditions of a search, or the spans of a trace together: said in words, and changed from the one to the
 * other by writing the conditions in braces or out of them. Called by the search page.
 */
import { conjunctsOf, equals, hasAlternatives, joined, quoted } from './query-text.ts'
import { type SearchState, withFields } from './search-state.ts'

export interface SearchScope {
  /** `none`: there is but one condition, or none, so that both are the same. */
  readonly kind: 'none' | 'span' | 'trace' | 'mixed'
  readonly words: string
  /** The same conditions in the other way, if there is one. */
  readonly oneSpan: SearchState | undefined
  readonly wholeTrace: SearchState | undefined
}

const MOVABLE = ['service', 'operation', 'user'] as const
const NAMES = { service: 'service', operation: 'name', user: 'user' } as const

export function searchScope(state: SearchState): SearchScope {
  const parts = conjunctsOf(state.query ?? '')
  const filters = [
    state.tenant,
    state.service,
    state.operation,
    state.user,
    state.text,
    state.status,
    state.minDuration ?? state.maxDuration,
  ].filter((filter) => filter !== undefined).length
  if (parts === undefined) {
    return { kind: 'none', words: '', oneSpan: undefined, wholeTrace: undefined }
  }
  const count = (about: string) => parts.filter((part) => part.about === about).length
  const ofOneSpan = filters + count('span')
  const braces = count('braces')
  const all = ofOneSpan + braces
  const kind = all < 2 ? 'none' : braces === 0 ? 'span' : count('span') === 0 ? 'trace' : 'mixed'
  return {
    kind,
    words: wordsOf(kind, ofOneSpan, all),
    oneSpan: kind === 'trace' || kind === 'mixed' ? toOneSpan(state) : undefined,
    wholeTrace: kind === 'span' || kind === 'mixed' ? toWholeTrace(state) : undefined,
  }
}

function wordsOf(kind: SearchScope['kind'], ofOneSpan: number, all: number): string {
  switch (kind) {
    case 'none':
      return all === 0 ? 'Every trace' : 'Traces with a span that fits'
    case 'span':
      return `Traces in which one and the same span meets ${all === 2 ? 'both' : `all ${all}`} conditions`
    case 'trace':
      return ofOneSpan < 2
        ? `Traces that meet ${all === 2 ? 'both' : `all ${all}`} conditions, each by any of their spans`
        : `Traces with a span that meets the ${ofOneSpan} filters, and any spans that meet what is in braces`
    case 'mixed':
      return 'Traces with a span that meets all that is outside of braces, and any spans that meet what is in them'
  }
}

/** Undefined when nothing would change. */
function toWholeTrace(state: SearchState): SearchState | undefined {
  const parts = conjunctsOf(state.query ?? '') ?? []
  const filters = MOVABLE.flatMap((field) => {
    const value = state[field]
    return value === undefined ? [] : [{ text: `{ ${equals(NAMES[field], value)} }` }]
  })
  const words = state.text?.split(/\s+/).filter((word) => word !== '') ?? []
  const text = words.length === 0 ? [] : [{ text: `{ ${words.map(quoted).join(' and ')} }` }]
  const moved = parts.some(({ about }) => about === 'span') || filters.length + text.length > 0
  if (!moved) return undefined
  const kept = parts.map(({ about, text: part }) => ({ text: about === 'span' ? `{ ${part} }` : part }))
  return withFields(state, {
    query: joined([...filters, ...text, ...kept]),
    service: undefined,
    operation: undefined,
    user: undefined,
    text: undefined,
  })
}

function toOneSpan(state: SearchState): SearchState {
  const parts = conjunctsOf(state.query ?? '') ?? []
  const opened = parts.map(({ about, text }) => {
    if (about !== 'braces') return { text }
    const inner = text.slice(1, -1).trim()
    return { text: hasAlternatives(inner) ? `(${inner})` : inner }
  })
  return withFields(state, { query: joined(opened) })
}
