/**
 * A closed segment in memory, handed out record by record; what the collector has answered for is marked in the file at once, so that
 * a process that dies repeats only what was on the wire. Used by SpoolReplay, and to look at what was found.
 */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import {
  done,
  maxRecordBytes,
  readSegment,
  requestOf,
  type SegmentReading,
  type SegmentRecord,
  stateOffset,
} from './segment-format.ts'

/** A file above this was not written by us: a segment ends with the record that takes it past 16 MiB. */
const maxFileBytes = maxRecordBytes + 32 * 1024 * 1024
/** Non-blocking: a pipe under a segment's name must not be waited for. */
const safely = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

export class SegmentReader {
  readonly #file: FileHandle
  readonly #bytes: Buffer
  readonly #records: SegmentRecord[]
  readonly reading: SegmentReading
  #damaged: boolean
  #next = 0
  readonly #marks = new Set<Promise<unknown>>()
  /** Offsets of the records that are delivered. */
  readonly done: Set<number>
  readonly #count: number

  private constructor(file: FileHandle, bytes: Buffer, done: ReadonlySet<number>) {
    this.#file = file
    this.#bytes = bytes
    this.done = new Set(done)
    this.reading = readSegment(bytes)
    const readable = this.reading.kind === 'records'
    this.#records = readable ? this.reading.records.filter(({ offset }) => !done.has(offset)) : []
    this.#count = this.#records.length
    this.#damaged = !readable || this.reading.damaged
  }

  /**
   * Reads at most the first `size` bytes, and passes over the records at the offsets that are `done`. Rejects as the file system does; a
   * link is ELOOP, what else is no file EINVAL.
   */
  static async open(
    path: string,
    size = Number.POSITIVE_INFINITY,
    done: ReadonlySet<number> = new Set(),
  ): Promise<SegmentReader> {
    const file = await openForMarks(path)
    try {
      const stats = await file.stat()
      if (!stats.isFile() || stats.size > maxFileBytes)
        throw Object.assign(new Error('it is no segment'), { code: 'EINVAL' })
      const bytes = Buffer.allocUnsafeSlow(Math.min(size, stats.size))
      let read = 0
      while (read < bytes.length) {
        const { bytesRead } = await file.read(bytes, read, bytes.length - read, read)
        if (bytesRead === 0) break
        read += bytesRead
      }
      return new SegmentReader(file, bytes.subarray(0, read), done)
    } catch (cause) {
      await file.close().catch(() => {})
      throw cause
    }
  }

  get size(): number {
    return this.#bytes.length
  }

  /** Whether something in it could not be read so far. */
  get damaged(): boolean {
    return this.#damaged
  }

  /** Of the records that are not done. */
  get spans(): number {
    return this.#records.reduce((sum, { spans }) => sum + spans, 0)
  }

  /** The next record that is as it was written; `skipped` is told of those that are not. */
  next(skipped: (spans: number) => void): { record: SegmentRecord; request: Uint8Array } | undefined {
    while (this.#next < this.#records.length) {
      const record = this.#records[this.#next++]!
      const request = requestOf(this.#bytes, record)
      if (request !== undefined) return { record, request }
      this.#damaged = true
      skipped(record.spans)
    }
    return undefined
  }

  /** Whether every record was handed out at least once. */
  get allTried(): boolean {
    return this.#next >= this.#count
  }

  /** Will be handed out again, behind the others: should the collector always fail on this one, they arrive all the same. */
  giveBack(record: SegmentRecord): void {
    this.#records.push(record)
  }

  /** Not waited for: when it fails, the batch is sent once more after a restart. */
  markDone({ offset }: SegmentRecord): void {
    this.done.add(offset)
    const mark = this.#file
      .write(done, 0, done.length, offset + stateOffset)
      .catch(() => {})
      .finally(() => this.#marks.delete(mark))
    this.#marks.add(mark)
  }

  async close(): Promise<void> {
    await Promise.all(this.#marks)
    await this.#file.close().catch(() => {})
  }
}

/** A file system that has become read-only is read all the same: what is delivered twice is better than what is not. */
async function openForMarks(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDWR | safely)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EROFS') throw cause
    return open(path, constants.O_RDONLY | safely)
  }
}
