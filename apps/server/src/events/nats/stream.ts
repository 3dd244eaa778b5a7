/**
 * The stream that keeps the events and the durable consumer of each handler, made where they are missing. What an administrator has set up
 * otherwise (limits, replicas) stays as it is.
 */
import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream'
import { nanos } from '@nats-io/transport-node'
import type { EventHandler } from '../event-handler.ts'

/** How long a handler may be away without missing anything. */
const MAX_AGE_MS = 7 * 24 * 3_600_000
/** A relay that died after publishing is replaced, and its lease over, well within it. Beyond it, handlers' own records help. */
const DUPLICATE_WINDOW_MS = 10 * 60_000
/** A consumer that says nothing for so long has lost the message; one that works says so three times as often. */
export const ACK_WAIT_MS = 10_000

const CONSUMER_NOT_FOUND = 10014
const STREAM_NOT_FOUND = 10059

export async function ensureStream(manager: JetStreamManager, stream: string): Promise<void> {
  try {
    await manager.streams.info(stream)
  } catch (error) {
    if (!isApiError(error, STREAM_NOT_FOUND)) throw error
    await manager.streams.add({
      name: stream,
      subjects: [`${stream}.>`],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      // A full stream refuses what is new, which then waits in the outbox; it never drops what some handler has yet to see.
      discard: DiscardPolicy.New,
      max_age: nanos(MAX_AGE_MS),
      duplicate_window: nanos(DUPLICATE_WINDOW_MS),
    })
  }
}

/** A consumer that is made begins with what the stream has. */
export async function ensureConsumer(
  manager: JetStreamManager,
  stream: string,
  handler: EventHandler,
): Promise<void> {
  const filter = filterOf(stream, handler.types)
  // As many are out as the handler takes at a time, over all processes: with one, all of them keep the stream's order.
  const changeable = {
    filter_subject: filter,
    max_ack_pending: handler.concurrency,
    ack_wait: nanos(ACK_WAIT_MS),
  }
  try {
    const { config } = await manager.consumers.info(stream, handler.name)
    if (Object.entries(changeable).some(([name, value]) => config[name as keyof ConsumerConfig] !== value)) {
      await manager.consumers.update(stream, handler.name, changeable)
    }
  } catch (error) {
    if (!isApiError(error, CONSUMER_NOT_FOUND)) throw error
    await manager.consumers.add(stream, {
      durable_name: handler.name,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      // Failures are counted in the database; a message that comes again has lost its process.
      max_deliver: -1,
      ...changeable,
    })
  }
}

export function subjectOf(stream: string, type: string): string {
  return `${stream}.${type}`
}

/** The narrowest single filter over all types (servers before 2.10 take one); the consumer skips what else it lets through. */
export function filterOf(stream: string, types: readonly string[]): string {
  const [first = [], ...others] = types.map((type) => type.split('.'))
  if (others.length === 0) return subjectOf(stream, first.join('.'))
  let shared = 0
  while (first[shared] !== undefined && others.every((words) => words[shared] === first[shared])) shared += 1
  return [stream, ...first.slice(0, shared), '>'].join('.')
}

function isApiError(error: unknown, code: number): boolean {
  return error instanceof JetStreamApiError && error.code === code
}
