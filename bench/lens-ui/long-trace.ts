/** The trace that the UI has to show: so many spans below one root, in a Lens. */
import { decodeTraceRequest, encodeTraceRequest } from '@rustok/otlp'
import { TraceGenerator } from '../lens/generator/trace-generator.ts'
import type { LensProcess } from '../lens/lens-process.ts'
import { prove } from '../suite.ts'

export const traceId = 'ab'.repeat(16)
const rootId = 'cd'.repeat(8)

/** Generated traces as the parts of one long job: their roots become its children. */
export async function storeLongTrace(lens: LensProcess, count: number): Promise<number> {
  const from = BigInt(Date.now() - 120_000) * 1_000_000n
  const generator = new TraceGenerator({ seed: 3, spans: count, from, to: from + 60_000_000_000n })
  const [id, root] = [Buffer.from(traceId, 'hex'), Buffer.from(rootId, 'hex')]
  let hasRoot = false
  for (const { bytes } of generator.requests()) {
    const { resourceSpans } = decodeTraceRequest(bytes)
    const patched = resourceSpans.map((group) => ({
      ...group,
      scopeSpans: group.scopeSpans.map((part) => ({
        ...part,
        spans: part.spans.map((span) => {
          const isRoot = span.parentSpanId === undefined || span.parentSpanId.length === 0
          // One trace is one tenant's.
          const attributes = span.attributes.map((pair) =>
            pair.key === 'tenant_id' || pair.key === 'tenant.id' ? { ...pair, value: 'acme' } : pair,
          )
          const moved = { ...span, attributes, traceId: id, ...(isRoot ? { parentSpanId: root } : {}) }
          if (hasRoot || !isRoot) return moved
          hasRoot = true
          const { parentSpanId: _, ...top } = moved
          return {
            ...top,
            spanId: root,
            parentSpanId: new Uint8Array(),
            name: 'nightly import',
            startTimeUnixNano: from,
            endTimeUnixNano: from + 61_000_000_000n,
          }
        }),
      })),
    }))
    const response = await fetch(`${lens.urls.otlpHttp}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
      body: encodeTraceRequest({ resourceSpans: patched }) as BodyInit,
    })
    prove(response.status === 200, `Lens answered ${response.status} to spans`)
  }
  return generator.spans
}
