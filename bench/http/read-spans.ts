/** Kept requests as the spans that the proof of work looks at, whoever sent them. */
import { Decoder } from '@msgpack/msgpack'
import { type AnyValue, decodeTraceRequest, SpanKind } from '@rustok/otlp'
import type { Protocol } from '../sink/received.ts'

export interface ProofSpan {
  readonly traceId: string
  readonly id: string
  readonly parentId: string | undefined
  readonly name: string
  /** Of an incoming request. */
  readonly server: boolean
  readonly status: string
  readonly path: string
}

export function readSpans(protocol: Protocol, kept: readonly Uint8Array[]): readonly ProofSpan[] {
  return kept.flatMap(protocol === 'datadog' ? readDatadog : readOtlp)
}

function readOtlp(request: Uint8Array): readonly ProofSpan[] {
  const scopes = decodeTraceRequest(request).resourceSpans.flatMap(({ scopeSpans }) => scopeSpans)
  return scopes
    .flatMap(({ spans }) => spans)
    .map((span) => {
      const attributes = new Map<string, AnyValue>(span.attributes.map(({ key, value }) => [key, value]))
      return {
        traceId: hex(span.traceId),
        id: hex(span.spanId),
        parentId: span.parentSpanId.length === 0 ? undefined : hex(span.parentSpanId),
        name: span.name,
        server: span.kind === SpanKind.SPAN_KIND_SERVER,
        status: String(attributes.get('http.response.status_code')),
        path: String(attributes.get('url.path')),
      }
    })
}

interface DatadogSpan {
  readonly trace_id: bigint
  readonly span_id: bigint
  readonly parent_id: bigint
  readonly name: string
  readonly meta: Readonly<Record<string, string>>
}

function readDatadog(request: Uint8Array): readonly ProofSpan[] {
  const traces = new Decoder({ useBigInt64: true }).decode(request)
  return (traces as readonly (readonly DatadogSpan[])[]).flat().map((span) => ({
    traceId: String(span.trace_id),
    id: String(span.span_id),
    parentId: span.parent_id === 0n ? undefined : String(span.parent_id),
    name: span.name,
    server: span.meta['span.kind'] === 'server',
    status: span.meta['http.status_code'] ?? '',
    path: URL.parse(span.meta['http.url'] ?? '')?.pathname ?? '',
  }))
}

function hex(id: Uint8Array): string {
  return Buffer.from(id).toString('hex')
}
