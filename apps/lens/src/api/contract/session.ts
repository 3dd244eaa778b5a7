/** Who one is to Lens: GET, POST and DELETE /api/lens/session. */

/**
 * GET: who the request's token or cookie stands for; 401 when tokens are configured and it has none that is valid.
 * POST (SessionRequest): exchanges a token for a cookie, which the browser then sends by itself; 401 for a token that is not known, 403 for one
 * that is for sending alone. DELETE: ends the cookie's session; 204.
 */
export interface SessionResponse {
  /** False where no tokens are configured: everybody sees everything, and there is nothing to log in to. */
  readonly login: boolean
  /** The token's name in the file of tokens; '' without login. */
  readonly name: string
  readonly role: 'ingest' | 'read' | 'admin'
  /** Tenants that are visible; null for all. */
  readonly tenants: readonly string[] | null
}

export interface SessionRequest {
  readonly token: string
}
