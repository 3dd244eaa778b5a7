/**
 * Brings batches back from disk, oldest segment first, one segment in memory at a time. A segment is removed when the collector has answered for
 * all of it; one with damaged bytes is set aside instead.
 */
import { unlink } from 'node:fs/promises'
import { outside } from '../export/outside.ts'
import type { OverflowOwner, StoredBatch } from '../export/overflow.ts'
import type { SegmentRecord } from './segment-format.ts'
import { SegmentReader } from './segment-reader.ts'
import type { Segment, Segments } from './segments.ts'
import type { SpoolDirectory } from './spool-directory.ts'
import { codeOf } from './spool-fault.ts'

/** A collector that is just back should not be drowned: this is eight times 5,000 spans a second, and ten minutes of them return in 75 seconds. */
const bytesPerSecond = 16 * 1024 * 1024
/** How far it may run ahead of that rate. */
const burstMs = 250
/** After a segment could not be read; and how often that is tried. */
const retryMs = 2000
const maxAttempts = 3
const tooManyFiles: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE'])

export interface SpoolReplayOptions {
  readonly segments: Segments
  /** Resolves when nothing is appended to the segment any more. */
  readonly complete: (segment: Segment) => Promise<void>
  readonly directory: () => SpoolDirectory | undefined
  readonly ready: OverflowOwner['ready']
}

/** On the wire. */
class Flight implements StoredBatch {
  readonly request: Uint8Array
  readonly record: SegmentRecord
  readonly loaded: Loaded

  constructor(request: Uint8Array, record: SegmentRecord, loaded: Loaded) {
    this.request = request
    this.record = record
    this.loaded = loaded
  }

  get spans(): number {
    return this.record.spans
  }

  get account(): StoredBatch['account'] {
    return this.loaded.segment.account
  }
}

interface Loaded {
  readonly segment: Segment
  readonly reader: SegmentReader
}

export class SpoolReplay {
  readonly #options: SpoolReplayOptions
  #loaded: Loaded | undefined
  #loading = false
  readonly #work = new Set<Promise<void>>()
  /** Of the segment that could not be read. */
  #attempts = 0
  #paidUntil = 0
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(options: SpoolReplayOptions) {
    this.#options = options
  }

  /** A batch to send, or undefined; then `ready` is called when there may be one. */
  next(): StoredBatch | undefined {
    if (this.#closed || this.#timer !== undefined) return undefined
    const loaded = this.#loaded
    if (loaded === undefined) {
      if (this.#options.segments.oldest !== undefined) this.#load()
      return undefined
    }
    const now = performance.now()
    if (this.#paidUntil > now + burstMs) {
      this.#readyAfter(this.#paidUntil - now - burstMs / 2)
      return undefined
    }
    const { segment, reader } = loaded
    const found = segment.gone
      ? undefined
      : reader.next((spans) => this.#options.segments.lost(segment, spans, 'spool_damaged'))
    if (found === undefined) {
      // Nothing left to hand out, on the wire or not, and yet not all is delivered: somebody else has changed the file.
      if (segment.flying === 0 && segment.spans > 0 && !segment.gone)
        this.#options.segments.lost(segment, segment.spans, 'spool_damaged')
      this.#finishIfDone(loaded)
      return undefined
    }
    this.#paidUntil = Math.max(this.#paidUntil, now) + (found.request.length / bytesPerSecond) * 1000
    segment.flying += found.record.spans
    return new Flight(found.request, found.record, loaded)
  }

  settled(batch: StoredBatch, delivered: boolean): void {
    if (!(batch instanceof Flight)) return
    const { record, loaded, spans } = batch
    const { segment, reader } = loaded
    segment.flying -= spans
    if (delivered) {
      this.#options.segments.delivered(segment, spans)
      reader.markDone(record)
    } else if (segment.gone) {
      this.#options.segments.lost(segment, spans, 'spool_full')
    } else {
      reader.giveBack(record)
      if (this.#putOffIfTried(loaded)) return
    }
    this.#finishIfDone(loaded)
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await Promise.all([...this.#work, this.#loaded?.reader.close()])
  }

  /** Should the collector always fail on what is left of a segment, the others arrive all the same. */
  #putOffIfTried(loaded: Loaded): boolean {
    const { segment, reader } = loaded
    const { segments } = this.#options
    if (this.#loaded !== loaded || !reader.allTried || segment.flying > 0 || segments.count === 1)
      return false
    this.#loaded = undefined
    segments.putOff(segment, reader.done)
    this.#track(outside(() => reader.close()))
    return true
  }

  #finishIfDone(loaded: Loaded): void {
    const { segment } = loaded
    if (this.#loaded !== loaded || segment.flying > 0 || (segment.spans > 0 && !segment.gone)) return
    this.#loaded = undefined
    this.#options.segments.remove(segment)
    this.#track(outside(() => this.#remove(loaded)))
  }

  /** `close` waits for it. */
  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#work.delete(tracked))
    this.#work.add(tracked)
  }

  /** Never rejects. */
  async #remove({ segment, reader }: Loaded): Promise<void> {
    await reader.close()
    // To make room it has been unlinked already.
    if (reader.damaged && !segment.gone) await this.#setAside(segment)
    else await unlink(segment.path).catch(() => {})
    this.#options.ready()
  }

  #load(): void {
    if (this.#loading) return
    this.#loading = true
    outside(async () => {
      const segment = this.#options.segments.oldest
      if (segment !== undefined) await this.#open(segment)
      this.#loading = false
      if (this.#loaded !== undefined) this.#options.ready()
      else if (this.#options.segments.oldest !== undefined) this.#readyAfter(this.#attempts > 0 ? retryMs : 0)
    })
  }

  async #open(segment: Segment): Promise<void> {
    const { segments, complete } = this.#options
    await complete(segment)
    if (segment.gone || this.#closed) return
    try {
      const reader = await SegmentReader.open(segment.path, segment.size, segment.done)
      this.#attempts = 0
      if (segment.gone || this.#closed) return await reader.close()
      const missing = segment.spans - reader.spans
      if (missing > 0) segments.lost(segment, missing, 'spool_damaged')
      this.#loaded = { segment, reader }
      // Nothing of it may be left to send.
      if (segment.spans === 0) this.#finishIfDone(this.#loaded)
    } catch (cause) {
      const code = codeOf(cause)
      this.#attempts++
      if (tooManyFiles.has(code) || (this.#attempts < maxAttempts && code !== 'ENOENT')) return
      this.#attempts = 0
      segments.lost(segment, segment.spans, 'spool_damaged')
      segments.remove(segment)
      await this.#setAside(segment)
    }
  }

  async #setAside({ path }: Segment): Promise<void> {
    await this.#options.directory()?.setAside(path, 'is damaged')
  }

  #readyAfter(ms: number): void {
    if (this.#timer !== undefined || this.#closed) return
    this.#timer = outside(() =>
      setTimeout(() => {
        this.#timer = undefined
        this.#options.ready()
      }, ms).unref(),
    )
  }
}
