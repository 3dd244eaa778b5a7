/**
 * Takes decoded requests and resolves when their spans are stored. Requests that arrive while the store is busy share its next insert
 * (group commit): a thousand small batches make a few parts, and each sender waits for no more than two inserts.
 *
 *   request ─▶ open group ─▶ insert ─▶ acknowledged        one insert at a time; the next group fills meanwhile
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { decodeTraceRequest, type TraceRequest } from '@rustok/otlp'
import type { Logger } from 'pino'
import { StoreUnavailableError } from '../store/engine.ts'
import type { Store } from '../store/open-store.ts'
import { SpanBlock, spanContext } from '../store/span-block.ts'
import { Refusals, refusal } from './admission.ts'

/** Bounds what waits for the store; a sender beyond it is told to come again. Some 500,000 spans. */
const largestBacklog = 256 * 1024 * 1024
/** An engine that died is back within a second or two; a sender that gives up sooner has lost its spans. */
const storePatience = 10_000

/**
 * An insert costs the engine some 20 ms of CPU however few its rows. While requests keep coming, a group therefore waits for as many as
 * the last one had (its senders send again once they are answered), as long as the last insert took and at most this, unless it has
 * the rows that make that cost small (1 µs a span).
 */
const longestPause = 50
const enoughRows = 16_384

/** As OTLP's partial success: what was refused must not be sent again. */
export interface IntakeOutcome {
  readonly refused: number
  readonly message: string
}

/** The same request may succeed after `retryAfterSeconds`. */
export class IntakeUnavailableError extends Error {
  override readonly name: string = 'IntakeUnavailableError'
  readonly retryAfterSeconds = 1
}

/** The store is there, and behind. */
export class IntakeOverloadedError extends IntakeUnavailableError {
  override readonly name = 'IntakeOverloadedError'
}

export interface IntakeOptions {
  /** Of every span, whatever the spans say. */
  readonly tenant?: string | undefined
}

interface Group {
  readonly block: SpanBlock
  requests: number
  readonly stored: Promise<void>
  readonly settle: (outcome: Promise<void>) => void
}

export class SpanIntake {
  readonly #store: Store
  readonly #log: Logger
  #open: Group | undefined
  #inserting: Group | undefined
  #running: Promise<void> | undefined
  #enough: PromiseWithResolvers<void> | undefined
  #lastRequests = 1
  #closed = false

  constructor(store: Store, log: Logger) {
    this.#store = store
    this.#log = log
  }

  /** A request in protobuf. Rejects with MalformedOtlpError for other bytes, and as acceptRequest does. */
  async accept(body: Uint8Array, options?: IntakeOptions): Promise<IntakeOutcome> {
    return this.acceptRequest(decodeTraceRequest(body), options)
  }

  /** Resolves when every span that was not refused is stored. Rejects with IntakeUnavailableError when the sender should retry. */
  async acceptRequest(request: TraceRequest, _options?: IntakeOptions): Promise<IntakeOutcome> {
    if (this.#closed) throw new IntakeUnavailableError('Lens is shutting down')
    const backlog = (this.#open?.block.bytes ?? 0) + (this.#inserting?.block.bytes ?? 0)
    if (backlog > largestBacklog) throw new IntakeOverloadedError('more spans wait than the store can take')

    const refusals = new Refusals()
    const group = this.#append(request, refusals)
    if (group !== undefined) {
      this.#running ??= this.#run()
      await group.stored
    }
    return { refused: refusals.count, message: refusals.message }
  }

  /** Resolves when all that was accepted is stored, or has failed. */
  async close(): Promise<void> {
    this.#closed = true
    this.#enough?.resolve()
    await this.#running
  }

  /** The group that the request's spans went into; undefined when there were none to keep. */
  #append(request: TraceRequest, refusals: Refusals): Group | undefined {
    let group: Group | undefined
    for (const resourceSpans of request.resourceSpans) {
      for (const scopeSpans of resourceSpans.scopeSpans) {
        const context = spanContext(resourceSpans, scopeSpans)
        for (const span of scopeSpans.spans) {
          const reason = refusal(span)
          if (reason !== undefined) {
            refusals.add(reason)
            continue
          }
          group ??= this.#open ??= newGroup()
          group.block.append(span, context)
        }
      }
    }
    if (group !== undefined) {
      group.requests++
      if (this.#isEnough(group)) this.#enough?.resolve()
    }
    return group
  }

  async #run(): Promise<void> {
    // Requests that arrived in the same turn of the event loop belong together.
    await sleep(0)
    while (this.#open !== undefined) {
      const group = this.#open
      this.#open = undefined
      this.#inserting = group
      const began = performance.now()
      const insert = this.#insert(group.block)
      group.settle(insert)
      await insert.catch(() => {})
      this.#inserting = undefined
      this.#lastRequests = group.requests
      await this.#gather(performance.now() - began)
    }
    this.#running = undefined
  }

  /** Lets the next group grow, for senders that were answered just now and send again. */
  async #gather(lastInsert: number): Promise<void> {
    if (this.#closed || (this.#open !== undefined && this.#isEnough(this.#open))) return
    this.#enough = Promise.withResolvers()
    await Promise.race([sleep(Math.min(lastInsert, longestPause)), this.#enough.promise])
    this.#enough = undefined
  }

  #isEnough({ block, requests }: Group): boolean {
    return block.rows >= enoughRows || requests >= this.#lastRequests
  }

  async #insert(block: SpanBlock): Promise<void> {
    const chunks = block.encode()
    const deadline = Date.now() + storePatience
    for (;;) {
      try {
        await this.#store.engine.insert('spans', block.columnNames, chunks)
        return
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) {
          this.#log.error({ err: error, spans: block.rows }, 'spans could not be stored')
          throw new IntakeUnavailableError('the store refused the spans', { cause: error })
        }
        // The insert may have happened: a span that is stored twice is still one in every answer.
        if (!(await this.#storeIsBack(deadline))) {
          throw new IntakeUnavailableError('the store is not available', { cause: error })
        }
      }
    }
  }

  async #storeIsBack(deadline: number): Promise<boolean> {
    await sleep(200)
    const left = deadline - Date.now()
    if (left <= 0) return false
    const timeout = sleep(left, false, { ref: false })
    return Promise.race([this.#store.ready().then(() => true), timeout])
  }
}

function newGroup(): Group {
  const { promise, resolve } = Promise.withResolvers<void>()
  // A group whose senders are all gone has nobody to tell.
  promise.catch(() => {})
  return {
    block: new SpanBlock(Math.floor(Date.now() / 1000)),
    requests: 0,
    stored: promise,
    settle: resolve,
  }
}
