/** One block of ClickHouse's Native format: its columns behind their names and types. */

import { ByteBuffer } from './byte-buffer.ts'
import type { Column } from './columns.ts'

/** The block in pieces, to be sent one after the other. */
export function encodeBlock(columns: Readonly<Record<string, Column>>, rows: number): Uint8Array[] {
  const entries = Object.entries(columns)
  const head = new ByteBuffer(16)
  head.appendVarint(entries.length)
  head.appendVarint(rows)
  const chunks: Uint8Array[] = [head.view()]
  for (const [name, column] of entries) {
    const title = new ByteBuffer(64)
    title.appendString(name)
    title.appendString(column.type)
    chunks.push(title.view(), ...column.encode(rows))
  }
  return chunks
}
