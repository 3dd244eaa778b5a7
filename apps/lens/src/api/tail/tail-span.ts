/** A span as the live tail shows it. */

import type { ArrivedSpan } from '../../query/tail/arrivals.ts'
import type { TailSpan } from '../contract/tail.ts'
import { spanKinds } from '../trace-view.ts'

const statuses: readonly TailSpan['status'][] = ['unset', 'ok', 'error']

export function tailSpan({ kind, status, start, duration, ...span }: ArrivedSpan): TailSpan {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    tenant: span.tenant,
    user: span.user,
    service: span.service,
    name: span.name,
    kind: spanKinds[kind] ?? 'unspecified',
    status: statuses[status] ?? 'unset',
    statusMessage: span.statusMessage,
    startUnixNano: start,
    durationNano: Math.max(0, Number(duration)),
  }
}
