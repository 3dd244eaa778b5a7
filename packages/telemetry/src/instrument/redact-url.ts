/** Takes credentials out of URLs before they are recorded: user names, passwords, and the values of telling query parameters. */

/** Names that hold secrets in the query strings of common services (signed URLs, tokens, keys, sessions). */
const secretParameter =
  /((?:^|&)[^=&]*(?:token|secret|passw|pwd|signature|sig|key|auth|jwt|session|credential)[^=&]*=)[^&]*/gi

/** A query string without its question mark. */
export function redactQuery(query: string): string {
  return query.replace(secretParameter, '$1REDACTED')
}

export function redactUrl(url: URL): string {
  const credentials = url.username === '' && url.password === '' ? '' : 'REDACTED:REDACTED@'
  const query = url.search.length > 1 ? `?${redactQuery(url.search.slice(1))}` : ''
  return `${url.protocol}//${credentials}${url.host}${url.pathname}${query}`
}
