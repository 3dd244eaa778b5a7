/** The same work on the official SDK, read by the same decoder: a peer for what ours does. */
import type { Tracer } from '@opentelemetry/api'
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import { type ReadableSpan, type SpanLimits, TracerProvider } from '@opentelemetry/sdk-trace'
import { decodeRequest, type ReceivedSpan } from './decode.ts'

/** What the official SDK and its OTLP serializer make of `work`. */
export function officially(
  work: (tracer: Tracer) => void,
  spanLimits: SpanLimits = {},
  scope: readonly [name: string, version?: string] = ['peer', '1.0.0'],
): readonly ReceivedSpan[] {
  const ended: ReadableSpan[] = []
  const provider = new TracerProvider({
    spanLimits,
    spanProcessors: [
      {
        onStart() {},
        onEnd: (span) => void ended.push(span),
        forceFlush: async () => {},
        shutdown: async () => {},
      },
    ],
  })
  work(provider.getTracer(...scope))
  if (ended.length === 0) return []
  return decodeRequest(ProtobufTraceSerializer.serializeRequest(ended)!).spans
}
