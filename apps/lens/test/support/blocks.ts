/** Requests as blocks for `engine.insert`, by the way that the ingest takes. */

import { encodeTraceRequest, type TraceRequest } from '@rustok/otlp'
import { SpanTranscoder } from '../../src/ingest/transcode-spans.ts'

/** Received now, unless Unix seconds are given. */
export function spanBlock(
  requests: readonly TraceRequest[],
  received = Math.floor(Date.now() / 1000),
): SpanTranscoder {
  const block = new SpanTranscoder(received)
  for (const request of requests) block.append(encodeTraceRequest(request))
  return block
}
