/** Lens's APIs, asked over HTTP like any client would: its own, and Jaeger's. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { SearchResponse, SpanView, TraceResponse } from 'rustok-lens/contract'

export async function searchTraces(
  lens: string,
  query: Readonly<Record<string, string>>,
): Promise<SearchResponse> {
  return getJson(`${lens}/api/lens/search?${new URLSearchParams(query)}`)
}

export async function fetchTrace(lens: string, traceId: string): Promise<TraceResponse> {
  return getJson(`${lens}/api/lens/traces/${traceId}`)
}

/** Asks again until the trace is complete: spans of a server that runs arrive a batch later. */
export async function awaitTrace(
  lens: string,
  traceId: string,
  isComplete: (trace: TraceResponse) => boolean,
): Promise<TraceResponse> {
  const deadline = performance.now() + 20_000
  for (;;) {
    const response = await fetch(`${lens}/api/lens/traces/${traceId}`)
    if (response.ok) {
      const trace = (await response.json()) as TraceResponse
      if (isComplete(trace) || performance.now() > deadline) return trace
    } else if (response.status !== 404 || performance.now() > deadline) {
      throw new Error(`trace ${traceId}: Lens answered ${response.status}: ${await response.text()}`)
    }
    await sleep(100)
  }
}

/** The parts of Jaeger's JSON that the tests read. */
export interface JaegerTrace {
  readonly traceID: string
  readonly spans: readonly JaegerSpan[]
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>
}

export interface JaegerSpan {
  readonly traceID: string
  readonly spanID: string
  readonly operationName: string
  readonly references: readonly {
    readonly refType: string
    readonly traceID: string
    readonly spanID: string
  }[]
  readonly tags: readonly { readonly key: string; readonly value: unknown }[]
  readonly processID: string
}

export async function fetchJaegerTraces(lens: string, traceId: string): Promise<readonly JaegerTrace[]> {
  const { data } = await getJson<{ readonly data: readonly JaegerTrace[] }>(`${lens}/api/traces/${traceId}`)
  return data
}

/** Those of the ids that Jaeger's API has no trace for. */
export async function unknownTraces(lens: string, traceIds: readonly string[]): Promise<readonly string[]> {
  const parameters = new URLSearchParams(traceIds.map((id) => ['traceID', id]))
  const { data } = await getJson<{ readonly data: readonly JaegerTrace[] }>(
    `${lens}/api/traces?${parameters}`,
  )
  // Jaeger leaves out the high half where it is zero.
  const known = new Set(data.map(({ traceID }) => traceID.padStart(32, '0')))
  return traceIds.filter((id) => !known.has(id))
}

async function getJson<T>(url: string): Promise<T> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
  return (await response.json()) as T
}

/** `A [server] > B [internal] > C [client]` for each span, sorted: the shape of a trace, whatever its ids and times. */
export function pathsOf(spans: readonly SpanView[]): readonly string[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]))
  const pathOf = (span: SpanView): string => {
    const parent = byId.get(span.parentSpanId)
    const own = `${span.name} [${span.kind}]`
    return parent === undefined ? own : `${pathOf(parent)} > ${own}`
  }
  return spans.map(pathOf).sort()
}
