/**
 * NATS JetStream between the outbox and the handlers, when NATS_URL names one. Publishing waits for the stream's acknowledgement;
 * `consume.ts` has the other end.
 */
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { headers } from '@nats-io/transport-node'
import type { Broker } from '../broker.ts'
import { type EventEnvelope, orderKey } from '../envelope.ts'
import type { EventHandler } from '../event-handler.ts'
import { tracePublish } from '../messaging-spans.ts'
import { connectNats } from './connect-nats.ts'
import { type ConsumerPorts, NatsConsumer } from './nats-consumer.ts'
import type { NatsSettings } from './nats-settings.ts'
import { ensureConsumer, ensureStream, subjectOf } from './stream.ts'

const PUBLISH_TIMEOUT_MS = 5_000
/** Within the relay's lease; what is not published by then is taken again. */
const BATCH_TIMEOUT_MS = 20_000
const API_TIMEOUT_MS = 5_000

/** Throws a StartupError for settings that cannot be used. */
export function natsBroker(
  settings: NatsSettings,
  handlers: () => readonly EventHandler[],
  ports: ConsumerPorts,
): Broker {
  const { stream } = settings
  const link = connectNats(settings)
  const consumers: NatsConsumer[] = []
  let manager: JetStreamManager | undefined
  let client: JetStreamClient | undefined
  /** What was found or made since the last failure. */
  const ensured = new Set<string>()

  const manage = async (): Promise<JetStreamManager> => {
    manager ??= await jetstreamManager(await link.connected(), { timeout: API_TIMEOUT_MS, checkAPI: false })
    return manager
  }
  const ensure = async (handler?: EventHandler): Promise<JetStreamManager> => {
    const jsm = await manage()
    if (!ensured.has('')) await ensureStream(jsm, stream)
    ensured.add('')
    if (handler !== undefined && !ensured.has(handler.name)) {
      await ensureConsumer(jsm, stream, handler)
      ensured.add(handler.name)
    }
    return jsm
  }

  const publishOne = async (event: EventEnvelope, batchSize: number): Promise<void> => {
    client ??= jetstream(await link.connected())
    const extra = headers()
    extra.set('content-type', 'application/cloudevents+json')
    if (event.traceparent !== undefined) extra.set('traceparent', event.traceparent)
    if (event.tracestate !== undefined) extra.set('tracestate', event.tracestate)
    const js = client
    await tracePublish(event, { system: 'nats', batchSize }, () =>
      js.publish(subjectOf(stream, event.type), JSON.stringify(event), {
        msgID: event.id,
        timeout: PUBLISH_TIMEOUT_MS,
        headers: extra,
        expect: { streamName: stream },
      }),
    )
  }

  return {
    system: 'nats',

    async publish(events) {
      const published: string[] = []
      let failure: unknown
      const deadline = performance.now() + BATCH_TIMEOUT_MS
      try {
        await link.connected()
        // Before the first message: what is published while a handler has no consumer, it would have to catch up on.
        for (const handler of handlers()) await ensure(handler)
        await Promise.all(
          [...Map.groupBy(events, orderKey).values()].map(async (inOrder) => {
            for (const event of inOrder) {
              if (failure !== undefined || performance.now() > deadline) return
              try {
                await publishOne(event, events.length)
                published.push(event.id)
              } catch (error) {
                failure = error
              }
            }
          }),
        )
      } catch (error) {
        failure = error
      }
      if (failure === undefined) return { published }
      // Perhaps because somebody has deleted the stream.
      ensured.clear()
      return { published, failure }
    },

    subscribe(handler) {
      const ready = async () => {
        const connection = await link.connection
        ensured.delete(handler.name)
        ensured.delete('')
        await ensure(handler)
        return jetstream(connection).consumers.get(stream, handler.name)
      }
      consumers.push(new NatsConsumer(handler, ready, ports))
    },

    async pending() {
      const jsm = await ensure()
      let pending = 0
      for (const { name } of consumers) {
        const { num_pending, num_ack_pending } = await jsm.consumers.info(stream, name)
        pending += num_pending + num_ack_pending
      }
      return pending
    },

    async ping() {
      const connection = await link.connected()
      await connection.flush()
    },

    async stopConsuming() {
      await Promise.all(consumers.map((consumer) => consumer.stop()))
    },

    close: () => link.close(),
  }
}
