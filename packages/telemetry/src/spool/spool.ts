/**
 * The disk queue: batches that cannot be delivered now are kept in files, and come back when the collector does, in this process or in the
 * next one, also after a SIGKILL. Made by the pipeline when a directory is configured; the export queue uses it as its Overflow.
 *
 *   queue ── take ─▶ SpoolWriter ─▶ segments on disk ─▶ SpoolReplay ── next ─▶ queue
 *     ▲                  │ disk full, …       ▲
 *     └──── returned ────┘                    └── adopted: what dead processes left
 *
 * What is written are the bytes that would have been sent: attributes are redacted before, when they are recorded.
 */
import { unlink } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { ExportFields } from '../config/export.ts'
import type { SpoolFields } from '../config/spool.ts'
import type { Batch } from '../export/batch.ts'
import type { Ledger } from '../export/ledger.ts'
import { outside } from '../export/outside.ts'
import type { Overflow, OverflowOwner, StoredBatch } from '../export/overflow.ts'
import { diag } from '../own-diag.ts'
import { appendSync } from './append-sync.ts'
import { SegmentReader } from './segment-reader.ts'
import { Segments } from './segments.ts'
import { SpoolDirectory } from './spool-directory.ts'
import { codeOf, SpoolFault } from './spool-fault.ts'
import { SpoolReplay } from './spool-replay.ts'
import { SpoolWriter } from './spool-writer.ts'

/** Large enough that files are few, small enough to be read as one. */
const maxSegmentBytes = 8 * 1024 * 1024
/** A full spool loses one segment at a time: it should be a small part of it. */
const minSegments = 8
/** Other processes of the machine may have died meanwhile. */
const adoptEveryMs = 30_000
/** Ids of segments seen; a copy of one that is longer ago is delivered again. */
const maxKnownIds = 16_384

/** Undefined unless a directory is configured, and spans are sent at all: not only shown on the console. */
export function createSpool(config: SpoolFields & ExportFields, ledger: Ledger): Spool | undefined {
  const { spoolDirectory, spoolMaxBytes, exporters } = config
  if (spoolDirectory === undefined || !exporters.includes('otlp')) return undefined
  return new Spool(spoolDirectory, spoolMaxBytes, ledger)
}

export class Spool implements Overflow {
  readonly #base: string
  readonly #maxBytes: number
  readonly #ledger: Ledger
  readonly #segments: Segments
  readonly #fault: SpoolFault
  readonly #writer: SpoolWriter
  readonly #replay: SpoolReplay
  readonly #known = new Set<string>()
  #owner: OverflowOwner | undefined
  #directory: SpoolDirectory | undefined
  #opening: Promise<SpoolDirectory> | undefined
  #adopting: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #closed = false
  /** Found, but not looked at yet. */
  readonly #found: string[] = []

