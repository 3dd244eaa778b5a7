/**
 * Generated spans for the model's tests: few ids, so that orphans, cycles and self-parents are common, and
 * times of every odd kind. The invariants must hold for all of them.
 */
import fc from 'fast-check'
import type { SpanView, TraceResponse } from 'rustok-lens/contract'

const id = fc.integer({ min: 0, max: 50 }).map((n) => n.toString(16).padStart(16, '0'))

const startUnixNano = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .integer({ min: 0, max: 2_000_000 })
      .map((n) => String(1_700_000_000_000_000_000n + BigInt(n))),
  },
  fc.constantFrom('0', '', 'soon', '-5', '18446744073709551615', '1700000000000000000'),
)

const durationNano = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 1_000_000 }) },
  fc.constantFrom(0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e18),
)

const arbitrarySpan: fc.Arbitrary<SpanView> = fc
  .record({
    spanId: id,
    parentSpanId: fc.oneof(id, fc.constant(''), fc.constant('ffffffffffffffff')),
    startUnixNano,
    durationNano,
    status: fc.constantFrom<SpanView['status']>('unset', 'ok', 'error'),
    tenant: fc.constantFrom('', 'north', 'south'),
    resource: fc.integer({ min: 0, max: 3 }),
  })
  .map((part) => spanView(part))

export const arbitraryTrace: fc.Arbitrary<TraceResponse> = fc
  .uniqueArray(arbitrarySpan, { maxLength: 40, selector: ({ spanId }) => spanId })
  .map((spans) => traceResponse(spans))

/** A span with nothing odd about it but what the test names. */
export function spanView(part: Partial<SpanView>): SpanView {
  return {
    spanId: '00000000000000aa',
    parentSpanId: '',
    name: 'span',
    kind: 'internal',
    startUnixNano: '1700000000000000000',
    durationNano: 0,
    status: 'unset',
    statusMessage: '',
    traceState: '',
    tenant: '',
    user: '',
    resource: 0,
    scope: 0,
    attributes: [],
    events: [],
    links: [],
    droppedAttributes: 0,
    droppedEvents: 0,
    droppedLinks: 0,
    ...part,
  }
}

export function traceResponse(spans: readonly SpanView[]): TraceResponse {
  return {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spans,
    resources: ['gateway', 'server', 'worker'].map((service) => ({ service, attributes: [] })),
    scopes: [{ name: 'test', version: '1', attributes: [] }],
  }
}

/** Spans from `id parent start duration`, in microseconds; the times stand on a fixed day. */
export function trace(...lines: readonly string[]): TraceResponse {
  return traceResponse(
    lines.map((line) => {
      const [spanId = '', parentSpanId = '', start = '0', duration = '0'] = line.split(' ')
      return spanView({
        spanId,
        parentSpanId: parentSpanId === '-' ? '' : parentSpanId,
        name: spanId,
        startUnixNano: String(1_700_000_000_000_000_000n + BigInt(start) * 1000n),
        durationNano: Number(duration) * 1000,
      })
    }),
  )
}
