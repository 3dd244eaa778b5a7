/**
 * Zipkin's tracers give both halves of a call, the client's and the server's, one span id; in OTLP a span is its id, and one half would replace
 * the other. The server's half gets an id of its own here, as a child of the client's, and what runs below it in its service becomes its
 * child. The id follows from trace, span and service alone, so that a half that is sent again is the same span again.
 *
 *   client S ┬ server S (shared) ┐         client S ─ server S′ ─ query C
 *            └ query C, of S     ┘   ─▶
 *
 * A child that came in another request than its server's half stays a child of the client's half: nothing in it says more.
 */

import { createHash } from 'node:crypto'
import type { ZipkinSpan } from './read-spans.ts'

export function partShared(spans: readonly ZipkinSpan[]): ZipkinSpan[] {
  const callers = new Set<string>()
  for (const span of spans) if (isCaller(span)) callers.add(keyOf(span, span.id))
  const halves = new Map<string, string>()
  for (const span of spans) {
    if (isServerHalf(span, callers)) halves.set(keyOf(span, span.id, serviceOf(span)), serverId(span))
  }
  if (halves.size === 0) return [...spans]
  return spans.map((span) => {
    if (isServerHalf(span, callers)) return { ...span, id: serverId(span), parentId: span.id }
    const half =
      span.parentId === undefined ? undefined : halves.get(keyOf(span, span.parentId, serviceOf(span)))
    return half === undefined ? span : { ...span, parentId: half }
  })
}

/** By its own word; or, from a tracer that does not say so, because the other half lies beside it. */
function isServerHalf(span: ZipkinSpan, callers: ReadonlySet<string>): boolean {
  if (isCaller(span)) return false
  return span.shared || (span.kind !== undefined && callers.has(keyOf(span, span.id)))
}

function isCaller({ kind }: ZipkinSpan): boolean {
  return kind === 'CLIENT' || kind === 'PRODUCER'
}

function serverId(span: ZipkinSpan): string {
  const hash = createHash('sha256').update(`${span.kind ?? ''} ${keyOf(span, span.id, serviceOf(span))}`)
  // Never zero, which is no id.
  return hash
    .digest('hex')
    .slice(0, 16)
    .replace(/^0{16}$/, '0000000000000001')
}

function serviceOf({ localEndpoint }: ZipkinSpan): string {
  return localEndpoint.serviceName
}

function keyOf({ traceId }: ZipkinSpan, id: string, service = ''): string {
  return `${traceId} ${id} ${service}`
}
