/** Requests as blocks for `engine.insert`, by the way that the ingest takes. */

import { encodeTraceRequest, type TraceRequest } from '@rustok/otlp'
import { SpanTranscoder } from '../../src/ingest/transcode-spans.ts'
import { attributes, resourceSpans, span } from './spans.ts'

/** Received now, unless Unix seconds are given. */
export function spanBlock(
  requests: readonly TraceRequest[],
  received = Math.floor(Date.now() / 1000),
): SpanTranscoder {
  const block = new SpanTranscoder(received)
  for (const request of requests) block.append(encodeTraceRequest(request))
  return block
}

/** A span by which a block is one of those that are stored without their index of attributes, until a merge. */
export function largeRequest(startTimeUnixNano: bigint): TraceRequest {
  const filler = attributes({ filler: 'x'.repeat(6 * 1024 * 1024) })
  return { resourceSpans: [resourceSpans('large', [span({ startTimeUnixNano, attributes: filler })])] }
}
