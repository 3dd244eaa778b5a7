/**
 * What processors read of our spans is what is exported: the official serializer, given our spans, writes what our pipeline sends, for random
 * programs; and what processors change is exported, too.
 */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Attributes, context, createTraceState, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import type { ReadableSpan as OfficialReadableSpan } from '@opentelemetry/sdk-trace'
import { attributeKey, prepareAttributes } from '@rustok/otlp'
import fc from 'fast-check'
import { correlate } from '../../src/correlate.ts'
import type { ReadableSpan } from '../../src/plug/interfaces.ts'
import { RecordingSpan } from '../../src/trace/recording-span.ts'
import { decodeRequest } from '../support/decode.ts'
import { processorOf } from '../support/processor.ts'
import { program, run } from '../support/random-program.ts'
import { traced } from '../support/traced.ts'

const tracer = () =>
  trace.getTracerProvider().getTracer('plugged', '1.0.0', { schemaUrl: 'https://example.com/schema' })
const serialized = (spans: readonly ReadableSpan[]) =>
  decodeRequest(ProtobufTraceSerializer.serializeRequest(spans as OfficialReadableSpan[])!)

suite('reading', () => {
  test('the official serializer writes of our spans what our pipeline sends, for random programs', async () => {
    let compared = 0
    const property = fc.asyncProperty(program, fc.boolean(), async (steps, atTheEnd) => {
      const ended: ReadableSpan[] = []
      const onEnd = (span: ReadableSpan) => {
        ended.push(span)
        // Read before it is encoded, it is encoded from what was read.
        if (!atTheEnd) serialized([span])
      }
      const { requests } = await traced(() => void run(steps, tracer()), {
        spanProcessors: [processorOf({ onEnd })],
      })
      if (ended.length === 0) return assert.equal(requests.length, 0)
      compared += ended.length
      assert.deepEqual(requests, [serialized(ended)])
    })
    await fc.assert(property, { numRuns: 60 })
    assert.ok(compared > 100, `only ${compared} spans were compared`)
  })

  test('a span is the same object from its start to its end, and keeps what it has', async () => {
    const seen: ReadableSpan[][] = [[], [], []]
    const { spans } = await traced(
      () => {
        const span = tracer().startSpan('s', { kind: 2, attributes: { a: 1 }, startTime: [100, 5] })
        span.addEvent('e', { x: 'y' }, [101, 0]).setStatus({ code: 2, message: 'm' }).end([103, 4])
        assert.equal(seen[0]![0], span)
      },
      {
        spanProcessors: [
          processorOf({
            onStart: (span) => void seen[0]!.push(span),
            onEnding: (span) => void seen[1]!.push(span),
            onEnd: (span) => void seen[2]!.push(span),
          }),
        ],
      },
    )
    const [[first], [second], [third]] = seen as [[ReadableSpan], [ReadableSpan], [ReadableSpan]]
    assert.equal(first, second)
    assert.equal(first, third)
    assert.deepEqual(
      [third.name, third.kind, third.attributes, third.startTime, third.endTime, third.duration, third.ended],
      ['s', 2, { a: 1 }, [100, 5], [103, 4], [2, 999_999_999], true],
    )
    assert.deepEqual(third.events, [
      { name: 'e', time: [101, 0], attributes: { x: 'y' }, droppedAttributesCount: 0 },
    ])
    assert.deepEqual(third.status, { code: 2, message: 'm' })
    assert.deepEqual(third.instrumentationScope, {
      name: 'plugged',
      version: '1.0.0',
      schemaUrl: 'https://example.com/schema',
    })
    assert.equal(third.resource.attributes['service.name'], 'rustok-server')
    assert.equal(spans.length, 1)
  })

  test('a parent from afar, its state and its children are told', async () => {
    const remote = {
      traceId: 'ab'.repeat(16),
      spanId: 'cd'.repeat(8),
      traceFlags: 1,
      isRemote: true,
      traceState: createTraceState('a=1'),
    }
    const ended: ReadableSpan[] = []
    await traced(
      () => {
        const parent = tracer().startSpan('p', {}, trace.setSpanContext(ROOT_CONTEXT, remote))
        tracer().startSpan('c', {}, trace.setSpan(ROOT_CONTEXT, parent)).end()
        parent.end()
        tracer().startSpan('root', { root: true }).end()
      },
      { spanProcessors: [processorOf({ onEnd: (span) => void ended.push(span) })] },
    )
    const [child, parent, root] = ended as [ReadableSpan, ReadableSpan, ReadableSpan]
    assert.equal(parent.parentSpanContext?.isRemote, true)
    assert.equal(parent.parentSpanContext?.spanId, remote.spanId)
    assert.equal(parent.spanContext().traceState?.serialize(), 'a=1')
    assert.deepEqual(child.parentSpanContext, parent.spanContext())
    assert.equal(root.parentSpanContext, undefined)
  })

  test('tenant and user, and what instrumentation prepares, are among the attributes', async () => {
    const key = attributeKey('prepared.once')
    const set = prepareAttributes([key, 'p'])
    const ended: Attributes[] = []
    const { spans } = await traced(
      () =>
        correlate({ tenantId: 'acme', userId: 'ann' }, () => {
          const span = tracer().startSpan('s')
          assert.ok(span instanceof RecordingSpan)
          span.prepared1 = set
          span.setAttribute('own', 1).end()
        }),
      {
        spanProcessors: [
          processorOf({
            onStart: (span) => void ended.push({ ...span.attributes }),
            onEnd: (span) => void ended.push({ ...span.attributes }),
          }),
        ],
      },
    )
    const expected = { tenant_id: 'acme', user_id: 'ann', 'prepared.once': 'p', own: 1 }
    assert.deepEqual(ended, [{ tenant_id: 'acme', user_id: 'ann' }, expected])
    assert.deepEqual(spans[0]!.attributes, { ...expected, own: 1n })
  })
})

