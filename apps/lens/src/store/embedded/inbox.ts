/**
 * Leaves rows for the engine's process as files in its data directory. They are written beside whatever this process computes, in one call of the system; what is left
 * by a process that was killed, the next engine removes.
 */

import { randomUUID } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { inbox } from './statement.ts'

export class Inbox {
  readonly #directory: string

  /** The engine's data directory. */
  constructor(directory: string) {
    this.#directory = directory
  }

  /** Calls `work` with the file's name as the engine knows it, and removes the file when that is done. */
  async with<Result>(
    chunks: readonly Uint8Array[],
    work: (file: string) => Promise<Result>,
  ): Promise<Result> {
    const name = `${inbox}/${randomUUID()}`
    const path = join(this.#directory, name)
    try {
      await write(path, chunks)
      return await work(name)
    } finally {
      await rm(path, { force: true })
    }
  }
}

async function write(path: string, chunks: readonly Uint8Array[]): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    for (let rest = chunks; rest.length > 0; ) {
      const { bytesWritten } = await file.writev(rest)
      rest = after(rest, bytesWritten)
    }
  } finally {
    await file.close()
  }
}

/** What is left of the chunks behind so many bytes. */
function after(chunks: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let skipped = 0
  let left = bytes
  while (skipped < chunks.length && left >= chunks[skipped]!.length) left -= chunks[skipped++]!.length
  const [first, ...rest] = chunks.slice(skipped)
  return first === undefined ? [] : [first.subarray(left), ...rest]
}
