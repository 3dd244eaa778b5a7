/** Opaque positions in the list of nodes: the id of the last node seen, whose order is that of creation. */
import { isUuid } from '../domain/uuid.ts'

const PREFIX = 'node:'

export function encodeCursor(id: string): string {
  return Buffer.from(PREFIX + id).toString('base64url')
}

/** Undefined for anything that `encodeCursor` did not make. */
export function decodeCursor(cursor: string): string | undefined {
  const text = Buffer.from(cursor, 'base64url').toString()
  const id = text.slice(PREFIX.length)
  return text.startsWith(PREFIX) && isUuid(id) ? id : undefined
}
