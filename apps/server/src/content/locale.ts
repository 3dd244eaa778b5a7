/** Names of languages as content has them: BCP 47 tags in canonical form, and which text serves a reader who asks for another. */
import type { FieldError } from '../domain/result.ts'

/** Longer tags are well-formed, and nobody's. */
const MAX_LOCALE = 35

export const DEFAULT_LOCALE = 'en'

/** `DE-ch` as `de-CH`; undefined for what is no language tag. */
export function canonicalLocale(text: string): string | undefined {
  if (text.length > MAX_LOCALE) return undefined
  try {
    return Intl.getCanonicalLocales(text)[0]
  } catch {
    return undefined
  }
}

export function localeError(field: string): FieldError {
  return { field, message: `${field} must be a language tag such as en or pt-BR` }
}

/** A reader's language and those that stand in for it, best first (RFC 4647 section 3.4): zh-Hant-TW, zh-Hant, zh. */
export function lookupChain(locale: string): string[] {
  const subtags = locale.split('-')
  const chain: string[] = []
  while (subtags.length > 0) {
    chain.push(subtags.join('-'))
    subtags.pop()
    // A single letter only introduces what came after it.
    if (subtags.at(-1)?.length === 1) subtags.pop()
  }
  return chain
}
