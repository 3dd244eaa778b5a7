/**
 * Sealed batches on their way: some being sent, the rest waiting, all bounded. What can be retried is kept until it is delivered,
 * the bound is reached, or the process ends; while the collector is away only one batch at a time knocks at its door.
 *
 *   offer ─▶ waiting ─▶ sending (≤ maxConcurrency) ─▶ accepted | refused
 *               ▲               │ retry, after a backoff
 *               └───────────────┘
 *
 * With a spool, what would have to wait long goes there instead of `waiting`, and comes back from there.
 */

import { ExportOperations } from '../metrics/export-operations.ts'
import { diag } from '../own-diag.ts'
import type { Batch } from './batch.ts'
import type { Exporter, ExportOutcome } from './exporter.ts'
import type { Account, Ledger } from './ledger.ts'
import { MemoryGuard } from './memory-guard.ts'
import { outside } from './outside.ts'
import type { Overflow, StoredBatch } from './overflow.ts'

export interface QueueLimits {
  /** Spans that may wait once `maxBufferBytes` are on their way, up to twice those bytes. */
  readonly maxQueueSize: number
  /** Bytes handed over for sending, whether on the wire or waiting for their turn on it. */
  readonly maxBufferBytes: number
  /** Of one attempt, in milliseconds. */
  readonly exportTimeout: number
}

/** Requests on the wire at a time: enough to cover a round trip of 20 ms at 100,000 spans a second, in batches of 512. */
const maxConcurrency = 4
const firstBackoffMs = 500
const maxBackoffMs = 5000
/** What a collector asks for is honoured up to here. */
const maxRetryAfterMs = 60_000
/** A collector that says "at once" and fails again would otherwise be asked as fast as it answers. */
const minRetryAfterMs = 100
/** While the process waits to exit, an absent collector is asked more often. */
const closingBackoffMs = 200
/** Batches that wait in the memory in which they were made: they leave within a few round trips. Those behind them move, see Batch. */
const maxBorrowing = 4
/** A collector that has answered nothing for so long is as good as away: what waits for it goes to the spool. */
const stalledMs = 1000

export class ExportQueue {
  readonly operations = new ExportOperations()
  readonly #exporter: Exporter
  readonly #ledger: Ledger
  readonly #limits: QueueLimits
  readonly #waiting: Batch[] = []
  readonly #memory = new MemoryGuard()
  #waitingBytes = 0
  #waitingSpans = 0
  #sending = 0
  #sendingBytes = 0
  #backoffMs = 0
  #pause: NodeJS.Timeout | undefined
  #scheduled = false
  #closing = false
  #abandoned = false
  /** Waiting or on the wire. */
  readonly #open = new Set<Batch>()
  #waiters: { readonly left: Set<Batch>; readonly resolve: () => void }[] = []
  readonly #spool: Overflow | undefined
  /** Of the spool's batches, on the wire. */
  #sendingStored = 0
  /** One of them has failed: should it always fail, the fresh ones arrive all the same. */
  #preferFresh = false
  /** When the collector answered last, or was first asked after a while. */
  #heardAt = 0

  constructor(exporter: Exporter, ledger: Ledger, limits: QueueLimits, spool?: Overflow) {
    this.#exporter = exporter
    this.#ledger = ledger
    this.#limits = limits
    this.#spool = spool
    spool?.attach({
      stored: (batch) => {
        batch.release()
        this.#settle(batch)
        this.#spill()
        // Nobody else asks for it when nothing is on the wire and the last pause has ended before the disk was done.
        this.#schedule()
      },
      returned: (batch) => this.#takeBack(batch),
      ready: () => this.#schedule(),
    })
  }

