/** What one span may hold: both sides of each limit, and that what did not fit is counted. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Attributes, type Span, trace } from '@opentelemetry/api'
import type { SpanLimits } from '../src/trace/span-limits.ts'
import { defaultSpanLimits } from '../src/trace/span-limits.ts'
import type { ReceivedSpan } from './support/decode.ts'
import { traced } from './support/traced.ts'

async function limited(limits: Partial<SpanLimits>, work: (span: Span) => void): Promise<ReceivedSpan> {
  const { spans } = await traced(
    () => {
      const span = trace.getTracer('limits').startSpan('s')
      work(span)
      span.end()
    },
    { config: { spanLimits: { ...defaultSpanLimits, ...limits } } },
  )
  return spans[0]!
}

const many = (count: number): Attributes =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i]))
const link = { context: { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: 1 } }

suite('attributes', () => {
  test('128 fit by default, the 129th is counted', async () => {
    const fits = await limited({}, (span) => span.setAttributes(many(128)))
    assert.equal(Object.keys(fits.attributes).length, 128)
    assert.equal(fits.droppedAttributes, 0)
    const over = await limited({}, (span) => span.setAttributes(many(129)))
    assert.equal(Object.keys(over.attributes).length, 128)
    assert.equal(over.droppedAttributes, 1)
    assert.equal(over.attributes.k127, 127n)
  })

  test('10,000 cost one span its surplus and nothing else', async () => {
    const { spans } = await traced(() => {
      trace
        .getTracer('limits')
        .startSpan('at the start', { attributes: many(10_000) })
        .end()
      trace.getTracer('limits').startSpan('later').setAttributes(many(10_000)).end()
      trace.getTracer('limits').startSpan('next').end()
    })
    assert.deepEqual(
      spans.map(({ attributes, droppedAttributes }) => [Object.keys(attributes).length, droppedAttributes]),
      [
        [128, 9872],
        [128, 9872],
        [0, 0],
      ],
    )
  })

  test('a full span still takes new values of the keys it has', async () => {
    const span = await limited({ attributeCount: 2 }, (span) => {
      span.setAttributes({ a: 1, b: 2, c: 3 }).setAttribute('a', 'new')
    })
    assert.deepEqual(span.attributes, { a: 'new', b: 2n })
    assert.equal(span.droppedAttributes, 1)
  })

  test('a limit of zero keeps none', async () => {
    const span = await limited({ attributeCount: 0 }, (span) => span.setAttributes({ a: 1, b: 2 }))
    assert.deepEqual([span.attributes, span.droppedAttributes], [{}, 2])
  })

  test('values are cut to their length: texts, texts in lists and objects, bytes', async () => {
    const span = await limited({ attributeValueLength: 3 }, (span) => {
      span
        .setAttributes({ short: 'abc', long: 'abcd', list: ['abcd', 'e'], number: 12_345 })
        .setAttribute('object', { deep: 'abcd' } as never)
        .setAttribute('bytes', Uint8Array.of(1, 2, 3, 4) as never)
      span.addEvent('event name is no value', { long: 'abcd' })
      span.addLink({ ...link, attributes: { long: 'abcd' } })
    })
    assert.deepEqual(span.attributes, {
      short: 'abc',
      long: 'abc',
      list: ['abc', 'e'],
      number: 12_345n,
      object: { deep: 'abc' },
      bytes: Uint8Array.of(1, 2, 3),
    })
    assert.equal(span.events[0]!.name, 'event name is no value')
    assert.deepEqual(span.events[0]!.attributes, { long: 'abc' })
    assert.deepEqual(span.links[0]!.attributes, { long: 'abc' })
  })

  test('a value cut between the halves of a pair is still valid UTF-8', async () => {
    const span = await limited({ attributeValueLength: 2 }, (span) => span.setAttribute('v', 'a😀b'))
    assert.equal(span.attributes.v, 'a\ufffd')
  })
})

suite('events', () => {
  test('the newest 128 stay, the rest is counted', async () => {
    const span = await limited({}, (span) => {
      for (let i = 0; i < 130; i++) span.addEvent(`e${i}`)
    })
    assert.equal(span.events.length, 128)
    assert.equal(span.droppedEvents, 2)
    assert.equal(span.events[0]!.name, 'e2')
    assert.equal(span.events[127]!.name, 'e129')
  })

  test('100,000 cost one span its surplus', async () => {
    const span = await limited({}, (span) => {
      for (let i = 0; i < 100_000; i++) span.addEvent('e')
    })
    assert.deepEqual([span.events.length, span.droppedEvents], [128, 99_872])
  })

  test('a limit of zero keeps none', async () => {
    const span = await limited({ eventCount: 0 }, (span) => span.addEvent('a').recordException('b'))
    assert.deepEqual([span.events, span.droppedEvents], [[], 2])
  })

  test('attributes of one event have a limit of their own', async () => {
    const span = await limited({ eventAttributeCount: 2 }, (span) => span.addEvent('e', { a: 1, b: 2, c: 3 }))
    assert.deepEqual(span.events[0]!.attributes, { a: 1n, b: 2n })
    assert.equal(span.events[0]!.droppedAttributes, 1)
    assert.equal(span.droppedAttributes, 0)
  })
})

suite('links', () => {
  test('128 fit, the rest is counted', async () => {
    const span = await limited({}, (span) => {
      for (let i = 0; i < 130; i++) span.addLink({ ...link, attributes: { i } })
    })
    assert.deepEqual([span.links.length, span.droppedLinks], [128, 2])
  })

  test('a limit of zero keeps none', async () => {
    const span = await limited({ linkCount: 0 }, (span) => span.addLink(link))
    assert.deepEqual([span.links, span.droppedLinks], [[], 1])
  })

  test('attributes of one link have a limit of their own', async () => {
    const span = await limited({ linkAttributeCount: 1 }, (span) =>
      span.addLink({ ...link, attributes: { a: 1, b: 2 } }),
    )
    assert.deepEqual(span.links[0]!.attributes, { a: 1n })
    assert.equal(span.links[0]!.droppedAttributes, 1)
  })
})
