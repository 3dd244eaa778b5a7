/**
 * One insert for many requests. Requests write to an open block; while the store takes a block, the next one fills (group commit): a
 * thousand small batches make a few parts, and each sender waits for no more than two inserts. Spans and logs have one each.
 *
 *   request ─▶ open block ─▶ full blocks ─▶ insert ─▶ acknowledged        full blocks are sent while the engine works on another
 */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { ingestBacklog, ingestRows } from '../metrics/lens-metrics.ts'
import { StoreFullError, StoreUnavailableError } from '../store/engine.ts'
import type { Store } from '../store/store.ts'
import { InsertPace } from './insert-pace.ts'

/** Rows of a table as columns, in Native format when they are complete. */
export interface InsertBlock {
  readonly rows: number
  /** That it takes in memory, about. */
  readonly bytes: number
  readonly columnNames: readonly string[]
  encode(): Uint8Array[]
}

/** A block to fill: a new one, or `used` without its rows, whose memory need not be taken and given back for each insert. */
export type NewBlock<Block> = (used?: Block) => Block

/** The same request may succeed after `retryAfterSeconds`: the store is away, or Lens is closing. UNAVAILABLE, 503. */
export class IntakeUnavailableError extends Error {
  override readonly name: string = 'IntakeUnavailableError'
  readonly retryAfterSeconds = 1
}

/** The store is there, and behind. RESOURCE_EXHAUSTED with RetryInfo, 429 with Retry-After. */
export class IntakeOverloadedError extends IntakeUnavailableError {
  override readonly name = 'IntakeOverloadedError'
}

/** Bounds what waits for the store; a sender beyond it is told to come again. Some 700,000 spans. */
const largestBacklog = 192 * 1024 * 1024
/** An engine that died is back within a second or two; a sender that gives up sooner has lost its spans. */
const storePatience = 10_000

/**
 * A block that has this much is not added to. Each insert becomes a part, and to merge parts costs the engine more than to insert them:
 * large blocks are merged seldom. Twice as many rows take twice the engine's memory, some 100 MB here, and gain a tenth.
 */
const fullRows = 131_072
const fullBytes = 48 * 1024 * 1024
/** A block of this size is sent while the engine is still busy with the one before, so that the engine need not wait for bytes. */
const worthSendingRows = 50_000

/**
 * An insert costs the engine some 20 ms of CPU however few its rows, and merges as much again. While requests keep coming, a block therefore waits for as many as
 * the last one had (its senders send again once they are answered), as long as the last insert took and at most this, unless it is worth sending
 * anyway.
 */
const longestPause = 100

/**
 * Fewer rows than this also wait their turn in `InsertPace`: they come from timers. Exporters send a batch of 512 when they have one, and a sender of such
 * must not be kept, or its queue overflows.
 */
const paceableRows = 512

/** Blocks that wait to be filled again while requests keep coming: one fills and two are with the engine. Each is some 30 MB. */
const mostUsed = 2

interface Group<Block> {
  readonly block: Block
  requests: number
  readonly stored: Promise<void>
  readonly settle: (outcome: Promise<void>) => void
}

export class GroupCommit<Block extends InsertBlock> {
  readonly #store: Pick<Store, 'engine' | 'ready'>
  readonly #table: string
  readonly #newBlock: NewBlock<Block>
  readonly #used: Block[] = []
  readonly #log: Logger
  #open: Group<Block> | undefined
  readonly #full: Group<Block>[] = []
  readonly #inserting = new Set<Group<Block>>()
  readonly #pace = new InsertPace()
  readonly #now: () => number
  #running: Promise<void> | undefined
  #stirred: PromiseWithResolvers<void> = Promise.withResolvers()
  #pauseEnds = 0
  #lastRequests = 1
  #closed = false
  readonly #forget: () => void

  /** `now` in milliseconds, from anywhere. */
  constructor(
    store: Pick<Store, 'engine' | 'ready'>,
    table: string,
    newBlock: NewBlock<Block>,
    log: Logger,
    now = () => performance.now(),
  ) {
    this.#store = store
    this.#table = table
    this.#newBlock = newBlock
    this.#log = log
    this.#now = now
    this.#forget = ingestBacklog.observe({ table }, () => this.backlog)
  }

