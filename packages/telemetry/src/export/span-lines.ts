/**
 * Spans as lines for people: each trace of a request as a tree in the order in which things began. Pure; the console exporter prints them.
 *
 *   12:00:01.123   12.3 ms  SERVER   GET /orders/:id           tenant=acme user=ann http=200  4bf92f35/00f067aa
 *   12:00:01.125    8.1 ms  CLIENT     SELECT orders  ERROR: deadlock detected                4bf92f35/b7ad6b71
 */
import { type AnyValue, type Span, SpanKind, StatusCode, type TraceRequest } from '@rustok/otlp'

export interface LineStyle {
  readonly colours: boolean
}

const kindNames: Readonly<Record<number, string>> = {
  [SpanKind.SPAN_KIND_SERVER]: 'SERVER',
  [SpanKind.SPAN_KIND_CLIENT]: 'CLIENT',
  [SpanKind.SPAN_KIND_PRODUCER]: 'PRODUCER',
  [SpanKind.SPAN_KIND_CONSUMER]: 'CONSUMER',
}
/** Attributes that are shown, by the word in front of them; the first that a span has. */
const shown: readonly (readonly [label: string, keys: readonly string[]])[] = [
  ['tenant', ['tenant_id']],
  ['user', ['user_id']],
  ['http', ['http.response.status_code']],
  ['db', ['db.namespace', 'db.system.name']],
]
const durationWidth = 10
const kindWidth = 8
/** Hex digits of an id that tell it apart on a screen. */
const idDigits = 8
const maxTextLength = 120
const maxDepth = 20

const escapeCode = '\u001b['
const codes = { dim: 2, red: 31, green: 32, yellow: 33, bold: 1 } as const

export function spanLines(request: TraceRequest, { colours }: LineStyle): readonly string[] {
  const paint = (code: keyof typeof codes, text: string) =>
    colours ? `${escapeCode}${codes[code]}m${text}${escapeCode}0m` : text
  const spans = request.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans))
  return inTreeOrder(spans).map(({ span, depth }) => {
    const { code, message } = span.status
    const failed = code === StatusCode.STATUS_CODE_ERROR
    const name = plain(span.name) || '(no name)'
    const parts = [
      paint('dim', clockTime(span.startTimeUnixNano)),
      paint('yellow', duration(span).padStart(durationWidth)),
      (kindNames[span.kind] ?? '').padEnd(kindWidth),
      '  '.repeat(Math.min(depth, maxDepth)) + paint(failed ? 'red' : 'bold', name),
    ]
    if (failed) parts.push(paint('red', message === '' ? 'ERROR' : `ERROR: ${plain(message)}`))
    else if (code === StatusCode.STATUS_CODE_OK) parts.push(paint('green', 'OK'))
    for (const [label, keys] of shown) {
      const value = shownValue(span, keys)
      if (value !== undefined) parts.push(`${label}=${value}`)
    }
    parts.push(paint('dim', `${shortId(span.traceId)}/${shortId(span.spanId)}`))
    return parts.join('  ')
  })
}

interface Placed {
  readonly span: Span
  readonly depth: number
}

/** Parents before their children, siblings by their start; a span whose parent is elsewhere is a root. Cycles end where they begin. */
function inTreeOrder(spans: readonly Span[]): readonly Placed[] {
  const byStart = spans.toSorted((a, b) => (a.startTimeUnixNano < b.startTimeUnixNano ? -1 : 1))
  const byId = new Set(byStart.map(idOf))
  const children = Map.groupBy(byStart, parentOf)
  const order: Placed[] = []
  const placed = new Set<Span>()
  const place = (roots: readonly Span[]) => {
    const stack = roots.toReversed().map((span) => ({ span, depth: 0 }))
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      if (placed.has(next.span)) continue
      placed.add(next.span)
      order.push(next)
      for (const child of (children.get(idOf(next.span)) ?? []).toReversed()) {
        stack.push({ span: child, depth: next.depth + 1 })
      }
    }
  }
  place(byStart.filter((span) => !byId.has(parentOf(span))))
  place(byStart)
  return order
}

const hex = (id: Uint8Array) => Buffer.from(id.buffer, id.byteOffset, id.length).toString('hex')
const idOf = ({ traceId, spanId }: Span) => `${hex(traceId)}/${hex(spanId)}`
const parentOf = ({ traceId, parentSpanId }: Span) => `${hex(traceId)}/${hex(parentSpanId)}`
const shortId = (id: Uint8Array) => hex(id).slice(0, idDigits)

/** Local time of day. */
function clockTime(unixNanos: bigint): string {
  const date = new Date(Number(unixNanos / 1_000_000n))
  const two = (value: number) => String(value).padStart(2, '0')
  const ms = String(date.getMilliseconds()).padStart(3, '0')
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${ms}`
}

function duration({ startTimeUnixNano, endTimeUnixNano }: Span): string {
  const ms = Number(endTimeUnixNano - startTimeUnixNano) / 1e6
  const size = Math.abs(ms)
  if (size < 1) return `${Math.round(ms * 1000)} µs`
  if (size < 1000) return `${ms.toFixed(1)} ms`
  return `${(ms / 1000).toFixed(2)} s`
}

function shownValue(span: Span, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = span.attributes.find((attribute) => attribute.key === key)?.value
    if (value !== undefined) return plain(textOf(value))
  }
  return undefined
}

function textOf(value: AnyValue): string {
  return typeof value === 'object' ? '…' : String(value)
}

/** What comes from outside must not move a terminal's cursor. */
function plain(text: string): string {
  const cut = text.length > maxTextLength ? `${text.slice(0, maxTextLength)}…` : text
  return cut.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd')
}
