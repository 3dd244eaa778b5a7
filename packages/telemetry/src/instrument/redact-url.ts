/** Takes credentials out of URLs before they are recorded: user names, passwords, and the values of telling query parameters. */

/** Names that hold secrets in the query strings of common services (signed URLs, tokens, keys, sessions). */
const telling = /token|secret|passw|pwd|signature|sig|key|auth|jwt|session|credential/i

/** A query string without its question mark. Linear in its length: callers choose it. */
export function redactQuery(query: string): string {
  if (!telling.test(query) && !query.includes('%')) return query
  return query
    .split(/([&;])/)
    .map((part) => {
      const equals = part.indexOf('=')
      return equals > 0 && telling.test(decoded(part.slice(0, equals)))
        ? `${part.slice(0, equals)}=REDACTED`
        : part
    })
    .join('')
}

function decoded(name: string): string {
  if (!name.includes('%')) return name
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

export function redactUrl(url: URL): string {
  const credentials = url.username === '' && url.password === '' ? '' : 'REDACTED:REDACTED@'
  const query = url.search.length > 1 ? `?${redactQuery(url.search.slice(1))}` : ''
  return `${url.protocol}//${credentials}${url.host}${url.pathname}${query}`
}
