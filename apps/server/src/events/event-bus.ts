/**
 * What the domains know of events: publish, subscribe, drain. `InProcessBus` implements it; a broker will, behind the same
 * interface, because an envelope is plain data and a handler is known by its name.
 */
import type { EventDraft, EventEnvelope, EventType } from './envelope.ts'

export interface EventBus {
  /** After the commit of what happened. Resolves when the event is accepted, not when it is handled. */
  publish(event: EventDraft): Promise<void>
  subscribe(handler: EventHandler): void
  /** Waits for the accepted events, then closes the bus; resolves with how many were not handled by the deadline. */
  drain(timeoutMs: number): Promise<number>
}

/**
 * One consumer group. It gets the events of its types one at a time, in the order of their publication. It may get one twice,
 * so its effect and the record of the event belong in one transaction (`claimEvent`).
 */
export interface EventHandler {
  /** Stable: it is the consumer's identity in spans, metrics and in the record of handled events. */
  readonly name: string
  readonly types: readonly string[]
  handle(event: EventEnvelope): Promise<void>
}

export interface EventRoute {
  readonly type: string
  handle(event: EventEnvelope): Promise<void>
}

/** The one place where an envelope's data gets its type back: the name was matched, and the definition ties both. */
export function on<Data extends object>(
  definition: EventType<Data>,
  handle: (event: EventEnvelope<Data>) => Promise<void>,
): EventRoute {
  return { type: definition.type, handle: (event) => handle(event as EventEnvelope<Data>) }
}

export function createHandler(name: string, routes: readonly EventRoute[]): EventHandler {
  const byType = new Map(routes.map((route) => [route.type, route]))
  return {
    name,
    types: [...byType.keys()],
    handle: async (event) => byType.get(event.type)?.handle(event),
  }
}
