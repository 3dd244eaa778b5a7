import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JsonLogsSerializer, ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer'
import { encodeLogsResponse, encodeLogsResponseJson } from '../src/index.ts'
import { decodeByReference } from './support/reference.ts'

const partialSuccess = { rejectedLogRecords: 3n, errorMessage: '3 with a traceId of zeros' }

test('answers an export of logs as the generated code reads it', () => {
  assert.deepEqual(decodeByReference('logsResponse', encodeLogsResponse({ partialSuccess })), {
    partialSuccess: { rejectedLogRecords: '3', errorMessage: partialSuccess.errorMessage },
  })
  assert.equal(encodeLogsResponse({ partialSuccess: undefined }).length, 0)
  assert.equal(encodeLogsResponseJson({ partialSuccess: undefined }), '{}')
})

test('answers an export of logs as the official exporter reads it', () => {
  const json = Buffer.from(encodeLogsResponseJson({ partialSuccess }))
  for (const answer of [
    ProtobufLogsSerializer.deserializeResponse(encodeLogsResponse({ partialSuccess })),
    JsonLogsSerializer.deserializeResponse(json),
  ]) {
    assert.equal(Number(answer.partialSuccess?.rejectedLogRecords), 3)
    assert.equal(answer.partialSuccess?.errorMessage, partialSuccess.errorMessage)
  }
})
