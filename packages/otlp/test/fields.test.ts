import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as table from '../src/fields.ts'
import { encodeByReference, enumByReference, type ReferenceMessage } from './support/reference.ts'

const messages: readonly (readonly [ReferenceMessage, Readonly<Record<string, number>>])[] = [
  ['anyValue', table.AnyValueField],
  ['arrayValue', table.ArrayValueField],
  ['keyValueList', table.KeyValueListField],
  ['keyValue', table.KeyValueField],
  ['scope', table.ScopeField],
  ['resource', table.ResourceField],
  ['resourceSpans', table.ResourceSpansField],
  ['scopeSpans', table.ScopeSpansField],
  ['span', table.SpanField],
  ['event', table.SpanEventField],
  ['link', table.SpanLinkField],
  ['status', table.SpanStatusField],
  ['request', table.TraceRequestField],
  ['response', table.TraceResponseField],
  ['partialSuccess', table.PartialSuccessField],
  ['logsRequest', table.LogsRequestField],
  ['resourceLogs', table.ResourceLogsField],
  ['scopeLogs', table.ScopeLogsField],
  ['logRecord', table.LogRecordField],
  ['logsResponse', table.LogsResponseField],
  ['logsPartialSuccess', table.LogsPartialSuccessField],
]

/** Tried in turn until the reference takes one as the field's value. */
const samples = [1, 'text', Uint8Array.of(1), {}, [{}]]

for (const [message, fields] of messages) {
  test(`numbers the fields of ${message} as the generated code does`, () => {
    for (const [name, number] of Object.entries(fields)) {
      assert.equal(numberByReference(message, name), number, `${message}.${name}`)
    }
  })
}

test('numbers severities as the generated code does', () => {
  assert.deepEqual(table.SeverityNumber, enumByReference('opentelemetry.proto.logs.v1.SeverityNumber'))
})

function numberByReference(message: ReferenceMessage, name: string): number | undefined {
  for (const sample of samples) {
    try {
      const bytes = encodeByReference(message, { [name]: sample })
      if (bytes.length > 0) return firstField(bytes)
    } catch {
      // Not a value of this field's type.
    }
  }
  return undefined
}

function firstField(bytes: Uint8Array): number {
  const [low = 0, high = 0] = bytes
  return (low < 0x80 ? low : (low & 0x7f) | (high << 7)) >>> 3
}
