/**
 * Moves events from the outbox to the bus, oldest first, in bounded batches. Through a broker they are leased, published and marked, so one
 * that dies in between publishes some of them twice; within the database it is one transaction. Any number of relays may run, in any
 * number of processes.
 */
import { randomUUID } from 'node:crypto'
import type { TenantDatabase } from '../../db/tenant-database.ts'
import type { Broker } from '../broker.ts'
import { Loop, type LoopObserver } from '../loop.ts'
import { tracePublish, traceRelay, untraced } from '../messaging-spans.ts'
import { BATCH, fanOut, leaseEvents, lockOutbox, type Subscription, settleLease } from './lease.ts'
import { prune } from './prune.ts'

/** Well above the time that a broker has for a batch. */
const LEASE_MS = 30_000
/** Notices wake the relay; this is for those that were lost. */
const POLL_MS = 5_000
/** Another relay is taking rows, for the next millisecond or two. */
const LOCKED_MS = 10
const PRUNE_EVERY_MS = 10 * 60_000

export interface RelayOptions {
  readonly tenants: TenantDatabase
  /** Without one, the bus is the database. */
  readonly broker: Broker | undefined
  /** Who gets what from the bus within the database. */
  subscriptions(): readonly Subscription[]
  /** Some events have been moved. */
  relayed(count: number): void
  readonly loop: LoopObserver
}

export class Relay {
  readonly #options: RelayOptions
  readonly #loop: Loop
  #pruned = 0

  constructor(options: RelayOptions) {
    this.#options = options
    this.#loop = new Loop(() => this.#relay(), options.loop)
  }

  start(): void {
    this.#loop.start()
  }

  wake(): void {
    this.#loop.wake()
  }

  get failing(): boolean {
    return this.#loop.failing
  }

  stop(): Promise<void> {
    return this.#loop.stop()
  }

  async #relay(): Promise<number> {
    const { broker } = this.#options
    const moved = broker === undefined ? await this.#withinDatabase() : await this.#through(broker)
    if (moved === undefined) return LOCKED_MS
    if (moved > 0) this.#options.relayed(moved)
    if (moved === BATCH) return 0
    await this.#prune()
    return POLL_MS
  }

  /** Undefined when another relay is at it. */
  async #withinDatabase(): Promise<number | undefined> {
    const events = await this.#options.tenants.system('relay', async (trx) =>
      (await lockOutbox(trx)) ? fanOut(trx, this.#options.subscriptions()) : undefined,
    )
    if (events === undefined || events.length === 0) return events?.length
    for (const event of events) {
      tracePublish(event, { system: 'in_process', batchSize: events.length }, () => {})
    }
    return events.length
  }

  async #through(broker: Broker): Promise<number | undefined> {
    const { tenants } = this.#options
    const lease = randomUUID()
    const events = await tenants.system('relay', async (trx) =>
      (await lockOutbox(trx)) ? leaseEvents(trx, lease, LEASE_MS) : undefined,
    )
    if (events === undefined || events.length === 0) return events?.length
    await traceRelay(events, broker.system, async () => {
      const { published, failure } = await broker.publish(events)
      await tenants.system('relay', (trx) => settleLease(trx, lease, published))
      if (failure !== undefined) throw failure
    })
    return events.length
  }

  async #prune(): Promise<void> {
    if (performance.now() - this.#pruned < PRUNE_EVERY_MS) return
    const rows = await untraced(() => this.#options.tenants.system('prune', prune))
    // What is left is for the next time that there is nothing else to do.
    if (rows === 0) this.#pruned = performance.now()
  }
}
