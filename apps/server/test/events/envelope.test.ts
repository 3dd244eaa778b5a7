/** The pure parts of events: envelope, order, patience. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { causedBy } from '../../src/events/cause.ts'
import { RETRY_MS, retryDelay } from '../../src/events/delivery/retry-delay.ts'
import { defineEvent, draftEvent, orderKey, sealEnvelope } from '../../src/events/envelope.ts'

const ACTOR = { tenantId: 'acme', userId: 'ada' }
const happened = defineEvent<{ readonly n: number }>('test.happened', 'rustok-server/test', { version: 2 })

test('seals an envelope that is a CloudEvent with the Distributed Tracing extension', () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  const cause = { id: crypto.randomUUID(), correlationid: crypto.randomUUID() }
  const event = causedBy(cause, () => draftEvent(happened, ACTOR, 'subject-1', { n: 1 }))
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
    schemaversion: 2,
    correlationid: cause.correlationid,
    causationid: cause.id,
    traceparent,
    tracestate: 'a=1',
    data: { n: 1 },
  })
  // CloudEvents 1.0, "Naming conventions": lower-case letters and digits.
  for (const name of Object.keys(envelope)) assert.match(name, /^[a-z0-9]{1,20}$/)
  const untraced = sealEnvelope(draftEvent(happened, ACTOR, 'x', { n: 1 }), {})
  assert.deepEqual(
    Object.keys(untraced).filter((name) => /^trace|^causation/.test(name)),
    [],
  )
  assert.equal(untraced.correlationid, untraced.id)
})

test('takes no type that would be something else as the subject of a broker', () => {
  for (const type of [
    'orders',
    'commerce.*',
    'commerce.>',
    'a b.c',
    'a..b',
    '.a',
    'a.',
    'Commerce.Order',
    '',
  ]) {
    assert.throws(() => defineEvent(type, 'x'), TypeError, type)
  }
  defineEvent('commerce.order.placed_v2', 'x')
})

test('gives two events the same place in the order only when they are about the same thing', () => {
  const part = fc.string({ unit: fc.constantFrom('a', 'b', ':', '/', '.') })
  fc.assert(
    fc.property(part, part, part, part, part, part, (tenantA, sourceA, a, tenantB, sourceB, b) => {
      const key = (tenantId: string, source: string, subject: string) =>
        orderKey(draftEvent({ type: 't.t', source, version: 1 }, { tenantId, userId: 'u' }, subject, {}))
      const same = tenantA === tenantB && sourceA === sourceB && a === b
      assert.equal(key(tenantA, sourceA, a) === key(tenantB, sourceB, b), same)
    }),
  )
})

test('waits about twice as long after each failure, up to a limit, and never exactly as long as others', () => {
  for (let attempts = 1; attempts <= 20; attempts += 1) {
    const full = Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** (attempts - 1))
    assert.equal(retryDelay(attempts, 0), Math.round(full / 2))
    assert.equal(retryDelay(attempts, 0.999_999_999), full)
  }
  assert.ok(new Set(Array.from({ length: 20 }, () => retryDelay(5))).size > 10)
})
