/** Generated values of the OTLP model: everything that a sender can say. */

import {
  type AnyValue,
  type KeyValue,
  KeyValueList,
  type Span,
  type SpanEvent,
  type SpanLink,
} from '@rustok/otlp'
import fc from 'fast-check'
import { anyCharacter } from './any-character.ts'

/** Of any characters, but well formed: a lone surrogate does not survive UTF-8. */
const text = fc.string({ unit: anyCharacter, maxLength: 60 }).map((value) => value.toWellFormed())
/** Plain objects, as the decoders make them. */
const record = <Model>(fields: { [Key in keyof Model]: fc.Arbitrary<Model[Key]> }) =>
  fc.record(fields, { noNullPrototype: true })
const key = fc.oneof(text, fc.constantFrom('tenant=id', '\\', '=', '__proto__', 'a.b', '', 'x:s=y', '\0'))
const uint32 = fc.nat({ max: 0xffff_ffff })
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
/** Not all zeros. */
const id = (length: number) => bytes(length).filter((value) => value.some((byte) => byte !== 0))

export const anyValue: fc.Arbitrary<AnyValue> = fc.letrec<{ value: AnyValue; pair: KeyValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    text,
    fc.boolean(),
    int64,
    fc.double(),
    fc.uint8Array({ maxLength: 20 }),
    fc.constant(undefined),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(tie('pair'), { maxLength: 4 }).map((values) => new KeyValueList(values)),
  ),
  pair: record({ key, value: tie('value') }),
})).value

export const keyValue: fc.Arbitrary<KeyValue> = record({ key, value: anyValue })
const keyValues = fc.array(keyValue, { maxLength: 5 })

const spanEvent: fc.Arbitrary<SpanEvent> = record({
  timeUnixNano: uint64,
  name: text,
  attributes: keyValues,
  droppedAttributesCount: uint32,
})

const spanLink: fc.Arbitrary<SpanLink> = record({
  traceId: bytes(16),
  spanId: bytes(8),
  traceState: text,
  attributes: keyValues,
  droppedAttributesCount: uint32,
  flags: uint32,
})

export const anySpan: fc.Arbitrary<Span> = record({
  traceId: id(16),
  spanId: id(8),
  traceState: text,
  parentSpanId: fc.oneof(fc.constant(new Uint8Array(0)), id(8)),
  flags: uint32,
  name: text,
  kind: fc.oneof(fc.nat({ max: 5 }), fc.integer()),
  startTimeUnixNano: uint64,
  endTimeUnixNano: uint64,
  attributes: keyValues,
  droppedAttributesCount: uint32,
  events: fc.array(spanEvent, { maxLength: 3 }),
  droppedEventsCount: uint32,
  links: fc.array(spanLink, { maxLength: 3 }),
  droppedLinksCount: uint32,
  status: record({ message: text, code: fc.oneof(fc.nat({ max: 2 }), fc.integer()) }),
})