  /**
   * Has `write` append a request to the open block, and resolves with its result when that is stored. What `write` throws comes through; it
   * must then have left the block as it was. Rejects with IntakeUnavailableError when the sender should retry.
   */
  async add<Result>(write: (block: Block) => Result): Promise<Result> {
    this.checkRoom()
    const group = this.#open ?? this.#newGroup()
    const before = group.block.rows
    let result: Result
    try {
      result = write(group.block)
    } catch (error) {
      // A block without rows may still hold what a refused request added to its dictionaries.
      if (group.block.rows > 0) this.#open = group
      throw error
    }
    if (group.block.rows === before) {
      if (before > 0) this.#open = group
      return result
    }
    this.#open = group
    group.requests++
    if (isFull(group.block)) {
      this.#full.push(group)
      this.#open = undefined
    }
    if (this.#waitOf(group) === 0) this.#stirred.resolve()
    this.#running ??= this.#run()
    await group.stored
    return result
  }

  /** Throws when a request would be refused whatever is in it, so that it need not be read. */
  checkRoom(): void {
    if (this.#closed) throw new IntakeUnavailableError('Lens is shutting down')
    if (this.backlog > largestBacklog) throw new IntakeOverloadedError('more waits than the store can take')
  }

  /** Bytes that wait for the store. */
  get backlog(): number {
    let bytes = this.#open?.block.bytes ?? 0
    for (const { block } of this.#full) bytes += block.bytes
    for (const { block } of this.#inserting) bytes += block.bytes
    return bytes
  }

  /** Resolves when all that was accepted is stored, or has failed. */
  async close(): Promise<void> {
    this.#closed = true
    this.#stirred.resolve()
    await this.#running
    this.#forget()
  }

  async #run(): Promise<void> {
    // Requests that arrived in the same turn of the event loop belong together.
    await sleep(0)
    for (;;) {
      const group = this.#next()
      if (group !== undefined) void this.#send(group)
      else if (this.#inserting.size > 0) await this.#stirring()
      else {
        const open = this.#open
        const wait = open === undefined ? this.#pauseLeft : this.#waitOf(open)
        if (open === undefined && wait === 0) break
        await Promise.race([sleep(wait), this.#stirring()])
      }
    }
    this.#used.length = 0
    this.#running = undefined
  }

  /** The block to send now: beside an insert that is running, one that is worth it; else one that has had its time. */
  #next(): Group<Block> | undefined {
    const busy = this.#inserting.size
    if (busy > 1) return undefined
    const full = this.#full.shift()
    if (full !== undefined) return full
    const open = this.#open
    if (open === undefined) return undefined
    if (busy === 1 && open.block.rows < worthSendingRows) return undefined
    if (busy === 0 && this.#waitOf(open) > 0) return undefined
    this.#open = undefined
    return open
  }

  async #send(group: Group<Block>): Promise<void> {
    this.#inserting.add(group)
    const began = this.#now()
    if (group.block.rows < paceableRows) this.#pace.spend(began)
    const insert = this.#insert(group.block)
    group.settle(insert)
    await insert.then(
      () => this.#reuse(group.block),
      // What failed may still be on its way out of some buffer.
      () => {},
    )
    this.#inserting.delete(group)
    // The senders that were answered just now send again: the next block waits for them.
    this.#lastRequests = group.requests
    const ended = this.#now()
    this.#pauseEnds = ended + Math.min(ended - began, longestPause)
    this.#stirred.resolve()
  }

  #reuse(block: Block): void {
    if (this.#used.length < mostUsed && block.bytes <= fullBytes) this.#used.push(block)
  }

  get #pauseLeft(): number {
    return this.#closed ? 0 : Math.max(0, this.#pauseEnds - this.#now())
  }

  /** Resolves when a block may have become fit to be sent. */
  async #stirring(): Promise<void> {
    await this.#stirred.promise
    this.#stirred = Promise.withResolvers()
  }

  /** Milliseconds that an open block still waits for more. */
  #waitOf({ block, requests }: Group<Block>): number {
    if (this.#closed || block.rows >= worthSendingRows) return 0
    const pause = requests >= this.#lastRequests ? 0 : this.#pauseLeft
    return block.rows < paceableRows ? Math.max(pause, this.#pace.wait(this.#now())) : pause
  }

  #newGroup(): Group<Block> {
    const { promise, resolve } = Promise.withResolvers<void>()
    // A group whose senders are all gone has nobody to tell.
    promise.catch(() => {})
    return { block: this.#newBlock(this.#used.pop()), requests: 0, stored: promise, settle: resolve }
  }

  async #insert(block: Block): Promise<void> {
    const chunks = block.encode()
    const deadline = Date.now() + storePatience
    for (;;) {
      try {
        await this.#store.engine.insert(this.#table, block.columnNames, chunks)
        ingestRows.add(block.rows, { table: this.#table, outcome: 'stored' })
        return
      } catch (error) {
        if (error instanceof StoreFullError) {
          this.#log.error({ err: error, table: this.#table }, 'there is no room for rows')
          throw new IntakeOverloadedError(error.message, { cause: error })
        }
        if (!(error instanceof StoreUnavailableError)) {
          this.#log.error({ err: error, table: this.#table, rows: block.rows }, 'rows could not be stored')
          throw new IntakeUnavailableError('the store refused the rows', { cause: error })
        }
        // The insert may have happened: what is stored twice is still once in every answer.
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

function isFull({ rows, bytes }: InsertBlock): boolean {
  return rows >= fullRows || bytes >= fullBytes
}
