/** What Jaeger's tags of a span say that OTLP has fields for, taken out of them. */

import { type KeyValue, SpanKind, type SpanStatus, StatusCode } from '@rustok/otlp'

const kinds: Readonly<Record<string, number>> = {
  internal: SpanKind.SPAN_KIND_INTERNAL,
  server: SpanKind.SPAN_KIND_SERVER,
  client: SpanKind.SPAN_KIND_CLIENT,
  producer: SpanKind.SPAN_KIND_PRODUCER,
  consumer: SpanKind.SPAN_KIND_CONSUMER,
}

const statuses: Readonly<Record<string, number>> = {
  OK: StatusCode.STATUS_CODE_OK,
  ERROR: StatusCode.STATUS_CODE_ERROR,
}

export class SpanTags {
  readonly kind: number
  readonly status: SpanStatus
  readonly traceState: string
  readonly scope: { readonly name: string; readonly version: string }
  /** What is left. */
  readonly attributes: readonly KeyValue[]

  constructor(tags: readonly KeyValue[]) {
    const rest = [...tags]
    const take = <Value>(
      key: string,
      read: (value: KeyValue['value']) => Value | undefined,
    ): Value | undefined => {
      const index = rest.findIndex((tag) => tag.key === key && read(tag.value) !== undefined)
      return index < 0 ? undefined : read(rest.splice(index, 1)[0]?.value)
    }
    this.kind = take('span.kind', (value) => own(kinds, value)) ?? 0
    const code = take('otel.status_code', (value) => own(statuses, value))
    // OpenTracing's way to say that it failed; what else `error` may hold is an attribute.
    const isError = take('error', (value) => (value === true || value === 'true' ? true : undefined)) ?? false
    this.status = {
      code: code ?? (isError ? StatusCode.STATUS_CODE_ERROR : 0),
      message: take('otel.status_description', textOf) ?? '',
    }
    this.traceState = take('w3c.tracestate', textOf) ?? ''
    this.scope = {
      name: take('otel.scope.name', textOf) ?? take('otel.library.name', textOf) ?? '',
      version: take('otel.scope.version', textOf) ?? take('otel.library.version', textOf) ?? '',
    }
    this.attributes = rest
  }
}

function textOf(value: KeyValue['value']): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function own(table: Readonly<Record<string, number>>, value: KeyValue['value']): number | undefined {
  return typeof value === 'string' && Object.hasOwn(table, value) ? table[value] : undefined
}
