/** B3, Jaeger, X-Ray and OT Trace beside the official propagators, with generated spans and headers, in both directions. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  createTraceState,
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  type TextMapPropagator,
  trace,
} from '@opentelemetry/api'
import { suppressTracing } from '@opentelemetry/core'
import { AWSXRayPropagator } from '@opentelemetry/propagator-aws-xray'
import { B3InjectEncoding, B3Propagator as OfficialB3 } from '@opentelemetry/propagator-b3'
import { JaegerPropagator as OfficialJaeger } from '@opentelemetry/propagator-jaeger'
import { OTTracePropagator } from '@opentelemetry/propagator-ot-trace'
import fc from 'fast-check'
import { B3Propagator } from '../../src/context/b3-propagator.ts'
import { JaegerPropagator } from '../../src/context/jaeger-propagator.ts'
import { OtTracePropagator } from '../../src/context/ot-trace-propagator.ts'
import { XrayPropagator } from '../../src/context/xray-propagator.ts'
import { anyCharacter } from '../support/any-character.ts'

type Carrier = Record<string, unknown>

interface Pair {
  readonly name: string
  readonly ours: TextMapPropagator
  readonly theirs: TextMapPropagator
  /** Headers near the format's grammar, inside and outside of it. */
  readonly headers: fc.Arbitrary<Carrier>
}

const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
const traceId = fc.oneof(hex(32), hex(16), fc.constantFrom('0'.repeat(32), '0'.repeat(16)))
const spanId = fc.oneof(hex(16), fc.constant('0'.repeat(16)))
const word = fc.oneof(fc.string(), hex(15), hex(17), hex(31), fc.constantFrom('', '-', '0', '1', 'x'))
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const b3Ids = fc.tuple(fc.oneof(traceId, word), fc.oneof(spanId, word))
const xray = (root: string, parent: string, sampled: string) =>
  `Root=1-${root.slice(0, 8)}-${root.slice(8)};Parent=${parent};Sampled=${sampled}`

const pairs: readonly Pair[] = [
  {
    name: 'b3',
    ours: new B3Propagator('single'),
    theirs: new OfficialB3(),
    headers: fc.oneof(
      fc
        .tuple(traceId, spanId, fc.constantFrom('0', '1', 'd'))
        .map(([trace, span, decision]) => ({ b3: `${trace}-${span}-${decision}` })),
      fc
        .tuple(traceId, spanId, fc.constantFrom('0', '1', 'd'), hex(16))
        .map((parts) => ({ b3: parts.join('-') })),
    ),
  },
  {
    name: 'b3multi',
    ours: new B3Propagator('multi'),
    theirs: new OfficialB3({ injectEncoding: B3InjectEncoding.MULTI_HEADER }),
    headers: fc
      .tuple(
        b3Ids,
        fc.constantFrom('0', '1', 'true', 'false', 'True', 'x'),
        optional(fc.constant('1')),
        optional(hex(16)),
      )
      .map(([[trace, span], sampled, flags, parent]) => ({
        'x-b3-traceid': trace,
        'x-b3-spanid': span,
        'x-b3-sampled': sampled,
        ...(flags !== undefined && { 'x-b3-flags': flags }),
        ...(parent !== undefined && { 'x-b3-parentspanid': parent }),
      }))
      // A decision without ids is taken by us alone; so is debug beside an invalid decision.
      .filter((headers) => !('x-b3-flags' in headers) || headers['x-b3-sampled'] !== 'x'),
  },
  {
    name: 'jaeger',
    ours: new JaegerPropagator(),
    theirs: new OfficialJaeger(),
    headers: fc
      .tuple(traceId, spanId, fc.constantFrom('0', ''), fc.constantFrom('00', '01', '02', '03'), fc.boolean())
      .map(([trace, span, parent, flags, encoded]) => {
        const text = [trace, span, parent, flags].join(':')
        return { 'uber-trace-id': encoded ? encodeURIComponent(text) : text, 'uberctx-plan': 'go%20ld' }
      }),
  },
  {
    name: 'xray',
    ours: new XrayPropagator(),
    theirs: new AWSXRayPropagator(),
    headers: fc
      .tuple(
        fc.oneof(hex(32), word),
        fc.oneof(spanId, word),
        fc.constantFrom('0', '1', '2', 'x'),
        fc.boolean(),
      )
      .map(([root, parent, sampled, more]) => ({
        'x-amzn-trace-id': `${more ? 'Self=1-2-3; ' : ''}${xray(root, parent, sampled)}${more ? ';Lineage=a:1' : ''}`,
      })),
  },
  {
    name: 'ottrace',
    ours: new OtTracePropagator(),
    theirs: new OTTracePropagator(),
    headers: fc.tuple(b3Ids, fc.constantFrom('true', 'false', 'x', '')).map(([[trace, span], sampled]) => ({
      'ot-tracer-traceid': trace,
      'ot-tracer-spanid': span,
      'ot-tracer-sampled': sampled,
      'ot-baggage-plan': 'gold',
    })),
  },
]

