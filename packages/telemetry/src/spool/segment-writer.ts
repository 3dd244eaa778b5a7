/**
 * Appends batches to one new segment file. All of a group is in the file or none of it: what a failed write left behind is cut off again.
 * Used by SpoolWriter, and by appendSync for the process's exit.
 */
import { constants } from 'node:fs'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import type { Batch } from '../export/batch.ts'
import { encodeRecordHeader, encodeSegmentHeader } from './segment-format.ts'

export const segmentFlags =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)
/** For its owner alone: spans tell what an application does. */
export const segmentMode = 0o600

type Written = Pick<Batch, 'request' | 'spans'>

export class SegmentWriter {
  readonly #file: FileHandle
  readonly #id: Uint8Array
  #size = 0
  #synced = 0

  private constructor(file: FileHandle, id: Uint8Array) {
    this.#file = file
    this.#id = id
  }

  /** Makes the file; rejects as `open` and `write` do, and leaves none behind that it could not write to. */
  static async create(path: string, id: Uint8Array): Promise<SegmentWriter> {
    const file = await open(path, segmentFlags, segmentMode)
    const writer = new SegmentWriter(file, id)
    try {
      await writer.#write([encodeSegmentHeader(id)])
      return writer
    } catch (cause) {
      await file.close().catch(() => {})
      await unlink(path).catch(() => {})
      throw cause
    }
  }

  get size(): number {
    return this.#size
  }

  /** Rejects when not all could be written; then none is in the file. */
  append(batches: readonly Written[]): Promise<void> {
    return this.#write(recordsOf(this.#id, batches))
  }

  /** Asks the kernel to write to the disk what is not there yet. */
  async sync(): Promise<void> {
    if (this.#synced === this.#size) return
    const size = this.#size
    await this.#file.datasync()
    this.#synced = size
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  async #write(buffers: readonly Uint8Array[]): Promise<void> {
    let rest = buffers
    let at = this.#size
    try {
      while (rest.length > 0) {
        const { bytesWritten } = await this.#file.writev(rest, at)
        if (bytesWritten === 0) throw Object.assign(new Error('nothing could be written'), { code: 'ENOSPC' })
        at += bytesWritten
        rest = behind(rest, bytesWritten)
      }
    } catch (cause) {
      // When this fails as well, a torn record stays, which readers pass over.
      await this.#file.truncate(this.#size).catch(() => {})
      throw cause
    }
    this.#size = at
  }
}

/** Headers and requests in turn. */
export function recordsOf(id: Uint8Array, batches: readonly Written[]): Uint8Array[] {
  const now = Date.now()
  return batches.flatMap(({ request, spans }) => [encodeRecordHeader(id, request, spans, now), request])
}

/** What is left of the buffers when `count` bytes of them are written. */
export function behind(buffers: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let left = count
  for (const [index, buffer] of buffers.entries()) {
    if (left < buffer.length) return [buffer.subarray(left), ...buffers.slice(index + 1)]
    left -= buffer.length
  }
  return []
}
