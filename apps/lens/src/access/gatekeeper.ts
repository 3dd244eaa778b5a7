/** Tells who comes, by a bearer token or a browser's session. Receivers and the API ask it for every request; `lens` makes it. */

import { timingSafeEqual } from 'node:crypto'
import type { Logger } from 'pino'
import { type Access, AccessError, may, openAccess } from './access.ts'
import { Sessions } from './sessions.ts'
import { digestOf } from './token-book.ts'
import { TokenFile } from './token-file.ts'

/** For receivers: what a sender's spans are filed under, whatever they say; undefined for what they say. */
export interface Sender {
  readonly tenant: string | undefined
}

const anySender: Sender = { tenant: undefined }
const ownAccess: Access = { name: 'rustok-lens', role: 'ingest', tenants: undefined }

export class Gatekeeper {
  readonly #file: TokenFile | undefined
  readonly #sessions = new Sessions()
  readonly #ownDigest: Buffer | undefined

  private constructor(file: TokenFile | undefined, ownToken: string | undefined) {
    this.#file = file
    this.#ownDigest = ownToken === undefined ? undefined : digestOf(ownToken)
  }

  /** Without a file, everybody is let in. `ownToken` is Lens's own, to send with. Rejects with StartupError for a file that cannot be used. */
  static async open(tokensFile: string | undefined, log: Logger, ownToken?: string): Promise<Gatekeeper> {
    const file = tokensFile === undefined ? undefined : await TokenFile.open(tokensFile, log)
    return new Gatekeeper(file, ownToken)
  }

  /** Whether tokens are asked for. */
  get isLocked(): boolean {
    return this.#file !== undefined
  }

  /** Who sends an `Authorization` header, undefined for none. Throws AccessError for one that names nobody. */
  byAuthorization(header: string | undefined): Access | undefined {
    if (this.#file === undefined) return openAccess
    if (header === undefined || header === '') return undefined
    const token = bearerToken(header)
    const known = token === undefined ? undefined : this.#file.book.find(token)
    if (known === undefined && token !== undefined && this.#isOwn(token)) return ownAccess
    if (known === undefined) throw new AccessError(401, 'the token is not known, or no longer valid')
    return known.access
  }

  /** Who a session's cookie stands for, while its token is valid. */
  bySession(id: string): Access | undefined {
    if (this.#file === undefined) return openAccess
    const digest = this.#sessions.find(id)
    return digest === undefined ? undefined : this.#file.book.findDigest(digest)?.access
  }

  /** Throws AccessError unless the `Authorization` is one of a sender. */
  sender(authorization: string | undefined): Sender {
    if (this.#file === undefined) return anySender
    const access = this.byAuthorization(authorization)
    if (access === undefined) throw new AccessError(401, 'an ingest token is needed: authorization: Bearer …')
    if (!may(access, 'ingest')) throw new AccessError(403, 'this token is not one to send with')
    return { tenant: access.tenants?.[0] }
  }

  /** A session's id for the token, and who one is by it. Throws AccessError for a token that reads nothing. */
  openSession(token: string): { readonly id: string; readonly access: Access } {
    const known = this.#file?.book.find(token)
    if (known === undefined) throw new AccessError(401, 'the token is not known, or no longer valid')
    if (!may(known.access, 'read')) throw new AccessError(403, 'this token is for sending, not for reading')
    return { id: this.#sessions.open(known.digest), access: known.access }
  }

  closeSession(id: string): void {
    this.#sessions.close(id)
  }

  #isOwn(token: string): boolean {
    return this.#ownDigest !== undefined && timingSafeEqual(this.#ownDigest, digestOf(token))
  }

  /** Resolves when the file of tokens was read again. */
  async reload(): Promise<void> {
    await this.#file?.reload()
  }

  close(): void {
    this.#file?.close()
  }
}

/** RFC 6750, section 2.1; the scheme in any case, as RFC 9110 has it. */
function bearerToken(header: string): string | undefined {
  return /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(header)?.[1]
}
