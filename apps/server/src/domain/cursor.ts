/**
 * Opaque positions in lists: the sort key of the last entry seen, with the name of the list's kind before it, so that the cursor of one
 * kind is none of another's.
 */
import { isUuid } from './uuid.ts'

export interface CursorCodec<Key> {
  encode(key: Key): string
  /** Undefined for anything that `encode` did not make. */
  decode(cursor: string): Key | undefined
}

/** `parse` gives undefined for a text that is no key. Only the exact text that `encode` makes of a key is taken for it. */
export function cursorOf<Key>(
  kind: string,
  print: (key: Key) => string,
  parse: (text: string) => Key | undefined,
): CursorCodec<Key> {
  const encode = (key: Key) => Buffer.from(`${kind}:${print(key)}`).toString('base64url')
  return {
    encode,
    decode(cursor) {
      const text = Buffer.from(cursor, 'base64url').toString()
      if (!text.startsWith(`${kind}:`)) return undefined
      const key = parse(text.slice(kind.length + 1))
      return key !== undefined && encode(key) === cursor ? key : undefined
    },
  }
}

/** Of lists in the order of creation: the ids are UUIDs of version 7. */
export function uuidCursor(kind: string): CursorCodec<string> {
  return cursorOf(
    kind,
    (id) => id,
    (text) => (isUuid(text) ? text : undefined),
  )
}
