/** The cookie of a browser's session. No script reads it, and no other site's page sends it. */

const name = 'rustok_lens_session'

/** The session's id from a Cookie header. */
export function sessionCookie(header: string | undefined): string | undefined {
  for (const pair of header?.split(';') ?? []) {
    const [key = '', value] = pair.split('=', 2)
    if (key.trim() === name && value !== undefined && value.trim() !== '') return value.trim()
  }
  return undefined
}

/** A Set-Cookie header: 0 seconds end it. */
export function setSessionCookie(id: string, seconds: number, isSecure: boolean): string {
  return `${name}=${id}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`
}
