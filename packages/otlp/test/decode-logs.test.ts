/** Logs, judged by protobufjs code that the OpenTelemetry project generated, and by what its SDK exports. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Context, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { JsonLogsSerializer, ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { LoggerProvider, type ReadableLogRecord } from '@opentelemetry/sdk-logs'
import fc from 'fast-check'
import {
  type AnyValue,
  decodeLogsRequest,
  decodeLogsRequestJson,
  KeyValueList,
  type LogRecord,
  type LogsRequest,
  MalformedOtlpError,
} from '../src/index.ts'
import { logsRequest } from './support/arbitrary.ts'
import { encodeByReference, logBytesByReference, logsByReference } from './support/reference.ts'
import { concat, message, number, varint } from './support/wire.ts'

/** A request with one record made of `parts`. */
function recordRequest(...parts: readonly Uint8Array[]): Uint8Array {
  return message(1, message(2, message(2, ...parts)))
}

function firstRecord(request: LogsRequest): LogRecord {
  const record = request.resourceLogs[0]?.scopeLogs[0]?.logRecords[0]
  assert.ok(record)
  return record
}

function decodeRecord(...parts: readonly Uint8Array[]): LogRecord {
  return firstRecord(decodeLogsRequest(recordRequest(...parts)))
}

test('reads every export of logs that the generated code writes', () => {
  fc.assert(
    fc.property(logsRequest(), (request) => {
      assert.deepEqual(decodeLogsRequest(logBytesByReference(request)), request)
    }),
    { numRuns: 300 },
  )
})

test('passes over unknown fields and wrong wire types in every message of logs', () => {
  const noise = concat(
    number(100, 1),
    message(536_870_911, 'x'),
    concat(varint((103 << 3) | 5), new Uint8Array(4)),
  )
  const wrong = concat(number(9, 1), number(5, 1), message(1, 'text'), number(1, 5))
  const record = (extra: Uint8Array) =>
    message(
      2,
      extra,
      message(5, extra === noise ? noise : new Uint8Array(0), message(1, 'body')),
      number(2, 17),
    )
  const quiet = message(1, message(1), message(2, message(1, message(1, 'lib')), record(new Uint8Array(0))))
  const noisy = concat(
    noise,
    message(
      1,
      noise,
      message(1, noise),
      message(2, noise, message(1, noise, message(1, 'lib')), record(noise)),
    ),
  )
  assert.deepEqual(decodeLogsRequest(noisy), logsByReference(quiet))
  assert.equal(decodeRecord(wrong, number(2, 9)).severityNumber, 9)
})

test('takes the last value of a field that is sent twice, and continues a list', () => {
  const list = (text: string) => message(5, message(5, message(1, message(1, text))))
  const record = decodeRecord(message(3, 'WARN'), message(3, 'ERROR'), list('a'), list('b'))
  assert.equal(record.severityText, 'ERROR')
  assert.deepEqual(record.body, ['a', 'b'])
})

test('reads or refuses an export of logs cut off at every byte, or with any one bit flipped', () => {
  const sample = fc
    .sample(logsRequest(), { seed: 5, numRuns: 100 })
    .map(logBytesByReference)
    .filter((bytes) => bytes.length < 1500)
    .reduce((largest, bytes) => (bytes.length > largest.length ? bytes : largest))
  assert.ok(sample.length > 1000)
  const bytes = sample.slice()
  let refused = 0
  const read = (input: Uint8Array) => {
    try {
      decodeLogsRequest(input)
    } catch (error) {
      assert.ok(error instanceof MalformedOtlpError, `threw ${error}`)
      refused++
    }
  }
  for (let length = 0; length < sample.length; length++) read(sample.subarray(0, length))
  assert.ok(refused > sample.length / 2)
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    bytes[bit >> 3]! ^= 1 << (bit & 7)
    read(bytes)
    bytes[bit >> 3]! ^= 1 << (bit & 7)
  }
})

test('reads a body nested 100 deep and refuses one of 101', () => {
  const nested = (depth: number) => {
    let value: AnyValue = 'innermost'
    for (let level = 2; level <= depth; level++)
      value = level % 2 ? [value] : new KeyValueList([{ key: '', value }])
    return value
  }
  const request = (depth: number): LogsRequest => {
    const record = { ...decodeRecord(), body: nested(depth) }
    const none = { attributes: [], droppedAttributesCount: 0 }
    const scope = { name: '', version: '', ...none }
    return {
      resourceLogs: [
        { resource: none, scopeLogs: [{ scope, logRecords: [record], schemaUrl: '' }], schemaUrl: '' },
      ],
    }
  }
  assert.deepEqual(decodeLogsRequest(logBytesByReference(request(100))), request(100))
  assert.throws(() => decodeLogsRequest(logBytesByReference(request(101))), /nest more than 100 deep/)

  let json: object = { stringValue: 'innermost' }
  for (let level = 2; level <= 100; level++) json = { arrayValue: { values: [json] } }
  const text = (body: object) =>
    JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ body }] }] }] })
  assert.ok(Array.isArray(firstRecord(decodeLogsRequestJson(text(json))).body))
  assert.throws(
    () => decodeLogsRequestJson(text({ arrayValue: { values: [json] } })),
    /nest more than 100 deep/,
  )
})

