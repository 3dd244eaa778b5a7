/**
 * Decodes the protobuf body of an OTLP logs export: ExportLogsServiceRequest, which is LogsData on the wire. By the rules of
 * decode-request.ts, whose resource and scope it shares.
 */

import { checkEnvelope, type EnvelopeTypes } from './check-envelope.ts'
import { readAnyValue, readKeyValue } from './decode-any-value.ts'
import { readResource, readScope } from './decode-request.ts'
import {
  LogRecordField,
  LogsRequestField,
  ResourceLogsField,
  ScopeLogsField,
  tag,
  WireType,
} from './fields.ts'
import type {
  AnyValue,
  KeyValue,
  LogRecord,
  LogsRequest,
  Resource,
  ResourceLogs,
  Scope,
  ScopeLogs,
} from './model.ts'
import { type MessageType, Reader } from './reader.ts'

const requestType: MessageType = { name: 'ExportLogsServiceRequest', fields: LogsRequestField }
const resourceLogsType: MessageType = { name: 'ResourceLogs', fields: ResourceLogsField }
const scopeLogsType: MessageType = { name: 'ScopeLogs', fields: ScopeLogsField }
const logRecordType: MessageType = { name: 'LogRecord', fields: LogRecordField }

const envelope: EnvelopeTypes = { request: requestType, ofResource: resourceLogsType, ofScope: scopeLogsType }

const resourceLogsTag = tag(LogsRequestField.resourceLogs, WireType.bytes)

/**
 * The request in `bytes`. Ids and byte values of the result are views of `bytes`, which the caller must leave as they are.
 * Throws MalformedOtlpError, and nothing else, for bytes that are not an OTLP logs request.
 */
export function decodeLogsRequest(bytes: Uint8Array): LogsRequest {
  checkEnvelope(bytes, envelope)
  const reader = new Reader(bytes, requestType)
  const resourceLogs: ResourceLogs[] = []
  while (reader.position < reader.limit) {
    if (reader.tag(requestType) === resourceLogsTag) resourceLogs.push(readResourceLogs(reader))
    else reader.skip()
  }
  return { resourceLogs }
}

const resourceTag = tag(ResourceLogsField.resource, WireType.bytes)
const scopeLogsTag = tag(ResourceLogsField.scopeLogs, WireType.bytes)
const resourceSchemaUrlTag = tag(ResourceLogsField.schemaUrl, WireType.bytes)

function readResourceLogs(reader: Reader): ResourceLogs {
  const outer = reader.enter()
  const attributes: KeyValue[] = []
  let resource: Resource = { attributes, droppedAttributesCount: 0 }
  const scopeLogs: ScopeLogs[] = []
  let schemaUrl = ''
  while (reader.position < reader.limit) {
    switch (reader.tag(resourceLogsType)) {
      case scopeLogsTag:
        scopeLogs.push(readScopeLogs(reader))
        break
      case resourceTag:
        resource = readResource(reader, attributes, resource)
        break
      case resourceSchemaUrlTag:
        schemaUrl = reader.string()
        break
      default:
        reader.skip()
    }
  }
  reader.leave(outer)
  return { resource, scopeLogs, schemaUrl }
}

const scopeTag = tag(ScopeLogsField.scope, WireType.bytes)
const logRecordsTag = tag(ScopeLogsField.logRecords, WireType.bytes)
const scopeSchemaUrlTag = tag(ScopeLogsField.schemaUrl, WireType.bytes)

function readScopeLogs(reader: Reader): ScopeLogs {
  const outer = reader.enter()
  const attributes: KeyValue[] = []
  let scope: Scope = { name: '', version: '', attributes, droppedAttributesCount: 0 }
  const logRecords: LogRecord[] = []
  let schemaUrl = ''
  while (reader.position < reader.limit) {
    switch (reader.tag(scopeLogsType)) {
      case logRecordsTag:
        logRecords.push(readLogRecord(reader))
        break
      case scopeTag:
        scope = readScope(reader, attributes, scope)
        break
      case scopeSchemaUrlTag:
        schemaUrl = reader.string()
        break
      default:
        reader.skip()
    }
  }
  reader.leave(outer)
  return { scope, logRecords, schemaUrl }
}

const timeTag = tag(LogRecordField.timeUnixNano, WireType.fixed64)
const observedTimeTag = tag(LogRecordField.observedTimeUnixNano, WireType.fixed64)
const severityNumberTag = tag(LogRecordField.severityNumber, WireType.varint)
const severityTextTag = tag(LogRecordField.severityText, WireType.bytes)
const bodyTag = tag(LogRecordField.body, WireType.bytes)
const attributesTag = tag(LogRecordField.attributes, WireType.bytes)
const droppedAttributesTag = tag(LogRecordField.droppedAttributesCount, WireType.varint)
const flagsTag = tag(LogRecordField.flags, WireType.fixed32)
const traceIdTag = tag(LogRecordField.traceId, WireType.bytes)
const spanIdTag = tag(LogRecordField.spanId, WireType.bytes)
const eventNameTag = tag(LogRecordField.eventName, WireType.bytes)

const noBytes: Uint8Array = new Uint8Array(0)

function readLogRecord(reader: Reader): LogRecord {
  const outer = reader.enter()
  let timeUnixNano = 0n
  let observedTimeUnixNano = 0n
  let severityNumber = 0
  let severityText = ''
  let body: AnyValue
  const attributes: KeyValue[] = []
  let droppedAttributesCount = 0
  let flags = 0
  let traceId = noBytes
  let spanId = noBytes
  let eventName = ''
  while (reader.position < reader.limit) {
    switch (reader.tag(logRecordType)) {
      case attributesTag:
        attributes.push(readKeyValue(reader))
        break
      case timeTag:
        timeUnixNano = reader.fixed64()
        break
      case observedTimeTag:
        observedTimeUnixNano = reader.fixed64()
        break
      case severityNumberTag:
        severityNumber = reader.int32()
        break
      case severityTextTag:
        severityText = reader.internedString()
        break
      case bodyTag:
        body = readAnyValue(reader, 1, body)
        break
      case traceIdTag:
        traceId = reader.bytes()
        break
      case spanIdTag:
        spanId = reader.bytes()
        break
      case flagsTag:
        flags = reader.fixed32()
        break
      case eventNameTag:
        eventName = reader.internedString()
        break
      case droppedAttributesTag:
        droppedAttributesCount = reader.uint32()
        break
      default:
        reader.skip()
    }
  }
  reader.leave(outer)
  return {
    timeUnixNano,
    observedTimeUnixNano,
    severityNumber,
    severityText,
    body,
    attributes,
    droppedAttributesCount,
    flags,
    traceId,
    spanId,
    eventName,
  }
}
