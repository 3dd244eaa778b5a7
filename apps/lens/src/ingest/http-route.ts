/** What the HTTP receiver can be sent: each kind of request is a route, which knows its path, its content types and its answers. */

import type { Sender } from '../access/gatekeeper.ts'

export const protobuf = 'application/x-protobuf'
export const json = 'application/json'
export type ContentType = typeof protobuf | typeof json

export interface HttpRoute {
  readonly path: string
  /** In a sentence, such as `traces`. */
  readonly takes: string
  readonly contentTypes: readonly ContentType[]
  /** Throws IntakeUnavailableError when whatever is sent would be refused, so that it need not be read. */
  checkRoom(): void
  /** Resolves when the body's content is stored. Rejects with MalformedOtlpError, HttpError or IntakeUnavailableError. */
  accept(body: Buffer, contentType: ContentType, sender: Sender): Promise<HttpAnswer>
}

export interface HttpAnswer {
  readonly status: number
  /** Undefined for an answer without a body. */
  readonly body: string | Uint8Array | undefined
}
