/**
 * ExportTraceServiceResponse, both ways, protobuf and JSON: what a receiver answers when it accepts a request, perhaps in part, and
 * what an exporter reads. https://opentelemetry.io/docs/specs/otlp/#partial-success
 */

import { FieldWriter } from './field-writer.ts'
import { PartialSuccessField, TraceResponseField, tag, WireType } from './fields.ts'
import { int64 } from './integer-range.ts'
import { parseObject, readField, readInt64, readObject, readString } from './json-value.ts'
import { type MessageType, Reader } from './reader.ts'

export interface TraceResponse {
  /** Undefined when everything was accepted. */
  readonly partialSuccess: PartialSuccess | undefined
}

export interface PartialSuccess {
  /** 0 when all were accepted and `errorMessage` is a warning. The sender must not send the rejected spans again. */
  readonly rejectedSpans: bigint
  readonly errorMessage: string
}

const responseType: MessageType = { name: 'ExportTraceServiceResponse', fields: TraceResponseField }
const partialSuccessType: MessageType = { name: 'ExportTracePartialSuccess', fields: PartialSuccessField }

const partialSuccessTag = tag(TraceResponseField.partialSuccess, WireType.bytes)
const rejectedSpansTag = tag(PartialSuccessField.rejectedSpans, WireType.varint)
const errorMessageTag = tag(PartialSuccessField.errorMessage, WireType.bytes)

/** Empty for a full success. Throws RangeError for a count beyond int64. */
export function encodeTraceResponse({ partialSuccess }: TraceResponse): Uint8Array {
  const writer = new FieldWriter()
  if (partialSuccess !== undefined) {
    const { rejectedSpans, errorMessage } = partialSuccess
    const start = writer.open(partialSuccessTag)
    if (rejectedSpans !== 0n) writer.int64(rejectedSpansTag, int64(rejectedSpans))
    if (errorMessage !== '') writer.string(errorMessageTag, errorMessage)
    writer.close(start)
  }
  return writer.finish()
}

/** Throws MalformedOtlpError, and nothing else, for bytes that are not a response. */
export function decodeTraceResponse(bytes: Uint8Array): TraceResponse {
  const reader = new Reader(bytes, responseType)
  let partialSuccess: PartialSuccess | undefined
  while (reader.position < reader.limit) {
    if (reader.tag(responseType) === partialSuccessTag)
      partialSuccess = readPartialSuccess(reader, partialSuccess)
    else reader.skip()
  }
  return { partialSuccess }
}

function readPartialSuccess(reader: Reader, previous: PartialSuccess | undefined): PartialSuccess {
  const outer = reader.enter()
  let rejectedSpans = previous?.rejectedSpans ?? 0n
  let errorMessage = previous?.errorMessage ?? ''
  while (reader.position < reader.limit) {
    switch (reader.tag(partialSuccessType)) {
      case rejectedSpansTag:
        rejectedSpans = reader.int64()
        break
      case errorMessageTag:
        errorMessage = reader.string()
        break
      default:
        reader.skip()
    }
  }
  reader.leave(outer)
  return { rejectedSpans, errorMessage }
}

/** Throws RangeError for a count beyond int64. */
export function encodeTraceResponseJson({ partialSuccess }: TraceResponse): string {
  if (partialSuccess === undefined) return '{}'
  const { rejectedSpans, errorMessage } = partialSuccess
  return JSON.stringify({
    partialSuccess: {
      rejectedSpans: rejectedSpans === 0n ? undefined : int64(rejectedSpans).toString(),
      errorMessage: errorMessage === '' ? undefined : errorMessage.toWellFormed(),
    },
  })
}

/** Throws MalformedOtlpError, and nothing else, for text that is not a response. */
export function decodeTraceResponseJson(text: string | Uint8Array): TraceResponse {
  const object = parseObject(text)
  if (readField(object, 'partialSuccess') === undefined) return { partialSuccess: undefined }
  const partialSuccess = readObject(object, 'partialSuccess', undefined, (partial, place) => ({
    rejectedSpans: readInt64(partial, 'rejectedSpans', place),
    errorMessage: readString(partial, 'errorMessage', place),
  }))
  return { partialSuccess }
}
