/**
 * An OTLP receiver over gRPC, as a collector would be: what the server exports arrives here over the wire, and is shown as plain spans to
 * assert on.
 */
import { Server, ServerCredentials } from '@grpc/grpc-js'
import { type AnyValue, decodeTraceRequest, type Span, SpanKind } from '@rustok/otlp'

export interface ReceivedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly name: string
  readonly kind: string
  readonly attributes: Readonly<Record<string, AnyValue>>
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
  /** 0 unset, 1 ok, 2 error. */
  readonly status: number
  readonly events: readonly string[]
}

export interface SpanReceiver {
  readonly endpoint: string
  readonly spans: readonly ReceivedSpan[]
  /** What came, byte for byte. */
  readonly requests: readonly Buffer[]
  ofTrace(traceId: string): ReceivedSpan[]
  close(): void
}

const KIND_NAMES = new Map(
  Object.entries(SpanKind).map(([name, value]) => [value, name.replace('SPAN_KIND_', '').toLowerCase()]),
)
const same = (bytes: Buffer): Buffer => bytes

export async function startSpanReceiver(): Promise<SpanReceiver> {
  const spans: ReceivedSpan[] = []
  const requests: Buffer[] = []
  const server = new Server()
  server.addService(
    {
      Export: {
        path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
        requestStream: false,
        responseStream: false,
        requestSerialize: same,
        requestDeserialize: same,
        responseSerialize: same,
        responseDeserialize: same,
      },
    },
    {
      Export(call: { request: Buffer }, answer: (error: null, response: Buffer) => void) {
        requests.push(call.request)
        for (const resource of decodeTraceRequest(call.request).resourceSpans) {
          for (const scope of resource.scopeSpans) spans.push(...scope.spans.map(toReceivedSpan))
        }
        answer(null, Buffer.alloc(0))
      },
    },
  )
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    )
  })
  return {
    endpoint: `http://127.0.0.1:${port}`,
    spans,
    requests,
    ofTrace: (traceId) => spans.filter((span) => span.traceId === traceId),
    close: () => server.forceShutdown(),
  }
}

function toReceivedSpan(span: Span): ReceivedSpan {
  return {
    traceId: hex(span.traceId),
    spanId: hex(span.spanId),
    parentSpanId: hex(span.parentSpanId),
    name: span.name,
    kind: KIND_NAMES.get(span.kind as never) ?? String(span.kind),
    attributes: Object.fromEntries(span.attributes.map(({ key, value }) => [key, value])),
    links: span.links.map((link) => ({ traceId: hex(link.traceId), spanId: hex(link.spanId) })),
    status: span.status.code,
    events: span.events.map((event) => event.name),
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** The spans as an indented tree, siblings in the order of their arrival: one string to compare and to read. */
export function drawTree(spans: readonly ReceivedSpan[]): string {
  const ids = new Set(spans.map((span) => span.spanId))
  const lines: string[] = []
  const draw = (span: ReceivedSpan, depth: number) => {
    lines.push(`${'  '.repeat(depth)}${span.name} [${span.kind}]`)
    for (const child of spans) if (child.parentSpanId === span.spanId) draw(child, depth + 1)
  }
  for (const span of spans) if (!ids.has(span.parentSpanId)) draw(span, 0)
  return lines.join('\n')
}
