/**
 * Collects encoded spans into batches. A batch is sealed into one request when it is full, when it nears what collectors accept, or
 * when its first span has waited for the schedule delay; a full batch goes at once, not at the next tick of a timer.
 */

import type { Envelope, SpanRecord } from '@rustok/otlp'
import { diag } from '../own-diag.ts'
import type { ScopeSpans } from '../trace/scope-spans.ts'
import type { Batch } from './batch.ts'
import type { Ledger } from './ledger.ts'
import { outside } from './outside.ts'
import { shrinkSpan } from './shrink-span.ts'

/** gRPC servers refuse messages above 4 MiB unless told otherwise, and the envelope must fit. A larger span is made to fit. */
const maxBatchBytes = 3 * 1024 * 1024

export interface BatchSink {
  offer(batch: Batch): void
}

export interface BatchLimits {
  /** Spans. */
  readonly maxExportBatchSize: number
  /** Milliseconds. */
  readonly scheduleDelay: number
}

export class SpanBatcher {
  readonly #resource: () => Envelope
  readonly #queue: BatchSink
  readonly #ledger: Ledger
  readonly #limits: BatchLimits
  /** Scopes with spans in the open batch. */
  #scopes: ScopeSpans[] = []
  #count = 0
  #bytes = 0
  #timer: NodeJS.Timeout | undefined
  #closed = false
  #held = false

  /** `resource` is asked for each request. */
  constructor(resource: () => Envelope, queue: BatchSink, ledger: Ledger, limits: BatchLimits) {
    this.#resource = resource
    this.#queue = queue
    this.#ledger = ledger
    this.#limits = limits
  }

  add(scope: ScopeSpans, span: SpanRecord): void {
    const ledger = this.#ledger
    ledger.created++
    if (this.#closed) {
      ledger.dropped.shutdown++
      return
    }
    let size: number
    try {
      size = scope.append(span)
    } catch (cause) {
      ledger.dropped.encoding++
      diag.error(`span '${span.name}' could not be encoded and is dropped`, cause)
      return
    }
    this.#added(scope, size)
  }

  /** Adds a span that is encoded, a whole `ScopeSpans.spans` field, and booked as created. */
  addEncoded(scope: ScopeSpans, span: Uint8Array): void {
    if (this.#closed) {
      this.#ledger.dropped.shutdown++
      return
    }
    scope.appendEncoded(span, 1)
    this.#added(scope, span.length)
  }

  #added(scope: ScopeSpans, encodedSize: number): void {
    const size = encodedSize > maxBatchBytes ? this.#shrinkLast(scope, encodedSize) : encodedSize
    if (this.#count > 0 && this.#bytes + size > maxBatchBytes) this.#sealBefore(scope, size)
    if (scope.count === 1) this.#scopes.push(scope)
    this.#count++
    this.#bytes += size
    const full = this.#count >= this.#limits.maxExportBatchSize && !this.#held
    if (full || this.#bytes >= maxBatchBytes) this.seal()
    else if (this.#count === 1) this.#arm()
  }

  /** Until then a batch waits that is full of spans, as its resource is not known yet; one that is full of bytes goes all the same. */
  holdUntil(known: Promise<void>): void {
    this.#held = true
    void known.then(() => {
      this.#held = false
      if (this.#count >= this.#limits.maxExportBatchSize) this.seal()
    })
  }

  /** Hands the open batch, if any, to the queue. */
  seal(): void {
    if (this.#count === 0) return
    let largest = this.#scopes[0]!
    for (const scope of this.#scopes) if (scope.size > largest.size) largest = scope
    const others = this.#scopes.filter((scope) => scope !== largest && scope.count > 0)
    const batch = largest.seal(this.#resource(), others)
    this.#scopes = []
    this.#count = 0
    this.#bytes = 0
    this.#queue.offer(batch)
  }

  /** The size of the last span of `scope` once it has been made to fit. */
  #shrinkLast(scope: ScopeSpans, size: number): number {
    const { bytes, note } = shrinkSpan(scope.removeLast(size), maxBatchBytes)
    scope.appendEncoded(bytes, 1)
    diag.warn(note)
    return bytes.length
  }

  /** Seals the batch without the last span of `scope`, which then opens the next one. */
  #sealBefore(scope: ScopeSpans, size: number): void {
    const last = scope.removeLast(size)
    this.seal()
    scope.appendEncoded(last, 1)
  }

  /** Seals what is open; spans that end from now on are dropped and counted. */
  close(): void {
    this.seal()
    this.#closed = true
    clearTimeout(this.#timer)
  }

  /** One timer for the life of the process: re-arming it costs less than making one per batch. It belongs to who re-arms it. */
  #arm(): void {
    if (this.#timer === undefined) {
      this.#timer = outside(() => setTimeout(() => this.seal(), this.#limits.scheduleDelay).unref())
    } else {
      outside(() => this.#timer!.refresh())
    }
  }
}