  constructor(directory: string, maxBytes: number, ledger: Ledger) {
    this.#base = resolve(directory)
    this.#maxBytes = maxBytes
    this.#ledger = ledger
    this.#segments = new Segments(ledger)
    this.#fault = new SpoolFault(this.#base)
    this.#writer = new SpoolWriter({
      segments: this.#segments,
      directory: () => this.#open(),
      fault: this.#fault,
      vanished: () => this.#forgetDirectory(),
      maxBytes,
      segmentBytes: Math.min(maxSegmentBytes, maxBytes / minSegments),
      made: (id) => this.#know(id),
      stored: (batch) => this.#owner?.stored(batch),
      returned: (batch) => this.#owner?.returned(batch),
    })
    this.#replay = new SpoolReplay({
      segments: this.#segments,
      complete: (segment) => this.#writer.complete(segment),
      directory: () => this.#directory,
      ready: () => this.#owner?.ready(),
    })
  }

  /** Looks for what is there already, and goes on to do so. */
  attach(owner: OverflowOwner): void {
    this.#owner = owner
    outside(() => {
      this.#adopting = this.#adopt()
      this.#timer = setInterval(() => {
        this.#adopting = this.#adopting?.then(() => this.#adopt())
      }, adoptEveryMs).unref()
    })
  }

  take(batch: Batch): boolean {
    return !this.#closed && this.#writer.take(batch)
  }

  next(): StoredBatch | undefined {
    return this.#replay.next()
  }

  settled(batch: StoredBatch, delivered: boolean): void {
    this.#replay.settled(batch, delivered)
  }

  /**
   * For the process's exit event: writes the batches before it returns, and books them. What does not fit into the bound, or fails, stays
   * as it was. Returns the spans that are safe.
   */
  appendSync(batches: readonly Pick<Batch, 'request' | 'spans'>[]): number {
    const spans = appendSync(this.#base, batches, this.#maxBytes - this.#segments.bytes, (cause) =>
      this.#fault.failed(cause),
    )
    this.#ledger.spooled += spans
    return spans
  }

  /** Writes what was taken, then leaves the directory to the next process. Idempotent; never rejects. */
  async close(timeoutMs: number): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#timer)
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, timeoutMs)
    await Promise.race([this.#release(), promise])
    clearTimeout(timer)
  }

  async #release(): Promise<void> {
    await Promise.all([this.#writer.close(), this.#replay.close(), this.#adopting])
    await this.#opening?.catch(() => {})
    const left = this.#ledger.spooled + this.#ledger.recovered.spooled
    if (left > 0) diag.info(`${left} spans are left in ${this.#base} for the next process`)
    await this.#directory?.close()
  }

  #open(): Promise<SpoolDirectory> {
    if (this.#directory !== undefined) return Promise.resolve(this.#directory)
    this.#opening ??= SpoolDirectory.open(this.#base)
      .then((directory) => {
        this.#directory = directory
        return directory
      })
      .finally(() => {
        this.#opening = undefined
      })
    return this.#opening
  }

  /** Somebody removed it: the next write makes another. */
  #forgetDirectory(): void {
    const directory = this.#directory
    this.#directory = undefined
    void directory?.close()
  }

  /** Never rejects. */
  async #adopt(): Promise<void> {
    if (this.#closed || this.#fault.pausing) return
    try {
      const directory = await this.#open()
      await directory.adopt((path) => this.#found.push(path))
    } catch (cause) {
      this.#fault.failed(cause)
      return
    }
    const before = this.#ledger.recovered.found
    for (const path of this.#found.splice(0)) await this.#inspect(path)
    const found = this.#ledger.recovered.found - before
    if (found === 0) return
    diag.info(`${found} spans of earlier processes were found in ${this.#base} and will be delivered`)
    this.#owner?.ready()
  }

  async #inspect(path: string): Promise<void> {
    // Others would only read it, too: it is left to the next process.
    if (this.#closed) return
    let reader: SegmentReader
    try {
      reader = await SegmentReader.open(path)
    } catch (cause) {
      const code = codeOf(cause)
      if (code === 'EMFILE' || code === 'ENFILE') this.#found.push(path)
      else await this.#directory?.setAside(path, `cannot be read (${code})`)
      return
    }
    await reader.close()
    await this.#judge(path, reader)
  }

  async #judge(path: string, { reading, size, spans }: SegmentReader): Promise<void> {
    const setAside = (because: string) => this.#directory?.setAside(path, because)
    // A process died before it wrote to it.
    if (size === 0) return unlink(path).catch(() => {})
    if (reading.kind === 'future') return setAside(`is of version ${reading.version}, which is unknown here`)
    if (reading.kind === 'unreadable') return setAside('is damaged')
    if (reading.id !== undefined) {
      if (this.#known.has(reading.id)) return setAside('is a copy of another')
      this.#know(reading.id)
    }
    if (reading.records.length > 0) this.#segments.adopt(path, size, spans)
    else if (reading.damaged) await setAside('is damaged')
    // Its process died before it removed it.
    else await unlink(path).catch(() => {})
  }

  #know(id: string): void {
    if (this.#known.size >= maxKnownIds) this.#known.clear()
    this.#known.add(id)
  }
}
