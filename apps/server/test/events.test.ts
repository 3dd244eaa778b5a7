/** Events: their envelope, and how the bus delivers them. What a handler does with them is in `api/read-model.ts`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { defineEvent, draftEvent, type EventEnvelope, sealEnvelope } from '../src/events/envelope.ts'
import { createHandler, type EventHandler, on } from '../src/events/event-bus.ts'
import { MAX_QUEUED } from '../src/events/handler-queue.ts'
import { InProcessBus, type Outcome } from '../src/events/in-process-bus.ts'

const ACTOR = { tenantId: 'acme', userId: 'ada' }
const happened = defineEvent<{ readonly n: number }>('test.happened', 'rustok-server/test')

function draft(n: number) {
  return draftEvent(happened, ACTOR, `subject-${n}`, { n })
}

/** A bus whose deliveries are written down. */
function recordingBus() {
  const deliveries: { readonly handler: string; readonly outcome: Outcome; readonly id: string }[] = []
  const bus = new InProcessBus({
    delivered: (event, handler, outcome) => deliveries.push({ handler, outcome, id: event.id }),
  })
  return { bus, deliveries }
}

function collector(
  name: string,
  handle: (event: EventEnvelope<{ n: number }>) => Promise<void>,
): EventHandler {
  return createHandler(name, [on(happened, handle)])
}

test('seals an envelope that is a CloudEvent with the Distributed Tracing extension', () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  const event = draft(1)
  const envelope = sealEnvelope(event, { traceparent, tracestate: 'a=1' })
  assert.match(envelope.id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(new Date(envelope.time).toISOString(), envelope.time)
  assert.deepEqual(JSON.parse(JSON.stringify(envelope)), {
    specversion: '1.0',
    id: event.id,
    type: 'test.happened',
    source: 'rustok-server/test',
    subject: 'subject-1',
    time: event.time,
    datacontenttype: 'application/json',
    tenantid: 'acme',
    actorid: 'ada',
    traceparent,
    tracestate: 'a=1',
    data: { n: 1 },
  })
  // CloudEvents 1.0, "Naming conventions": lower-case letters and digits.
  for (const name of Object.keys(envelope)) assert.match(name, /^[a-z0-9]{1,20}$/)
  const untraced = sealEnvelope(event, {})
  assert.equal('traceparent' in untraced || 'tracestate' in untraced, false)
})

test('gives handlers an envelope that they cannot change for each other', async () => {
  const { bus } = recordingBus()
  const seen: number[] = []
  bus.subscribe(
    collector('vandal', async (event) => {
      ;(event.data as { n: number }).n = 666
    }),
  )
  bus.subscribe(collector('reader', async (event) => void seen.push(event.data.n)))
  await bus.publish(draft(1))
  await bus.settled()
  assert.deepEqual(seen, [1])
})

test('delivers to a handler one at a time, in the order of publication, off the stack of the publisher', async () => {
  const { bus } = recordingBus()
  const seen: number[] = []
  let running = 0
  bus.subscribe(
    collector('ordered', async (event) => {
      running += 1
      assert.equal(running, 1)
      await setTimeout(event.data.n === 1 ? 20 : 0)
      seen.push(event.data.n)
      running -= 1
    }),
  )
  for (const n of [1, 2, 3]) await bus.publish(draft(n))
  assert.deepEqual([seen, running], [[], 0])
  await bus.settled()
  assert.deepEqual(seen, [1, 2, 3])
})

test('keeps a handler that throws, or hangs, from holding up the others', async () => {
  const { bus, deliveries } = recordingBus()
  const seen: number[] = []
  const never = Promise.withResolvers<void>()
  bus.subscribe(
    collector('throwing', async (event) => {
      if (event.data.n === 1) throw new Error('this one always fails')
    }),
  )
  bus.subscribe(
    createHandler('throwing-at-once', [
      on(happened, () => {
        throw new TypeError('not even a promise')
      }),
    ]),
  )
  bus.subscribe(collector('hanging', () => never.promise))
  bus.subscribe(collector('working', async (event) => void seen.push(event.data.n)))
  await bus.publish(draft(1))
  await bus.publish(draft(2))
  assert.equal(await bus.drain(50), 2)
  assert.deepEqual(seen, [1, 2])
  const outcomes = (handler: string) =>
    deliveries.filter((delivery) => delivery.handler === handler).map((delivery) => delivery.outcome)
  assert.deepEqual(outcomes('throwing'), ['failed', 'handled'])
  assert.deepEqual(outcomes('throwing-at-once'), ['failed', 'failed'])
  assert.deepEqual(outcomes('working'), ['handled', 'handled'])
  assert.deepEqual(outcomes('hanging'), [])
  never.resolve()
})

test('drains what handlers publish in turn, and refuses events afterwards', async () => {
  const { bus } = recordingBus()
  const seen: number[] = []
  bus.subscribe(
    collector('chain', async ({ data: { n } }) => {
      seen.push(n)
      if (n < 3) await bus.publish(draft(n + 1))
    }),
  )
  await bus.publish(draft(1))
  assert.equal(await bus.drain(5_000), 0)
  assert.deepEqual(seen, [1, 2, 3])
  await assert.rejects(bus.publish(draft(4)), /the event bus is closed/)
})

test('refuses events for a handler whose queue is full, and says so', async () => {
  const { bus, deliveries } = recordingBus()
  const never = Promise.withResolvers<void>()
  bus.subscribe(collector('hanging', () => never.promise))
  for (let n = 0; n <= MAX_QUEUED; n += 1) await bus.publish(draft(n))
  assert.deepEqual(
    deliveries.map((delivery) => delivery.outcome),
    ['refused'],
  )
  never.resolve()
  await bus.settled()
  assert.equal(deliveries.filter((delivery) => delivery.outcome === 'handled').length, MAX_QUEUED)
})

test('does not take two handlers of one name', () => {
  const { bus } = recordingBus()
  bus.subscribe(collector('same', async () => {}))
  assert.throws(() => bus.subscribe(collector('same', async () => {})), /named same/)
})
