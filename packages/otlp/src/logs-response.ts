/**
 * ExportLogsServiceResponse, protobuf and JSON: what a receiver answers when it accepts an export of logs, perhaps in part. On the wire it
 * is the response to traces; in JSON the count has another name.
 */

import { int64 } from './integer-range.ts'
import { encodeTraceResponse } from './response.ts'

export interface LogsResponse {
  /** Undefined when everything was accepted. */
  readonly partialSuccess: LogsPartialSuccess | undefined
}

export interface LogsPartialSuccess {
  /** 0 when all were accepted and `errorMessage` is a warning. The sender must not send the rejected records again. */
  readonly rejectedLogRecords: bigint
  readonly errorMessage: string
}

/** Empty for a full success. Throws RangeError for a count beyond int64. */
export function encodeLogsResponse({ partialSuccess }: LogsResponse): Uint8Array {
  if (partialSuccess === undefined) return new Uint8Array(0)
  const { rejectedLogRecords, errorMessage } = partialSuccess
  return encodeTraceResponse({ partialSuccess: { rejectedSpans: rejectedLogRecords, errorMessage } })
}

/** Throws RangeError for a count beyond int64. */
export function encodeLogsResponseJson({ partialSuccess }: LogsResponse): string {
  if (partialSuccess === undefined) return '{}'
  const { rejectedLogRecords, errorMessage } = partialSuccess
  return JSON.stringify({
    partialSuccess: {
      rejectedLogRecords: rejectedLogRecords === 0n ? undefined : int64(rejectedLogRecords).toString(),
      errorMessage: errorMessage === '' ? undefined : errorMessage.toWellFormed(),
    },
  })
}
