/** Takes credentials out of URLs before they are recorded: user names, passwords, and the values of telling query parameters. */
import { isTellingParameter, tellingInQuery } from './telling-names.ts'

export const redacted = 'REDACTED'

/** A query string without its question mark. Linear in its length: callers choose it. */
export function redactQuery(query: string): string {
  let clean = ''
  let copied = 0
  tellingInQuery.lastIndex = 0
  for (let floor = 0; floor < query.length; ) {
    const match = tellingInQuery.exec(query)
    if (match === null) break
    const start = startOfPair(query, match.index, floor)
    const end = endOfPair(query, start)
    const equals = query.indexOf('=', start)
    if (equals > start && equals < end) {
      const name = query.slice(start, equals)
      if (isTelling(name) || (name === 'code' && answersAuthorization.test(query))) {
        clean += `${query.slice(copied, equals + 1)}${redacted}`
        copied = end
      }
    }
    floor = end + 1
    // From the separator on: it is what makes a word of the name behind it.
    tellingInQuery.lastIndex = end
  }
  return copied === 0 ? query : clean + query.slice(copied)
}

/** An authorization response (RFC 6749, section 4.1.2): its code is a secret, elsewhere `code` may be anything. */
const answersAuthorization = /(?:^|[&;])state=/

/** Where the pair begins that holds what was found at `at`, which may be the separator in front of it; none begins before `floor`. */
function startOfPair(query: string, at: number, floor: number): number {
  if (isSeparator(query.charCodeAt(at))) return at + 1
  let start = at
  while (start > floor && !isSeparator(query.charCodeAt(start - 1))) start--
  return start
}

function endOfPair(query: string, start: number): number {
  let end = start
  while (end < query.length && !isSeparator(query.charCodeAt(end))) end++
  return end
}

/** Parameters are separated by ampersands, of old also by semicolons. */
function isSeparator(unit: number): boolean {
  return unit === 0x26 || unit === 0x3b
}

/** Names of parameters repeat; looking one up costs a tenth of reading it. Clients choose them, so the table starts anew when it is full. */
const maxKnownNames = 1024
const maxKnownLength = 64
const knownNames = new Map<string, boolean>()

function isTelling(name: string): boolean {
  const known = knownNames.get(name)
  if (known !== undefined) return known
  const plain = decoded(name)
  const telling = plain === undefined || isTellingParameter(plain)
  if (knownNames.size >= maxKnownNames) knownNames.clear()
  if (name.length <= maxKnownLength) knownNames.set(name, telling)
  return telling
}

/** Undefined for a name that cannot be read: who reads it differently may find a secret behind it. */
function decoded(name: string): string | undefined {
  if (!name.includes('%')) return name
  try {
    return decodeURIComponent(name)
  } catch {
    return undefined
  }
}

/** Anything that is used as a URL or a request target, whole or not: what does not parse is no less secret. */
export function redactUrlText(text: string): string {
  const question = text.indexOf('?')
  const hash = text.indexOf('#')
  const pathEnd = question >= 0 && (hash < 0 || question < hash) ? question : hash
  const head = pathEnd < 0 ? text : text.slice(0, pathEnd)
  const rest = pathEnd < 0 ? '' : text.slice(pathEnd)
  return `${redactUserInfo(head)}${redactRest(rest)}`
}

/** `//user:password@host`: the last at sign before the path ends it. */
function redactUserInfo(head: string): string {
  const authority = head.indexOf('//')
  if (authority < 0) return head
  const slash = head.indexOf('/', authority + 2)
  const at = head.lastIndexOf('@', slash < 0 ? head.length : slash)
  if (at < authority + 2) return head
  return `${head.slice(0, authority + 2)}${redacted}:${redacted}${head.slice(at)}`
}

function redactRest(rest: string): string {
  if (rest[0] !== '?') return redactFragment(rest)
  const hash = rest.indexOf('#')
  const query = hash < 0 ? rest.slice(1) : rest.slice(1, hash)
  return `?${redactQuery(query)}${hash < 0 ? '' : redactFragment(rest.slice(hash))}`
}

/** OAuth's implicit flow puts tokens there. */
function redactFragment(hash: string): string {
  return hash.length > 1 ? `#${redactQuery(hash.slice(1))}` : ''
}
