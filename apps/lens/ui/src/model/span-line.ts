/**
 * What the waterfall says of a span in its row. The rest of a span is asked for when it is selected. One object a span, since
 * everything that draws a row reads most of it. Made by traceModel.
 */
import type { SpanKind, TextColumn, WaterfallResponse } from 'rustok-lens/contract'

export interface SpanLine {
  readonly name: string
  readonly kind: SpanKind
  readonly failed: boolean
  /** Of the status, or the best words that a failed span has. */
  readonly message: string
  readonly tenant: string
  readonly user: string
  /** Whom a span named by a method alone called: see spanHint. */
  readonly callee: string
}

export function spanLines(response: WaterfallResponse): readonly SpanLine[] {
  const name = readerOf(response.name)
  const kind = readerOf(response.kind)
  const status = readerOf(response.status)
  const message = readerOf(response.message)
  const tenant = readerOf(response.tenant)
  const user = readerOf(response.user)
  const callee = readerOf(response.callee)
  return response.starts.map((_, at) => ({
    name: name(at),
    kind: kind(at) as SpanKind,
    failed: status(at) === 'error',
    message: message(at),
    tenant: tenant(at),
    user: user(at),
    callee: callee(at),
  }))
}

export function readerOf({ values, index }: TextColumn): (at: number) => string {
  if (index.length === 0) {
    const all = values[0] ?? ''
    return () => all
  }
  return (at) => values[index[at]!] ?? ''
}
