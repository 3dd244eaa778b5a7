import assert from 'node:assert/strict'
import { constants } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeLogsRequest, decodeTraceRequest, MalformedOtlpError, type TraceRequest } from '../src/index.ts'
import { traceRequest } from './support/arbitrary.ts'
import { bytesByReference } from './support/reference.ts'
import { concat, group, message, number, spanRequest, varint } from './support/wire.ts'

/** A request of some kilobytes with everything in it. */
const sample = fc
  .sample(traceRequest(), { seed: 5, numRuns: 200 })
  .map(bytesByReference)
  .filter((bytes) => bytes.length < 3000)
  .reduce((largest, bytes) => (bytes.length > largest.length ? bytes : largest))

/** The request, or undefined when it is refused in the one way that is allowed. */
function decodeOrRefuse(bytes: Uint8Array): TraceRequest | undefined {
  try {
    return decodeTraceRequest(bytes)
  } catch (error) {
    assert.ok(error instanceof MalformedOtlpError, `threw ${error}`)
    assert.ok(error.offset !== undefined && error.offset <= bytes.length, error.message)
    return undefined
  }
}

test('reads or refuses a request cut off at every byte', () => {
  assert.ok(sample.length > 2000)
  let refused = 0
  for (let length = 0; length < sample.length; length++) {
    if (decodeOrRefuse(sample.subarray(0, length)) === undefined) refused++
  }
  assert.ok(refused > sample.length / 2, `${refused} of ${sample.length} were refused`)
})

test('does not read beyond the end of a view that cuts a request off', () => {
  const bytes = spanRequest(message(5, 'name'))
  for (let length = 1; length < bytes.length; length++) {
    assert.throws(() => decodeTraceRequest(bytes.subarray(0, length)), MalformedOtlpError)
  }
})

test('reads or refuses a request with any one bit flipped', () => {
  const bytes = sample.slice()
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    bytes[bit >> 3]! ^= 1 << (bit & 7)
    decodeOrRefuse(bytes)
    bytes[bit >> 3]! ^= 1 << (bit & 7)
  }
})

test('reads or refuses a request with any bytes overwritten', () => {
  const patch = fc.record({ at: fc.nat(), bytes: fc.uint8Array({ minLength: 1, maxLength: 6 }) })
  fc.assert(
    fc.property(traceRequest(), fc.array(patch, { minLength: 1, maxLength: 4 }), (request, patches) => {
      const bytes = bytesByReference(request)
      for (const { at, bytes: overwrite } of patches) {
        if (bytes.length > overwrite.length) bytes.set(overwrite, at % (bytes.length - overwrite.length))
      }
      decodeOrRefuse(bytes)
    }),
    { numRuns: 500 },
  )
})

test('reads or refuses any bytes at all', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      decodeOrRefuse(bytes)
      decodeOrRefuse(spanRequest(bytes))
      decodeOrRefuse(spanRequest(message(9, message(2, bytes))))
    }),
    { numRuns: 2000 },
  )
})

test('names the message, the field and the byte', () => {
  assert.throws(() => decodeTraceRequest(concat(spanRequest(), message(1, Uint8Array.of(0x1a, 9)))), {
    name: 'MalformedOtlpError',
    code: 'OTLP_MALFORMED',
    where: 'ResourceSpans.schemaUrl',
    offset: 10,
    message:
      'ResourceSpans.schemaUrl: a length of 9 runs past the end of its message at byte 10 (at byte 10)',
  })
})

const tooLong = new Uint8Array(11).fill(0x80)
const value = (...parts: Uint8Array[]) => spanRequest(message(9, message(2, ...parts)))