const context: fc.Arbitrary<SpanContext> = fc.record(
  {
    traceId: fc.oneof(hex(32), fc.constantFrom('0'.repeat(32), 'f'.repeat(32))),
    spanId: fc.oneof(hex(16), fc.constantFrom('0'.repeat(16), 'f'.repeat(16))),
    // The random flag is Jaeger's debug flag: only ours keeps it to itself.
    traceFlags: fc.constantFrom(0, 1),
    traceState: fc.constantFrom('a=1').map(createTraceState),
  },
  { requiredKeys: ['traceId', 'spanId', 'traceFlags'] },
)
const members = fc.dictionary(
  fc.string({ unit: fc.constantFrom(...'abcxyz-0'), minLength: 1, maxLength: 8 }),
  fc.record({ value: fc.string({ unit: fc.constantFrom(...'abc 1%;=,'), maxLength: 8 }) }),
  { maxKeys: 4, noNullPrototype: true },
)

function inject(
  by: TextMapPropagator,
  span: SpanContext,
  baggage: Record<string, { value: string }> = {},
): Carrier {
  const carrier: Carrier = {}
  const within = propagation.setBaggage(ROOT_CONTEXT, propagation.createBaggage(baggage))
  by.inject(trace.setSpanContext(within, span), carrier, defaultTextMapSetter)
  return carrier
}

function extract(by: TextMapPropagator, carrier: Carrier) {
  const extracted = by.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter)
  const span = trace.getSpanContext(extracted)
  const baggage = propagation.getBaggage(extracted)?.getAllEntries()
  const valid = span !== undefined && !/^0+$/.test(span.traceId) && !/^0+$/.test(span.spanId)
  return {
    span: valid ? [span.traceId, span.spanId, span.traceFlags & 1, span.isRemote] : undefined,
    baggage: baggage?.map(([key, { value }]) => [key, value]) ?? [],
  }
}

for (const { name, ours, theirs, headers } of pairs) {
  suite(name, () => {
    const valid = context.filter((span) => !/^0+$/.test(span.traceId) && !/^0+$/.test(span.spanId))

    test('both write the same headers', () => {
      fc.assert(
        fc.property(valid, members, (span, baggage) => {
          assert.deepEqual(inject(ours, span, baggage), inject(theirs, span, baggage))
        }),
      )
    })

    test('each reads what the other writes', () => {
      fc.assert(
        fc.property(valid, members, (span, baggage) => {
          const fromTheirs = extract(ours, inject(theirs, span, baggage))
          assert.deepEqual(fromTheirs, extract(theirs, inject(ours, span, baggage)))
          assert.equal(fromTheirs.span?.[1], span.spanId)
        }),
      )
    })

    test('both read headers near the grammar alike', () => {
      fc.assert(
        fc.property(headers, (carrier) => {
          const { span, baggage } = extract(theirs, carrier)
          // Ids of upper case are the same ids.
          const expected = span?.map((part) => (typeof part === 'string' ? part.toLowerCase() : part))
          assert.deepEqual(extract(ours, carrier), { span: expected, baggage })
        }),
        { numRuns: 500 },
      )
    })

    test('any text and anything else is read without an error', () => {
      const anything = fc.oneof(fc.string({ unit: anyCharacter }), fc.anything())
      fc.assert(
        fc.property(anything, fc.boolean(), (value, many) => {
          const carrier = Object.fromEntries(
            ours.fields().map((field) => [field, many ? [value, value] : value]),
          )
          const { span } = extract(ours, carrier)
          if (span !== undefined) assert.match(span.slice(0, 2).join('-'), /^[0-9a-f]{32}-[0-9a-f]{16}$/)
        }),
      )
    })

    test('nothing is written for no span, an invalid one, or while tracing is suppressed', () => {
      const carrier: Carrier = {}
      const span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 }
      const baggage = propagation.setBaggage(ROOT_CONTEXT, propagation.createBaggage({ a: { value: '1' } }))
      ours.inject(ROOT_CONTEXT, carrier, defaultTextMapSetter)
      ours.inject(trace.setSpanContext(ROOT_CONTEXT, { ...span, spanId: '' }), carrier, defaultTextMapSetter)
      ours.inject(trace.setSpanContext(suppressTracing(baggage), span), carrier, defaultTextMapSetter)
      assert.deepEqual(carrier, {})
    })
  })
}
