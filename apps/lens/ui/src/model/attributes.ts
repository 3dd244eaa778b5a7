/**
 * Attributes as a reader wants them: as text, found by a word, told apart as documents or links.
 * Everything here comes from strangers, so the results are plain text for the components to draw, and a link is only what
 * is plainly http or https. Called by the span's panel.
 */
import type { Attribute, AttributeValue } from 'rustok-lens/contract'
import type { Language } from './tokens.ts'

export function attributeText(value: AttributeValue): string {
  if (value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value, undefined, 2) : String(value)
}

export function findAttribute(attributes: readonly Attribute[], key: string): string | undefined {
  const found = attributes.find((attribute) => attribute.key === key)
  return found === undefined ? undefined : attributeText(found.value)
}

/** By key, those whose key or value holds every word, in any case. */
export function matchingAttributes(attributes: readonly Attribute[], filter: string): readonly Attribute[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  const matches = attributes.filter((attribute) => {
    const text = `${attribute.key}\n${attributeText(attribute.value)}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
  return matches.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
}

/** The address, when the whole text is one that is safe to follow. */
export function httpLink(text: string): string | undefined {
  if (!/^https?:\/\/\S+$/i.test(text) || text.length > 2048) return undefined
  const url = URL.parse(text)
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:') ? url.href : undefined
}

const LANGUAGES: readonly (readonly [RegExp, Language])[] = [
  [/^(db\.query\.text|db\.statement)$/, 'sql'],
  [/^graphql\.(document|source)$/, 'graphql'],
]

/** The language of a value that deserves a block of its own; `text` for what has lines but no known language. */
export function documentLanguage(key: string, text: string): Language | 'text' | undefined {
  const known = LANGUAGES.find(([pattern]) => pattern.test(key))
  if (known !== undefined) return known[1]
  if (/^\s*[[{]/.test(text) && text.length > 40 && isJson(text)) return 'json'
  return text.includes('\n') ? 'text' : undefined
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
