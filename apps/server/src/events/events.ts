/**
 * All that happens to events after their commit, in this process: the relay that takes them from the outbox to the bus, and the handlers.
 * A server runs it, or leaves it to workers; the bus is the database itself, or a broker.
 */
import { setTimeout } from 'node:timers/promises'
import type { Engine } from '../db/engine.ts'
import type { Listening } from '../db/postgres-notices.ts'
import type { TenantDatabase } from '../db/tenant-database.ts'
import type { Broker } from './broker.ts'
import { DeliveryRunner } from './delivery/delivery-runner.ts'
import { receiveEvent } from './delivery/receive.ts'
import type { DeliveryObserver } from './delivery-observer.ts'
import type { EventHandler } from './event-handler.ts'
import { untraced } from './messaging-spans.ts'
import { natsBroker } from './nats/nats-broker.ts'
import type { NatsSettings } from './nats/nats-settings.ts'
import { type Backlog, countUntouched, readBacklog } from './outbox/backlog.ts'
import { Relay } from './outbox/relay.ts'

/** How often to look whether all is done, for those who wait for it. */
const SETTLED_POLL_MS = 10
const PING_TIMEOUT_MS = 500

export type EventsPart = 'relay' | 'deliveries' | 'consumer'

export interface EventsObserver extends DeliveryObserver {
  /** The first of several failures in a row to move events on, and the end of them. */
  stalled(part: EventsPart, error: unknown): void
  resumed(part: EventsPart): void
  /** A message at the broker that is no event. */
  refused(handler: string, reason: string): void
}

export interface EventsOptions {
  readonly engine: Engine
  readonly tenants: TenantDatabase
  /** Without it, the bus is the database. */
  readonly nats: NatsSettings | undefined
  readonly observer: EventsObserver
}

export interface BusReport {
  readonly bus: 'database' | 'nats'
  readonly state: 'moving' | 'stalled' | 'elsewhere'
}

export class Events {
  readonly #tenants: TenantDatabase
  readonly #engine: Engine
  readonly #broker: Broker | undefined
  readonly #relay: Relay
  readonly #runner: DeliveryRunner
  readonly #handlers: EventHandler[] = []
  #notices: readonly Listening[] = []
  #started = false

  /** Throws a StartupError for settings that cannot be used. */
  constructor({ engine, tenants, nats, observer }: EventsOptions) {
    this.#tenants = tenants
    this.#engine = engine
    const broker =
      nats &&
      natsBroker(nats, () => this.#handlers, {
        receive: (handler, event, redelivered) =>
          receiveEvent(tenants, 'nats', observer, handler, event, redelivered),
        refused: (handler, reason) => observer.refused(handler.name, reason),
        stalled: (_handler, error) => observer.stalled('consumer', error),
        resumed: () => observer.resumed('consumer'),
      })
    this.#broker = broker
    const loop = (part: EventsPart) => ({
      failed: (error: unknown) => observer.stalled(part, error),
      recovered: () => observer.resumed(part),
    })
    this.#runner = new DeliveryRunner(tenants, broker?.system ?? 'in_process', {
      delivered: (...delivery) => observer.delivered(...delivery),
      loop: loop('deliveries'),
    })
    this.#relay = new Relay({
      tenants,
      broker,
      subscriptions: () =>
        this.#handlers.flatMap(({ name, types }) => types.map((type) => ({ handler: name, type }))),
      relayed: () => this.#runner.wake(),
      loop: loop('relay'),
    })
  }

  subscribe(handler: EventHandler): void {
    if (this.#handlers.some(({ name }) => name === handler.name)) {
      throw new Error(`an event handler named ${handler.name} is subscribed already`)
    }
    this.#handlers.push(handler)
    this.#runner.add(handler)
    if (this.#started) this.#broker?.subscribe(handler)
  }

  /** Without it, events wait in the outbox for a process that has called it. */
  start(): void {
    this.#started = true
    untraced(() => {
      this.#notices = [
        this.#engine.listen('rustok_outbox', () => this.#relay.wake()),
        this.#engine.listen('rustok_deliveries', () => this.#runner.wake()),
      ]
      this.#runner.start()
      for (const handler of this.#handlers) this.#broker?.subscribe(handler)
      this.#relay.start()
    })
  }

  /** Events do not move on while a broker is away, or the relay fails; `elsewhere` is where this process leaves them to others. */
  async bus(): Promise<BusReport> {
    const bus = this.#broker?.system ?? 'database'
    if (!this.#started) return { bus, state: 'elsewhere' }
    const away = this.#broker !== undefined && !(await answers(this.#broker))
    return { bus, state: this.#relay.failing || away ? 'stalled' : 'moving' }
  }

  /** A handler that has nothing to do is told with zeros: what is missing from a graph says nothing. */
  async backlog(): Promise<Backlog> {
    const found = await untraced(() => this.#tenants.system('backlog', readBacklog))
    const idle = this.#handlers.filter(({ name }) => !found.handlers.some(({ handler }) => handler === name))
    return {
      ...found,
      handlers: [...found.handlers, ...idle.map(({ name }) => ({ handler: name, pending: 0, dead: 0 }))],
    }
  }

  /** Resolves when all that was emitted so far, and what its handlers emitted, was handled, or has failed once. */
  settled(): Promise<void> {
    return this.#settled(() => false)
  }

  #settled(enough: () => boolean): Promise<void> {
    return untraced(async () => {
      while (!enough()) {
        const untouched = await this.#tenants.system('backlog', countUntouched)
        if (untouched === 0 && this.#runner.size === 0 && !(await this.#broker?.pending())) return
        this.#relay.wake()
        await setTimeout(SETTLED_POLL_MS)
      }
    })
  }

  /**
   * Ends this process's part within the time. What the embedded database holds is handled first, as far as there is time: nobody else will
   * before the next start. Everywhere else it stops at once, finishes what it has begun and gives back the rest. Nothing is lost either way;
   * resolves with how many were still being handled.
   */
  async stop(timeoutMs: number): Promise<number> {
    if (!this.#started) return 0
    const over = AbortSignal.timeout(Math.ceil(timeoutMs))
    const expired = new Promise<void>((resolve) =>
      over.addEventListener('abort', () => resolve(), { once: true }),
    )
    const end = async () => {
      const patience = AbortSignal.timeout(Math.ceil(timeoutMs * 0.8))
      // While the bus is away, or the database, waiting helps nobody.
      if (this.#engine.name === 'pglite') {
        await this.#settled(() => patience.aborted || this.#relay.failing).catch(() => {})
      }
      await Promise.all(this.#notices.map((listening) => listening.close()))
      await this.#relay.stop()
      await this.#broker?.stopConsuming()
      await this.#runner.stop()
      await this.#broker?.close()
    }
    const ended = end()
    ended.catch(() => {})
    await Promise.race([ended, expired])
    return this.#runner.size
  }
}

/** Whoever asks for the health of the process waits for the answer. */
async function answers(broker: Broker): Promise<boolean> {
  const late = setTimeout(PING_TIMEOUT_MS, false, { ref: false })
  const ping = broker.ping().then(
    () => true,
    () => false,
  )
  return Promise.race([ping, late])
}