const faults: readonly (readonly [what: string, bytes: Uint8Array, where: string, reason: RegExp])[] = [
  [
    'an id of 2 GiB',
    spanRequest(concat(Uint8Array.of(0x0a), varint(2 ** 31))),
    'Span.traceId',
    /2147483648 runs past/,
  ],
  [
    'a name of 4 GiB',
    spanRequest(concat(Uint8Array.of(0x2a), varint(2 ** 32 - 1))),
    'Span.name',
    /runs past/,
  ],
  [
    'a time of 7 bytes',
    spanRequest(concat(Uint8Array.of(0x39), new Uint8Array(7))),
    'Span.startTimeUnixNano',
    /runs past/,
  ],
  ['flags of 3 bytes', spanRequest(Uint8Array.of(0x85, 0x01, 1, 2, 3)), 'Span.flags', /runs past/],
  ['a kind without its value', spanRequest(Uint8Array.of(0x30)), 'Span.kind', /varint runs past/],
  [
    'a count that does not end',
    spanRequest(Uint8Array.of(0x50), tooLong),
    'Span.droppedAttributesCount',
    /ten bytes/,
  ],
  ['an integer that does not end', value(Uint8Array.of(0x18), tooLong), 'AnyValue.intValue', /ten bytes/],
  ['an integer that is cut off', value(Uint8Array.of(0x18, 0x80)), 'AnyValue.intValue', /runs past/],
  ['a double of 4 bytes', value(Uint8Array.of(0x21, 0, 0, 0, 0)), 'AnyValue.doubleValue', /runs past/],
  [
    'a value that is longer than its pair',
    spanRequest(message(9, Uint8Array.of(0x12, 3, 0x10))),
    'KeyValue.value',
    /runs past/,
  ],
  ['an event that is longer than its span', spanRequest(Uint8Array.of(0x5a, 1)), 'Span.events', /runs past/],
  ['field number 0', spanRequest(Uint8Array.of(0x02, 0)), 'Span', /not a field tag/],
  [
    'a tag of six bytes',
    spanRequest(Uint8Array.of(0x8a, 0x80, 0x80, 0x80, 0x80, 0x00, 0)),
    'Span',
    /not a field tag/,
  ],
  ['a tag that is cut off', spanRequest(Uint8Array.of(0x80)), 'Span', /varint runs past/],
  ['wire type 6', spanRequest(Uint8Array.of(0x0e)), 'Span.traceId', /wire type 6/],
  ['wire type 7 of an unknown field', spanRequest(Uint8Array.of(0x9f, 0x06)), 'Span.99', /wire type 7/],
  ['a group that ends without a start', spanRequest(Uint8Array.of(0xa4, 0x06)), 'Span.100', /wire type 4/],
  ['a group that does not end', spanRequest(Uint8Array.of(0xa3, 0x06)), 'Span.100', /varint runs past/],
  [
    'a group closed by another',
    spanRequest(Uint8Array.of(0xa3, 0x06, 0xac, 0x06)),
    'Span.100',
    /closed as 101/,
  ],
  ['a field number 0 in a group', spanRequest(group(100, number(0, 1))), 'Span.100', /not a field tag/],
  [
    'an unknown field that is cut off',
    spanRequest(concat(varint((100 << 3) | 2), varint(5))),
    'Span.100',
    /runs past/,
  ],
]

/** What follows in the body, and must not be read in place of what is missing. */
const next = spanRequest(message(5, 'the next span'))

for (const [what, bytes, where, reason] of faults) {
  test(`refuses ${what}`, () => {
    assert.throws(
      () => decodeTraceRequest(concat(bytes, next)),
      (error: unknown) => {
        assert.ok(error instanceof MalformedOtlpError)
        assert.equal(error.where, where)
        assert.match(error.message, reason)
        return true
      },
    )
  })
}

test('refuses a string that is longer than a string can be', () => {
  const length = constants.MAX_STRING_LENGTH + 1
  const name = concat(Uint8Array.of(0x2a), varint(length))
  let header: Uint8Array = name
  for (const field of [2, 2, 1]) {
    const inside = header.length + length
    header = concat(varint((field << 3) | 2), varint(inside), header)
  }
  const bytes = new Uint8Array(header.length + length)
  bytes.set(header)
  assert.throws(() => decodeTraceRequest(bytes), { where: 'Span.name', message: /too long/ })
})

