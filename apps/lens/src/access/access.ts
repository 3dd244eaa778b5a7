/** Who one is to Lens, and what one may therefore do: what a token or a session stands for. */

export const roles = ['ingest', 'read', 'admin'] as const
export type Role = (typeof roles)[number]

export interface Access {
  /** As the file of tokens has it; for logs and for the browser's session. */
  readonly name: string
  readonly role: Role
  /** What one reads, or what one's spans are filed under; undefined for whichever there are. */
  readonly tenants: readonly string[] | undefined
}

/** Everybody's, where no tokens are configured. */
export const openAccess: Access = { name: '', role: 'admin', tenants: undefined }

/** What a route or a receiver asks of whoever comes: to read, to send, to run Lens. */
export function may(access: Access, need: Role): boolean {
  return access.role === 'admin' || access.role === need
}

export class AccessError extends Error {
  override readonly name = 'AccessError'
  /** 401: nobody is known by this. 403: who is known may not. */
  readonly status: 401 | 403

  constructor(status: 401 | 403, message: string) {
    super(message)
    this.status = status
  }
}
