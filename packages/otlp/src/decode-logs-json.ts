/** Decodes the JSON body of an OTLP logs export, by the rules of decode-json.ts, whose resource, scope and values it shares. */

import { readAnyValue, readAttribute, readResource, readScope } from './decode-json.ts'
import { SeverityNumber } from './fields.ts'
import {
  type JsonObject,
  type Place,
  parseObject,
  readEnum,
  readHex,
  readList,
  readObject,
  readString,
  readUint32,
  readUint64,
} from './json-value.ts'
import type { LogRecord, LogsRequest, ResourceLogs, ScopeLogs } from './model.ts'

/** The request in `text`. Exact and tolerant as decodeTraceRequestJson is. Throws MalformedOtlpError, and nothing else, for other text. */
export function decodeLogsRequestJson(text: string | Uint8Array): LogsRequest {
  return { resourceLogs: readList(parseObject(text), 'resourceLogs', undefined, readResourceLogs) }
}

function readResourceLogs(object: JsonObject, place: Place): ResourceLogs {
  return {
    resource: readObject(object, 'resource', place, readResource),
    scopeLogs: readList(object, 'scopeLogs', place, readScopeLogs),
    schemaUrl: readString(object, 'schemaUrl', place),
  }
}

function readScopeLogs(object: JsonObject, place: Place): ScopeLogs {
  return {
    scope: readObject(object, 'scope', place, readScope),
    logRecords: readList(object, 'logRecords', place, readLogRecord),
    schemaUrl: readString(object, 'schemaUrl', place),
  }
}

function readLogRecord(object: JsonObject, place: Place): LogRecord {
  return {
    timeUnixNano: readUint64(object, 'timeUnixNano', place),
    observedTimeUnixNano: readUint64(object, 'observedTimeUnixNano', place),
    severityNumber: readEnum(object, 'severityNumber', place, SeverityNumber),
    severityText: readString(object, 'severityText', place),
    body: readObject(object, 'body', place, (value, at) => readAnyValue(value, at, 1)),
    attributes: readList(object, 'attributes', place, readAttribute),
    droppedAttributesCount: readUint32(object, 'droppedAttributesCount', place),
    flags: readUint32(object, 'flags', place),
    traceId: readHex(object, 'traceId', place),
    spanId: readHex(object, 'spanId', place),
    eventName: readString(object, 'eventName', place),
  }
}