test('refuses values nested 101 deep, lists of either kind', () => {
  const nest = (levels: number, wrap: (inner: Uint8Array) => Uint8Array) => {
    let bytes = message(1, 'innermost')
    for (let depth = 2; depth <= levels; depth++) bytes = wrap(bytes)
    return value(bytes)
  }
  const inArray = (inner: Uint8Array) => message(5, message(1, inner))
  const inList = (inner: Uint8Array) => message(6, message(1, message(2, inner)))
  for (const wrap of [inArray, inList]) {
    decodeTraceRequest(nest(100, wrap))
    assert.throws(() => decodeTraceRequest(nest(101, wrap)), { message: /values nest more than 100 deep/ })
    assert.throws(() => decodeTraceRequest(nest(1000, wrap)), { message: /values nest more than 100 deep/ })
  }
})

test('refuses unknown groups nested 101 deep', () => {
  const nest = (levels: number) => {
    let bytes: Uint8Array = new Uint8Array(0)
    for (let depth = 1; depth <= levels; depth++) bytes = group(100, bytes)
    return spanRequest(bytes)
  }
  decodeTraceRequest(nest(100))
  assert.throws(() => decodeTraceRequest(nest(101)), { message: /groups nest more than 100 deep/ })
})

test('refuses what would become millions of empty objects', () => {
  const empty = new Uint8Array(64 * 1024 * 1024)
  for (let at = 0; at < empty.length; at += 2) empty[at] = 0x0a
  assert.throws(() => decodeTraceRequest(empty), {
    message:
      'ExportTraceServiceRequest.resourceSpans: more than 262144 resources and scopes (at byte 524289)',
  })
})

/** A message of this tag, around what is in it. */
function around(tag: number, inner: Uint8Array): Uint8Array {
  const head = [tag]
  let length = inner.length
  for (; length > 0x7f; length >>>= 7) head.push((length & 0x7f) | 0x80)
  return Buffer.concat([Uint8Array.from([...head, length]), inner])
}

/** So many empty messages of this tag. */
function empties(tag: number, count: number): Uint8Array {
  const bytes = new Uint8Array(2 * count)
  for (let at = 0; at < bytes.length; at += 2) bytes[at] = tag
  return bytes
}

for (const [name, decode, words] of [
  [
    'spans',
    decodeTraceRequest,
    ['ExportTraceServiceRequest.resourceSpans', 'ResourceSpans.scopeSpans', 'ScopeSpans.spans'],
  ],
  [
    'logs',
    decodeLogsRequest,
    ['ExportLogsServiceRequest.resourceLogs', 'ResourceLogs.scopeLogs', 'ScopeLogs.logRecords'],
  ],
] as const) {
  test(`takes as many resources, scopes and records of ${name} as can be meant, and refuses one more`, () => {
    const groups = 262_144
    const records = 1_572_864
    const few = `more than ${groups} resources and scopes`
    decode(empties(0x0a, groups))
    assert.throws(() => decode(empties(0x0a, groups + 1)), { message: new RegExp(`^${words[0]}: ${few} `) })
    decode(around(0x0a, empties(0x12, groups - 1)))
    assert.throws(() => decode(around(0x0a, empties(0x12, groups))), {
      message: new RegExp(`^${words[1]}: ${few} `),
    })
    const whole = (count: number) => around(0x0a, around(0x12, empties(0x12, count)))
    decode(whole(records))
    assert.throws(() => decode(whole(records + 1)), {
      message: new RegExp(`^${words[2]}: more than ${records} records `),
    })
  })
}

test('refuses a span of millions of empty attributes', () => {
  const attributes = empties(0x4a, 4_194_304)
  assert.throws(() => decodeTraceRequest(around(0x0a, around(0x12, around(0x12, attributes)))), {
    message: /^Span.attributes: more than 4194304 messages /,
  })
})