  /** Takes a batch, or drops and counts it when everything is full: the newest, because those that wait are about to be sent. */
  offer(batch: Batch): void {
    if (this.#spool !== undefined && this.#isSlow(batch.request.length)) {
      this.#spill()
      if (this.#spool.take(batch)) {
        this.#open.add(batch)
        return
      }
    }
    if (!this.#hasRoomFor(batch)) {
      this.#overflow(batch)
      return
    }
    if ((this.#pause !== undefined || this.#waiting.length > 0) && this.#memory.isShort()) {
      this.#ledger.dropped.memory += batch.spans
      batch.release()
      diag.warn(`${batch.spans} spans dropped: they would have to wait, and the process is short of memory`)
      return
    }
    if (this.#pause !== undefined || this.#waiting.length >= maxBorrowing) batch.settle()
    this.#open.add(batch)
    this.#enqueue(batch)
    this.#schedule()
  }

  /** Whether the collector is away, silent, or cannot keep up with half of what may wait. */
  #isSlow(bytes = 0): boolean {
    if (this.#backoffMs > 0 || this.#waitingBytes + bytes > this.#limits.maxBufferBytes / 2) return true
    return this.#sending > 0 && performance.now() - this.#heardAt > stalledMs
  }

  /** What waits goes to disk, as far as it takes it. */
  #spill(): void {
    while (this.#waiting.length > 0 && this.#isSlow() && this.#spool!.take(this.#waiting[0]!)) this.#shift()
  }

  /** The disk failed. */
  #takeBack(batch: Batch): void {
    if (!this.#abandoned && this.#hasRoomFor(batch)) {
      batch.settle()
      this.#enqueue(batch)
      this.#schedule()
      return
    }
    if (this.#abandoned) this.#giveUp(batch)
    else this.#overflow(batch)
    this.#settle(batch)
  }

  #giveUp(batch: Batch): void {
    this.#ledger.dropped.shutdown += batch.spans
    batch.release()
  }

  #hasRoomFor(batch: Batch): boolean {
    const { maxBufferBytes, maxQueueSize } = this.#limits
    const bytes = this.#sendingBytes + this.#waitingBytes + batch.request.length
    if (bytes <= maxBufferBytes) return true
    return this.#waitingSpans + batch.spans <= maxQueueSize && bytes <= maxBufferBytes * 2
  }