suite('changing', () => {
  test('what a processor sets at the start and at the end arrives', async () => {
    const { spans } = await traced(
      () =>
        tracer()
          .startSpan('s', { attributes: { given: 'g' } })
          .end(),
      {
        spanProcessors: [
          processorOf({
            onStart: (span) => void span.setAttribute('start', span.attributes.given as string),
            onEnding: (span) => void span.setAttribute('ending', 1).updateName('renamed').addEvent('e'),
            onEnd: (span) =>
              void (span as unknown as { setAttribute(k: string, v: string): void }).setAttribute(
                'late',
                'x',
              ),
          }),
        ],
      },
    )
    const [span] = spans
    assert.deepEqual(span!.attributes, { given: 'g', start: 'g', ending: 1n })
    assert.deepEqual([span!.name, span!.events.map(({ name }) => name)], ['renamed', ['e']])
  })

  test('what a processor changes in what it was given arrives: attributes, events, links, status, name', async () => {
    const link = { context: { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: 1 } }
    const { spans } = await traced(
      () => {
        const span = tracer().startSpan('s', { attributes: { card: '4111', keep: 'k' }, links: [link] })
        span.addEvent('e', { card: '4111' }).setStatus({ code: 2, message: 'card 4111' })
        span.end()
      },
      {
        spanProcessors: [
          processorOf({
            onEnd(span) {
              span.attributes.card = '****'
              delete span.attributes.keep
              span.attributes.added = true
              span.events[0]!.attributes!.card = '****'
              span.links.pop()
              span.status.message = 'card ****'
              ;(span as { name: string }).name = 'renamed'
            },
          }),
        ],
      },
    )
    const [span] = spans
    assert.deepEqual(span!.attributes, { card: '****', added: true })
    assert.deepEqual(span!.events[0]!.attributes, { card: '****' })
    assert.deepEqual(span!.links, [])
    assert.deepEqual([span!.name, span!.status], ['renamed', { code: 2, message: 'card ****' }])
  })

  test('what a processor puts in their place arrives', async () => {
    const { spans } = await traced(
      () =>
        tracer()
          .startSpan('s', { attributes: { a: 1 } })
          .end(),
      {
        spanProcessors: [
          processorOf({
            onEnd: (span) => void Object.assign(span, { attributes: { b: 2 }, status: { code: 1 } }),
          }),
        ],
      },
    )
    assert.deepEqual([spans[0]!.attributes, spans[0]!.status.code], [{ b: 2n }, 1])
  })

  test('attributes read while the span is open stay in step with what is set', async () => {
    const seen: Attributes[] = []
    const { spans } = await traced(
      () => {
        const span = tracer().startSpan('s', { attributes: { a: 1 } })
        span.setAttributes({ a: 2, b: 'new' })
        context.with(trace.setSpan(ROOT_CONTEXT, span), () => correlate({ tenantId: 'acme' }, () => {}))
        span.end()
      },
      {
        spanProcessors: [
          processorOf({
            onStart: (span) => void seen.push({ ...span.attributes }),
            onEnd: (span) => void seen.push({ ...span.attributes }),
          }),
        ],
      },
    )
    assert.deepEqual(seen, [{ a: 1 }, { a: 2, b: 'new', tenant_id: 'acme' }])
    assert.deepEqual(spans[0]!.attributes, { a: 2n, b: 'new', tenant_id: 'acme' })
  })

  test('secrets that a processor puts in are taken out like any others', async () => {
    const { spans } = await traced(() => tracer().startSpan('s').end(), {
      spanProcessors: [
        processorOf({
          onEnd(span) {
            span.attributes['url.full'] = 'https://u:p@example.com/'
          },
        }),
      ],
    })
    assert.doesNotMatch(String(spans[0]!.attributes['url.full']), /u:p/)
  })

  test('what cannot be read of a change leaves the span as it was recorded', async () => {
    const { spans, ledger } = await traced(
      () =>
        tracer()
          .startSpan('s', { attributes: { a: 1 } })
          .end(),
      {
        spanProcessors: [processorOf({ onEnd: (span) => void (span.events as unknown[]).push(null) })],
      },
    )
    assert.deepEqual(spans[0]!.attributes, { a: 1n })
    assert.equal(ledger.exported, 1)
  })
})
