/**
 * Runs the deliveries that are due, in a lane for each handler, so that a slow or failing one holds up nobody else. What fails waits
 * longer each time, and after its last attempt is a dead letter.
 */
import { randomUUID } from 'node:crypto'
import type { TenantDatabase } from '../../db/tenant-database.ts'
import { errorMessage } from '../../errors.ts'
import { told } from '../../telling/told.ts'
import type { DeliveryObserver } from '../delivery-observer.ts'
import type { EventEnvelope } from '../envelope.ts'
import type { EventHandler } from '../event-handler.ts'
import { Loop, type LoopObserver } from '../loop.ts'
import { type MessagingSystem, untraced } from '../messaging-spans.ts'
import { attemptDelivery } from './attempt.ts'
import {
  type Failure,
  giveBack,
  LEASE_MS,
  type LeasedDelivery,
  leaseDeliveries,
  MAX_ERROR_LENGTH,
  nextDueIn,
  prolongLease,
  recordFailure,
} from './delivery-table.ts'
import { retryDelay } from './retry-delay.ts'

/** Leased at once for a handler: saves it most of the statements, and is what waits behind a slow event meanwhile. */
const PREFETCH = 16
/** Notices wake the runner; this is for those that were lost. */
const POLL_MS = 5_000

const ABANDONED = 'the process that had it ended, or lost its database'

interface Lane {
  readonly handler: EventHandler
  readonly waiting: LeasedDelivery[]
  running: number
}

export class DeliveryRunner {
  readonly #tenants: TenantDatabase
  readonly #system: MessagingSystem
  readonly #observer: DeliveryObserver
  readonly #lease = randomUUID()
  readonly #lanes = new Map<string, Lane>()
  readonly #running = new Set<Promise<void>>()
  /** Not written down yet; no more than were leased. */
  readonly #failed: Failure[] = []
  readonly #loop: Loop
  #prolonging: NodeJS.Timeout | undefined
  #stopping = false

  constructor(
    tenants: TenantDatabase,
    system: MessagingSystem,
    observer: DeliveryObserver & { readonly loop: LoopObserver },
  ) {
    this.#tenants = tenants
    this.#system = system
    this.#observer = observer
    this.#loop = new Loop(() => this.#lookForWork(), observer.loop)
  }

  add(handler: EventHandler): void {
    this.#lanes.set(handler.name, { handler, waiting: [], running: 0 })
    this.#loop.wake()
  }

  start(): void {
    this.#loop.start()
    this.#prolonging = untraced(() => setInterval(() => void this.#prolong(), LEASE_MS / 3))
    this.#prolonging.unref()
  }

  wake(): void {
    this.#loop.wake()
  }

  /** Being handled, or taken for it. */
  get size(): number {
    let size = 0
    for (const lane of this.#lanes.values()) size += lane.waiting.length + lane.running
    return size
  }

  /** Takes no more, finishes what is being handled and gives back the rest, for others or for the next start. */
  async stop(): Promise<void> {
    this.#stopping = true
    await this.#loop.stop()
    for (const lane of this.#lanes.values()) lane.waiting.length = 0
    await Promise.all(this.#running)
    clearInterval(this.#prolonging)
    await untraced(() => this.#tenants.system('deliveries', (trx) => giveBack(trx, this.#lease)))
  }

  async #lookForWork(): Promise<number> {
    await this.#writeFailures()
    const lanes = [...this.#lanes.values()]
    const wanted = lanes
      .filter((lane) => lane.waiting.length === 0 && lane.running < lane.handler.concurrency)
      .map((lane) => ({ handler: lane.handler.name, room: Math.max(PREFETCH, lane.handler.concurrency) }))
    if (wanted.length === 0) return POLL_MS
    const { leased, dueIn } = await this.#tenants.system('deliveries', async (trx) => {
      const leased = await leaseDeliveries(trx, this.#lease, wanted)
      if (leased.length > 0) return { leased, dueIn: 0 }
      const names = wanted.map(({ handler }) => handler)
      return { leased, dueIn: (await nextDueIn(trx, names)) ?? POLL_MS }
    })
    for (const delivery of leased) this.#lanes.get(delivery.handler)?.waiting.push(delivery)
    for (const lane of lanes) this.#fill(lane)
    return Math.min(dueIn, POLL_MS)
  }

  #fill(lane: Lane): void {
    while (!this.#stopping && lane.running < lane.handler.concurrency) {
      const delivery = lane.waiting.shift()
      if (delivery === undefined) return
      lane.running += 1
      const run = this.#run(lane.handler, delivery).finally(() => {
        lane.running -= 1
        this.#running.delete(run)
        this.#fill(lane)
        if (lane.waiting.length === 0) this.#loop.wake()
      })
      this.#running.add(run)
    }
  }

  /** Never rejects. */
  async #run(handler: EventHandler, { event, attempts, abandoned }: LeasedDelivery): Promise<void> {
    if (abandoned && attempts >= handler.maxAttempts) {
      this.#observer.delivered(event, handler.name, 'dead', new Error(told(ABANDONED)))
      return this.#fail(handler, event, attempts, ABANDONED)
    }
    const number = attempts + 1
    const report = (outcome: 'handled' | 'duplicate' | 'failed', error?: unknown) => {
      const final = outcome === 'failed' && number >= handler.maxAttempts
      this.#observer.delivered(event, handler.name, final ? 'dead' : outcome, error)
    }
    try {
      await attemptDelivery(this.#tenants, { event, handler, number, system: this.#system }, report)
    } catch (error) {
      await this.#fail(handler, event, number, errorMessage(error))
    }
  }

  async #fail(handler: EventHandler, event: EventEnvelope, attempts: number, error: string): Promise<void> {
    const retryInMs = attempts >= handler.maxAttempts ? undefined : retryDelay(attempts)
    this.#failed.push({
      handler: handler.name,
      event,
      attempts,
      error: error.slice(0, MAX_ERROR_LENGTH),
      retryInMs,
    })
    // The database may be why it failed: then it is written down when that is back, or its lease ends.
    await this.#writeFailures().catch(() => {})
  }

  /** One at a time, each at its own expense. */
  async #writeFailures(): Promise<void> {
    for (let failure = this.#failed.shift(); failure !== undefined; failure = this.#failed.shift()) {
      const failed = failure
      try {
        await this.#tenants.system('deliveries', (trx) => recordFailure(trx, this.#lease, failed))
      } catch (error) {
        this.#failed.push(failed)
        throw error
      }
    }
  }

  async #prolong(): Promise<void> {
    if (this.size === 0) return
    // When it fails, the database is away, and so is whoever could take them.
    await this.#tenants.system('deliveries', (trx) => prolongLease(trx, this.#lease)).catch(() => {})
  }
}