  #overflow(batch: Batch): void {
    this.#ledger.dropped.queue_full += batch.spans
    batch.release()
    const onTheWay = this.#sendingBytes + this.#waitingBytes
    diag.warn(
      `${batch.spans} spans dropped: ${this.#exporter} is too slow or away and ` +
        `${Math.round(onTheWay / 1_048_576)} MiB of spans are waiting for it`,
    )
  }

  /** Resolves when all that is here now has left; batches that are being retried keep it waiting. */
  drained(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiters.push({ left: new Set(this.#open), resolve })
    this.#drain()
    return promise
  }

  /** From now on retries are quick; see `abandon`. */
  hurry(): void {
    this.#closing = true
    if (this.#pause === undefined) return
    this.#resume()
  }

  /** Gives up what is waiting, and what comes back from now on, counted as dropped at shutdown unless there is a spool to take it. */
  abandon(): void {
    this.#abandoned = true
    clearTimeout(this.#pause)
    for (const batch of this.#takeWaiting()) {
      if (this.#spool?.take(batch)) continue
      this.#giveUp(batch)
      this.#settle(batch)
    }
  }

  /**
   * Hands over everything that is not delivered, for somebody who has no event loop any more (the process's exit). What is on the wire is
   * among it: whatever comes of that attempt is not counted. The spans stay `queued` in the ledger until the caller books them.
   */
  takeUndelivered(): readonly Batch[] {
    clearTimeout(this.#pause)
    this.#takeWaiting()
    const batches = [...this.#open]
    for (const batch of batches) this.#settle(batch)
    return batches
  }

  #takeWaiting(): readonly Batch[] {
    this.#waitingBytes = 0
    this.#waitingSpans = 0
    return this.#waiting.splice(0)
  }

  /** Tells those who wait for the batch that it is delivered or given up. */
  #settle(batch: Batch): void {
    this.#open.delete(batch)
    this.operations.end(batch)
    if (this.#waiters.length === 0) return
    for (const { left, resolve } of this.#waiters) {
      left.delete(batch)
      if (left.size === 0) resolve()
    }
    this.#waiters = this.#waiters.filter(({ left }) => left.size > 0)
  }

  #enqueue(batch: Batch): void {
    this.#waiting.push(batch)
    this.#waitingBytes += batch.request.length
    this.#waitingSpans += batch.spans
  }

  /** Sending is put off to the next turn of the event loop: whoever ended the last span of a batch should not pay for it. */
  #schedule(): void {
    if (this.#scheduled || this.#pause !== undefined) return
    if (this.#exporter.immediate === true) {
      this.#drain()
      return
    }
    this.#scheduled = true
    // Not unref'ed: an event loop that is idle otherwise would go to sleep before it, until something else happens. It holds it for one turn.
    setImmediate(() => {
      this.#scheduled = false
      this.#drain()
    })
  }

  #drain(): void {
    outside(() => this.#sendWaiting())
  }

  #sendWaiting(): void {
    // After a failure one batch at a time is tried, until one arrives.
    const most = this.#exporter.immediate === true ? Number.POSITIVE_INFINITY : maxConcurrency
    const concurrency = this.#backoffMs > 0 ? 1 : most
    while (this.#pause === undefined && this.#sending < concurrency) {
      const stored = this.#nextStored()
      if (stored !== undefined) void this.#sendStored(stored)
      else if (this.#waiting.length > 0) void this.#send(this.#shift())
      else break
    }
  }

  /** While there are fresh batches to send, one of the spool's at a time is sent beside them. */
  #nextStored(): StoredBatch | undefined {
    if (this.#spool === undefined || this.#abandoned) return undefined
    const freshFirst = this.#preferFresh && this.#waiting.length > 0
    this.#preferFresh = false
    if (freshFirst) return undefined
    return this.#sendingStored === 0 || this.#waiting.length === 0 ? this.#spool.next() : undefined
  }

  #shift(): Batch {
    const batch = this.#waiting.shift()!
    this.#waitingBytes -= batch.request.length
    this.#waitingSpans -= batch.spans
    return batch
  }

  async #send(batch: Batch): Promise<void> {
    const outcome = await this.#attempt(batch, false)
    if (this.#open.has(batch)) this.#conclude(batch, outcome)
    this.#drain()
  }

  async #sendStored(batch: StoredBatch): Promise<void> {
    this.#sendingStored++
    const outcome = await this.#attempt(batch, true)
    this.operations.end(batch)
    this.#sendingStored--
    this.#preferFresh = outcome.kind === 'retry'
    this.#spool!.settled(batch, outcome.kind !== 'retry')
    if (outcome.kind !== 'retry') this.#book(batch.account, batch.spans, outcome)
    else if (!this.#abandoned) this.#backOff(outcome.reason, outcome.retryAfterMs)
    this.#drain()
  }

  async #attempt(batch: Batch | StoredBatch, isStored: boolean): Promise<ExportOutcome> {
    const { request, spans } = batch
    this.operations.begin(batch, spans, isStored)
    const bytes = request.length
    if (this.#sending === 0) this.#heardAt = performance.now()
    this.#sending++
    this.#sendingBytes += bytes
    const outcome = await this.#exporter.export(request, this.#limits.exportTimeout, spans)
    this.operations.answered(batch, outcome)
    this.#sending--
    this.#sendingBytes -= bytes
    this.#heardAt = performance.now()
    return outcome
  }

  #conclude(batch: Batch, outcome: ExportOutcome): void {
    if (outcome.kind === 'retry' && !this.#abandoned) {
      batch.settle(outcome.inUse)
      this.#backOff(outcome.reason, outcome.retryAfterMs)
      // Behind the others: should this one always fail, they arrive all the same.
      if (!this.#spool?.take(batch)) this.#enqueue(batch)
      if (this.#spool !== undefined) this.#spill()
      return
    }
    if (outcome.kind === 'retry') {
      if (this.#spool !== undefined) batch.settle(outcome.inUse)
      if (this.#spool?.take(batch)) return
      this.#ledger.dropped.shutdown += batch.spans
    } else {
      this.#book(this.#ledger, batch.spans, outcome)
    }
    batch.release(outcome.inUse)
    this.#settle(batch)
  }

  #book(account: Account, spans: number, outcome: Exclude<ExportOutcome, { kind: 'retry' }>): void {
    this.#backoffMs = 0
    if (outcome.kind === 'accepted') {
      const rejected = Math.max(0, Math.min(outcome.rejected, spans))
      account.rejected += rejected
      account.exported += spans - rejected
      if (rejected > 0) diag.warn(`${this.#exporter} rejected ${rejected} spans: ${outcome.message}`)
      else if (outcome.message !== '') diag.warn(`${this.#exporter} warns: ${outcome.message}`)
    } else {
      account.dropped.refused += spans
      diag.error(`${spans} spans dropped: ${this.#exporter} refused them: ${outcome.reason}`)
    }
  }

  /** Exponential, with jitter so that a fleet does not return in step (OTLP: "Retry"). */
  #backOff(reason: string, retryAfterMs: number | undefined): void {
    if (this.#pause !== undefined) return
    if (this.#backoffMs === 0) diag.warn(`cannot reach ${this.#exporter}, will try again: ${reason}`)
    this.#backoffMs = Math.min(maxBackoffMs, this.#backoffMs === 0 ? firstBackoffMs : this.#backoffMs * 2)
    const jittered = this.#backoffMs * (0.5 + Math.random() / 2)
    const asked = Math.min(maxRetryAfterMs, Math.max(minRetryAfterMs, retryAfterMs ?? jittered))
    this.#pause = setTimeout(() => this.#resume(), this.#closing ? closingBackoffMs : asked).unref()
    for (const batch of this.#waiting) batch.settle()
  }

  #resume(): void {
    clearTimeout(this.#pause)
    this.#pause = undefined
    this.#drain()
  }
}