test('names the message and the field, or the place in JSON', () => {
  assert.throws(() => decodeLogsRequest(recordRequest(Uint8Array.of(0x4a, 16, 1))), {
    where: 'LogRecord.traceId',
    message: 'LogRecord.traceId: a length of 16 runs past the end of its message at byte 9 (at byte 8)',
  })
  assert.throws(
    () =>
      decodeLogsRequestJson('{"resourceLogs":[{"scopeLogs":[{"logRecords":[{},{"traceId":"nothex"}]}]}]}'),
    { where: 'resourceLogs[0].scopeLogs[0].logRecords[1].traceId' },
  )
})

test('reads JSON in every spelling that senders use', () => {
  const expected = {
    ...decodeRecord(),
    timeUnixNano: 1_700_000_000_123_456_789n,
    severityNumber: 17,
    severityText: 'ERROR',
    body: 'boom',
    traceId: Uint8Array.from(Buffer.from('0af7651916cd43dd8448eb211c80319c', 'hex')),
    eventName: 'crash',
  }
  const camel = {
    timeUnixNano: '1700000000123456789',
    severityNumber: 17,
    severityText: 'ERROR',
    body: { stringValue: 'boom' },
    traceId: '0AF7651916CD43DD8448EB211C80319C',
    eventName: 'crash',
    aFieldOfALaterVersion: { x: 1 },
  }
  const snake =
    '{"time_unix_nano":1700000000123456789,"severity_number":"SEVERITY_NUMBER_ERROR","severity_text":"ERROR",' +
    '"body":{"string_value":"boom"},"trace_id":"0af7651916cd43dd8448eb211c80319c","event_name":"crash"}'
  for (const text of [
    JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [camel] }] }] }),
    `{"resource_logs":[{"scope_logs":[{"log_records":[${snake}]}]}]}`,
  ]) {
    assert.deepEqual(firstRecord(decodeLogsRequestJson(text)), expected)
  }
  assert.deepEqual(
    firstRecord(decodeLogsRequestJson('{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":null}]}]}]}')),
    decodeRecord(),
  )
})

test('reads LogsData, which has the same wire form', () => {
  const bytes = encodeByReference('logsRequest', {
    resourceLogs: [{ scopeLogs: [{ logRecords: [{ eventName: 'from a file' }] }] }],
  })
  assert.equal(firstRecord(decodeLogsRequest(bytes)).eventName, 'from a file')
})

test('reads what the official SDK exports, as protobuf and as JSON, as the generated code does', () => {
  const emitted: ReadableLogRecord[] = []
  const provider = new LoggerProvider({
    resource: resourceFromAttributes({ 'service.name': 'shop' }),
    processors: [
      { onEmit: (record) => void emitted.push(record), forceFlush: async () => {}, shutdown: async () => {} },
    ],
  })
  const logger = provider.getLogger('app', '1.2.3')
  const within: Context = trace.setSpanContext(ROOT_CONTEXT, {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    traceFlags: 1,
  })
  logger.emit({
    timestamp: 1_700_000_000_000,
    severityNumber: 17,
    severityText: 'ERROR',
    body: { message: 'card declined', attempts: [1, 2.5, true, null] },
    attributes: { 'exception.type': 'Error', nested: { deep: ['x'] }, raw: Uint8Array.of(1, 2) },
    eventName: 'payment.failed',
    context: within,
  })
  logger.emit({ body: 'plain', timestamp: 1_700_000_000_001 })
  assert.equal(emitted.length, 2)

  const protobuf = ProtobufLogsSerializer.serializeRequest(emitted)
  const json = JsonLogsSerializer.serializeRequest(emitted)
  assert.ok(protobuf && json)
  const request = decodeLogsRequest(protobuf)
  assert.deepEqual(request, logsByReference(protobuf))
  assert.deepEqual(decodeLogsRequestJson(json), request)
  const record = firstRecord(request)
  assert.equal(Buffer.from(record.spanId).toString('hex'), 'b7ad6b7169203331')
  assert.deepEqual([record.severityNumber, record.eventName], [17, 'payment.failed'])
  assert.ok(record.body instanceof KeyValueList)
  assert.deepEqual(record.body.values[0], { key: 'message', value: 'card declined' })
})
