/**
 * Counts the resources, scopes and records of a request before anything is made of them. Each may be two bytes on the wire and becomes objects of hundreds: a bomb of
 * them, 64 kB compressed, would hold a decoder for seconds before it is refused. To look costs 10 ns a message, to decode an empty resource 700. The decoders
 * call it; traces and logs have the same envelope.
 */

import { LogsRequestField, ResourceLogsField, ScopeLogsField, tag, WireType } from './fields.ts'
import { type MessageType, Reader } from './reader.ts'

export interface EnvelopeTypes {
  readonly request: MessageType
  readonly ofResource: MessageType
  readonly ofScope: MessageType
}

/** Resources and scopes together; with one record each, 64 MiB of real ones hold fewer. */
const mostGroups = 262_144
/** A record with a time and a short body takes 40 bytes or more, a span 60: 64 MiB hold some 1.5 million that say nothing more. */
const mostRecords = 1_572_864

// ResourceSpans and ScopeSpans are numbered alike.
const groupTag = tag(LogsRequestField.resourceLogs, WireType.bytes)
const scopeTag = tag(ResourceLogsField.scopeLogs, WireType.bytes)
const recordTag = tag(ScopeLogsField.logRecords, WireType.bytes)

/** Throws MalformedOtlpError for more than a sender can mean. */
export function checkEnvelope(bytes: Uint8Array, types: EnvelopeTypes): void {
  // So few bytes cannot hold too many.
  if (bytes.length < mostGroups * 2) return
  const reader = new Reader(bytes, types.request)
  let groups = 0
  let records = 0
  const countGroup = () => {
    if (++groups > mostGroups) reader.fail(`more than ${mostGroups} resources and scopes`)
  }
  while (reader.position < reader.limit) {
    if (reader.tag(types.request) !== groupTag) {
      reader.skip()
      continue
    }
    countGroup()
    const request = reader.enter()
    while (reader.position < reader.limit) {
      if (reader.tag(types.ofResource) !== scopeTag) {
        reader.skip()
        continue
      }
      countGroup()
      const resource = reader.enter()
      while (reader.position < reader.limit) {
        if (reader.tag(types.ofScope) === recordTag && ++records > mostRecords) {
          reader.fail(`more than ${mostRecords} records`)
        }
        reader.skip()
      }
      reader.leave(resource)
    }
    reader.leave(request)
  }
}
