/** Generated OTLP requests over every field and every type of value, with what breaks codecs overrepresented. */

import fc from 'fast-check'
import {
  type AnyValue,
  type KeyValue,
  KeyValueList,
  type LogRecord,
  type LogsRequest,
  type Span,
  type TraceRequest,
} from '../../src/index.ts'
import { anyCharacter } from './any-character.ts'

/** A request that fails takes long to shrink: better a large counterexample than a test that seems to hang. */
fc.configureGlobal({ interruptAfterTimeLimit: 30_000, markInterruptAsFailure: true })

const awkwardNumbers = [-0, Number.NaN, Infinity, -Infinity, 1e300, 5e-324, 2 ** 53, -(2 ** 63), 0.1]
const int64Edges = [0n, -1n, 127n, 128n, 2n ** 31n, 2n ** 32n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)]
const awkwardTexts = [
  '',
  '\0',
  '__proto__',
  'constructor',
  'toString',
  '\ufeffbom',
  '\u2028',
  '\ufffd',
  '</script>',
]

/** Text that UTF-8 can hold, of the lengths at which the reader changes its ways. */
export const text = (): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.string({ unit: anyCharacter }) },
    { weight: 4, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 80 }) },
    { weight: 1, arbitrary: fc.constantFrom(...awkwardTexts) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          fc.constantFrom(63, 64, 65, 127, 128, 255, 256, 257, 16_383, 16_384),
          fc.constantFrom('a', 'é', '漢'),
        )
        .map(([length, unit]) => unit.repeat(length)),
    },
  )

/** Any UTF-16, lone surrogates included, which UTF-8 cannot hold. */
export const anyText = (): fc.Arbitrary<string> =>
  fc.oneof(
    text(),
    fc
      .array(fc.constantFrom('a', '\ud800', '\udbff', '\udc00', '\udfff', '😀'))
      .map((units) => units.join('')),
  )

const bytes = (): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength: 40 })
const double = (): fc.Arbitrary<number> =>
  fc.oneof(fc.double(), fc.constantFrom(...awkwardNumbers), fc.integer())
const int64 = (): fc.Arbitrary<bigint> =>
  fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.constantFrom(...int64Edges))
const uint64 = (): fc.Arbitrary<bigint> =>
  fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.constantFrom(0n, 2n ** 63n, 2n ** 64n - 1n))
const uint32 = (): fc.Arbitrary<number> =>
  fc.oneof(
    fc.constant(0),
    fc.nat({ max: 0xffff_ffff }),
    fc.constantFrom(0x7f, 0x80, 0x3fff, 0x8000_0000, 0xffff_ffff),
  )
const enumeration = (): fc.Arbitrary<number> =>
  fc.oneof(fc.integer({ min: 0, max: 6 }), fc.constantFrom(-1, 0x7fff_ffff, -0x8000_0000))

const anyValue = (string: fc.Arbitrary<string>): fc.Arbitrary<AnyValue> =>
  fc.letrec<{ value: AnyValue; pair: KeyValue }>((tie) => ({
    pair: fc.record({ key: string, value: tie('value') }, { noNullPrototype: true }),
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      { weight: 4, arbitrary: string },
      { weight: 1, arbitrary: fc.boolean() },
      { weight: 2, arbitrary: int64() },
      { weight: 2, arbitrary: double() },
      { weight: 1, arbitrary: bytes() },
      { weight: 1, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.array(tie('value'), { maxLength: 4 }) },
      {
        weight: 1,
        arbitrary: fc.array(tie('pair'), { maxLength: 4 }).map((pairs) => new KeyValueList(pairs)),
      },
    ),
  })).value

const attributes = (string: fc.Arbitrary<string>): fc.Arbitrary<KeyValue[]> =>
  fc.array(plain<KeyValue>({ key: string, value: anyValue(string) }), { maxLength: 6 })

const traceId = (): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.uint8Array({ minLength: 16, maxLength: 16 }) },
    { weight: 1, arbitrary: bytes() },
  )
const spanId = (): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.uint8Array({ minLength: 8, maxLength: 8 }) },
    { weight: 1, arbitrary: bytes() },
  )

const span = (string: fc.Arbitrary<string>): fc.Arbitrary<Span> =>
  plain<Span>({
    traceId: traceId(),
    spanId: spanId(),
    traceState: string,
    parentSpanId: spanId(),
    flags: uint32(),
    name: string,
    kind: enumeration(),
    startTimeUnixNano: uint64(),
    endTimeUnixNano: uint64(),
    attributes: attributes(string),
    droppedAttributesCount: uint32(),
    events: fc.array(
      plain<Span['events'][number]>({
        timeUnixNano: uint64(),
        name: string,
        attributes: attributes(string),
        droppedAttributesCount: uint32(),
      }),
      { maxLength: 3 },
    ),
    droppedEventsCount: uint32(),
    links: fc.array(
      plain<Span['links'][number]>({
        traceId: traceId(),
        spanId: spanId(),
        traceState: string,
        attributes: attributes(string),
        droppedAttributesCount: uint32(),
        flags: uint32(),
      }),
      { maxLength: 3 },
    ),
    droppedLinksCount: uint32(),
    status: plain<Span['status']>({ message: string, code: enumeration() }),
  })

/** A request whose texts are drawn from `string`. */
export const traceRequest = (string: fc.Arbitrary<string> = text()): fc.Arbitrary<TraceRequest> =>
  plain<TraceRequest>({
    resourceSpans: fc.array(
      plain<TraceRequest['resourceSpans'][number]>({
        resource: plain({ attributes: attributes(string), droppedAttributesCount: uint32() }),
        scopeSpans: fc.array(
          plain<TraceRequest['resourceSpans'][number]['scopeSpans'][number]>({
            scope: plain({
              name: string,
              version: string,
              attributes: attributes(string),
              droppedAttributesCount: uint32(),
            }),
            spans: fc.array(span(string), { maxLength: 3 }),
            schemaUrl: string,
          }),
          { maxLength: 2 },
        ),
        schemaUrl: string,
      }),
      { maxLength: 2 },
    ),
  })

const logRecord = (string: fc.Arbitrary<string>): fc.Arbitrary<LogRecord> =>
  plain<LogRecord>({
    timeUnixNano: uint64(),
    observedTimeUnixNano: uint64(),
    severityNumber: enumeration(),
    severityText: string,
    body: anyValue(string),
    attributes: attributes(string),
    droppedAttributesCount: uint32(),
    flags: uint32(),
    traceId: traceId(),
    spanId: spanId(),
    eventName: string,
  })

/** An export of logs whose texts are drawn from `string`. */
export const logsRequest = (string: fc.Arbitrary<string> = text()): fc.Arbitrary<LogsRequest> =>
  plain<LogsRequest>({
    resourceLogs: fc.array(
      plain<LogsRequest['resourceLogs'][number]>({
        resource: plain({ attributes: attributes(string), droppedAttributesCount: uint32() }),
        scopeLogs: fc.array(
          plain<LogsRequest['resourceLogs'][number]['scopeLogs'][number]>({
            scope: plain({
              name: string,
              version: string,
              attributes: attributes(string),
              droppedAttributesCount: uint32(),
            }),
            logRecords: fc.array(logRecord(string), { maxLength: 3 }),
            schemaUrl: string,
          }),
          { maxLength: 2 },
        ),
        schemaUrl: string,
      }),
      { maxLength: 2 },
    ),
  })

/** Records with the prototype of the objects that the decoders make. */
function plain<T>(model: { readonly [Key in keyof T]: fc.Arbitrary<T[Key]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>
}
