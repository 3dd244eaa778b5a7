/**
 * What domains write to react to events: a name, routes from types of events to functions, and how much patience it needs. The machinery
 * (`delivery/`) calls them, once for each event as far as their own database can tell.
 */
import type { UnitOfWork } from '../db/tenant-database.ts'
import type { EventEnvelope, EventType } from './envelope.ts'

/** A consumer group: each event of its types reaches it, in whichever process it runs. */
export interface EventHandler extends HandlerOptions {
  /** Stable: its identity in spans, metrics, dead letters and in the record of what it has handled. */
  readonly name: string
  readonly types: readonly string[]
  /** It does something outside of its transaction, so it must not see an event again that it has handled. */
  readonly outside: boolean
  handle(event: EventEnvelope, delivery: Delivery): Promise<void>
}

export interface HandlerOptions {
  /** Events at a time, in one process. More than one never means two of the same aggregate. */
  readonly concurrency: number
  /** After which an attempt has failed; its signal is aborted and its transaction rolled back. */
  readonly timeoutMs: number
  /** Failed ones, after which the event becomes a dead letter. */
  readonly maxAttempts: number
}

const DEFAULTS: HandlerOptions = { concurrency: 1, timeoutMs: 10_000, maxAttempts: 10 }

/** One transaction of the event's tenant: effect, record of the event and end of its delivery commit together. */
export interface HandlerUnit extends UnitOfWork {
  /** Aborted when the time is over: what goes on regardless works on a transaction that was rolled back. */
  readonly signal: AbortSignal
}

/** An attempt to handle an event. */
export interface Delivery {
  /** From 1. */
  readonly attempt: number
  readonly signal: AbortSignal
  /** Once in an attempt. Resolves with undefined, and does not call `work`, when the event was handled before. */
  transact<T>(work: (unit: HandlerUnit) => Promise<T>): Promise<T | undefined>
}

export interface EventRoute {
  readonly type: string
  readonly outside: boolean
  handle(event: EventEnvelope, delivery: Delivery): Promise<void>
}

/** Does all of its work in the transaction, and throws when it cannot: then nothing of it has happened, and it is tried again later. */
export function on<Data extends object>(
  definition: EventType<Data>,
  handle: (event: EventEnvelope<Data>, unit: HandlerUnit) => Promise<void>,
): EventRoute {
  const route = onDelivery(definition, async (event, delivery) => {
    await delivery.transact((unit) => handle(event, unit))
  })
  return { ...route, outside: false }
}

/**
 * For work that no transaction can take back, such as calling another service: it comes first, may be repeated for the same event, and
 * tells its receiver the event's id to recognise that by. An event handled before is not handed over again. What it writes goes through
 * `delivery.transact`; without that, the event counts as handled when the promise resolves.
 */
export function onDelivery<Data extends object>(
  definition: EventType<Data>,
  handle: (event: EventEnvelope<Data>, delivery: Delivery) => Promise<void>,
): EventRoute {
  // The one place where an envelope's data gets its type back: the name was matched, and the definition ties both.
  return {
    type: definition.type,
    outside: true,
    handle: (event, delivery) => handle(event as EventEnvelope<Data>, delivery),
  }
}

/** It becomes the name of a consumer at a broker. */
const NAME = /^[a-z][a-z0-9-]{0,62}$/

export function createHandler(
  name: string,
  routes: readonly EventRoute[],
  options: Partial<HandlerOptions> = {},
): EventHandler {
  if (!NAME.test(name))
    throw new TypeError(`"${name}" is no name of a handler: lower-case letters, digits and -`)
  const byType = new Map(routes.map((route) => [route.type, route]))
  return {
    ...DEFAULTS,
    ...options,
    name,
    types: [...byType.keys()],
    outside: routes.some((route) => route.outside),
    handle: async (event, delivery) => byType.get(event.type)?.handle(event, delivery),
  }
}
