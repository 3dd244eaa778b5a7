/**
 * Writes batches to the newest segment, in groups, beside the event loop. What cannot be written goes back to memory. Bounded: when the
 * spool is full its oldest segment makes room, and its spans are counted as dropped.
 *
 * A batch counts as stored once the kernel has it: that survives the death of the process. Against a power failure it is asked to write to the
 * disk once a second, and when a segment is complete.
 */
import { randomBytes } from 'node:crypto'
import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Batch } from '../export/batch.ts'
import { outside } from '../export/outside.ts'
import { diag } from '../own-diag.ts'
import { SegmentWriter } from './segment-writer.ts'
import type { Segment, Segments } from './segments.ts'
import { newSegmentName, type SpoolDirectory } from './spool-directory.ts'
import { codeOf, type SpoolFault } from './spool-fault.ts'

/** In memory, for the disk to catch up. More stays with the queue, under its bound. */
const maxPendingBytes = 16 * 1024 * 1024
/** Of one write: the thread pool is the application's, too. */
const maxGroupBytes = 2 * 1024 * 1024
const maxGroupBatches = 128
const syncEveryMs = 1000

export interface SpoolWriterOptions {
  readonly segments: Segments
  /** Resolves with the directory to write to; rejects when there is none. */
  readonly directory: () => Promise<SpoolDirectory>
  readonly fault: SpoolFault
  /** Told when the directory is there no more. */
  readonly vanished: () => void
  readonly maxBytes: number
  /** A segment is complete when it reaches this. */
  readonly segmentBytes: number
  /** Told of the id of each segment that is made. */
  readonly made: (id: string) => void
  readonly stored: (batch: Batch) => void
  readonly returned: (batch: Batch) => void
}

export class SpoolWriter {
  readonly #options: SpoolWriterOptions
  #pending: Batch[] = []
  #pendingBytes = 0
  #open: { readonly segment: Segment; readonly writer: SegmentWriter } | undefined
  #running: Promise<void> | undefined
  #syncedAt = 0
  #syncTimer: NodeJS.Timeout | undefined
  /** Set to have the open segment closed by the loop, which alone touches it. */
  #completing = false

  constructor(options: SpoolWriterOptions) {
    this.#options = options
  }

  /** False when it has too much to write already, or when the disk has failed lately. */
  take(batch: Batch): boolean {
    const { length } = batch.request
    const { fault, maxBytes } = this.#options
    if (fault.pausing || this.#pendingBytes + length > maxPendingBytes || length > maxBytes / 2) return false
    this.#pending.push(batch)
    this.#pendingBytes += length
    this.#run()
    return true
  }

  /** Resolves when nothing will be appended to the segment any more. */
  async complete(segment: Segment): Promise<void> {
    while (this.#open?.segment === segment) {
      this.#completing = true
      await this.#run()
    }
  }

  /** Resolves when all that was taken is stored or returned, and the open segment is complete. */
  async close(): Promise<void> {
    clearTimeout(this.#syncTimer)
    await this.#running
    if (this.#open !== undefined) await this.complete(this.#open.segment)
  }

  #run(): Promise<void> {
    this.#running ??= outside(() => this.#loop()).finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** Never rejects. */
  async #loop(): Promise<void> {
    while (this.#pending.length > 0 || this.#completing) {
      if (this.#completing) await this.#complete()
      const group = this.#nextGroup()
      if (group.length === 0) continue
      try {
        await this.#store(group)
      } catch (cause) {
        this.#options.fault.failed(cause)
        if (codeOf(cause) === 'ENOENT') this.#options.vanished()
        await this.#complete()
        this.#giveBack(group)
        this.#giveBack(this.#pending.splice(0))
        return
      }
      await this.#syncIfDue()
    }
  }

  #nextGroup(): readonly Batch[] {
    const most = Math.min(maxGroupBytes, this.#options.maxBytes / 2)
    let bytes = 0
    let count = 0
    for (const { request } of this.#pending) {
      if (count > 0 && (bytes + request.length > most || count === maxGroupBatches)) break
      bytes += request.length
      count++
    }
    return this.#pending.splice(0, count)
  }

  async #store(group: readonly Batch[]): Promise<void> {
    const { segments, segmentBytes, fault, stored } = this.#options
    const bytes = group.reduce((sum, { request }) => sum + request.length, 0)
    const directory = await this.#options.directory()
    await this.#makeRoom(bytes)
    this.#open ??= await this.#create(directory)
    const { segment, writer } = this.#open
    await writer.append(group)
    segments.grow(
      segment,
      writer.size,
      group.reduce((sum, { spans }) => sum + spans, 0),
    )
    for (const batch of group) {
      this.#pendingBytes -= batch.request.length
      stored(batch)
    }
    fault.worked()
    if (writer.size >= segmentBytes) await this.#complete()
  }

  async #create(directory: SpoolDirectory): Promise<{ segment: Segment; writer: SegmentWriter }> {
    const path = join(directory.path, newSegmentName())
    const id = randomBytes(16)
    const writer = await SegmentWriter.create(path, id)
    await directory.sync().catch(() => {})
    this.#options.made(id.toString('hex'))
    return { segment: this.#options.segments.open(path), writer }
  }

  async #makeRoom(bytes: number): Promise<void> {
    const { segments, maxBytes } = this.#options
    while (segments.bytes + bytes > maxBytes) {
      const { oldest } = segments
      if (oldest === undefined) return
      if (this.#open?.segment === oldest) await this.#complete()
      if (oldest.gone || segments.oldest !== oldest) continue
      oldest.gone = true
      const lost = oldest.spans - oldest.flying
      segments.lost(oldest, lost, 'spool_full')
      segments.remove(oldest)
      await unlink(oldest.path).catch(() => {})
      diag.warn(
        `the spool is full: its oldest ${lost} spans are dropped: look at the collector, or raise RUSTOK_SPOOL_MAX_BYTES`,
      )
    }
  }

  async #complete(): Promise<void> {
    this.#completing = false
    if (this.#open === undefined) return
    const { segment, writer } = this.#open
    await this.#sync(writer)
    await writer.close().catch(() => {})
    this.#open = undefined
    if (segment.size > 0) return
    // Nothing could be written to it.
    segment.gone = true
    this.#options.segments.remove(segment)
    await unlink(segment.path).catch(() => {})
  }

  async #syncIfDue(): Promise<void> {
    if (this.#open === undefined) return
    const wait = this.#syncedAt + syncEveryMs - performance.now()
    if (wait <= 0) return this.#sync(this.#open.writer)
    if (this.#syncTimer !== undefined) return
    this.#syncTimer = setTimeout(() => {
      this.#syncTimer = undefined
      const { writer } = this.#open ?? {}
      if (writer !== undefined && this.#running === undefined) void this.#sync(writer)
    }, wait).unref()
  }

  /** What the kernel could not write to the disk may be damaged when it is read; that is found out then. */
  async #sync(writer: SegmentWriter): Promise<void> {
    this.#syncedAt = performance.now()
    await writer.sync().catch((cause) => this.#options.fault.failed(cause))
  }

  #giveBack(batches: readonly Batch[]): void {
    for (const batch of batches) {
      this.#pendingBytes -= batch.request.length
      this.#options.returned(batch)
    }
  }
}
