/** Takes credentials out of URLs before they are recorded: user names, passwords, and the values of telling query parameters. */
import { isTellingParameter } from './telling-names.ts'

export const redacted = 'REDACTED'

/** A query string without its question mark. Linear in its length: callers choose it. */
export function redactQuery(query: string): string {
  if (!query.includes('=')) return query
  // An authorization response (RFC 6749, section 4.1.2): the code is a secret, elsewhere `code` may be anything.
  const answersAuthorization = /(?:^|[&;])state=/.test(query)
  return query
    .split(/([&;])/)
    .map((part) => {
      const equals = part.indexOf('=')
      if (equals <= 0) return part
      const name = decoded(part.slice(0, equals))
      const telling =
        name === undefined || isTellingParameter(name) || (answersAuthorization && name === 'code')
      return telling ? `${part.slice(0, equals)}=${redacted}` : part
    })
    .join('')
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

export function redactUrl(url: URL): string {
  const credentials = url.username === '' && url.password === '' ? '' : `${redacted}:${redacted}@`
  const query = url.search.length > 1 ? `?${redactQuery(url.search.slice(1))}` : ''
  return `${url.protocol}//${credentials}${url.host}${url.pathname}${query}`
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
