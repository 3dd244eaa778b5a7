/** Proves, with a decoder, that a contender's bytes are the workload's spans: names, kinds and every attribute. */
import { type AnyValue, decodeTraceRequest, SpanKind } from '@rustok/otlp'
import { prove } from '../suite.ts'
import { attributesOf, nameOf, statusKey, statusOf } from './workload.ts'

/** Throws ProofError unless `requests` hold exactly the spans 0 to `count` - 1, in order. */
export function checkSpans(who: string, requests: readonly Uint8Array[], count: number): void {
  const spans = requests
    .flatMap((request) => decodeTraceRequest(request).resourceSpans)
    .flatMap(({ scopeSpans }) => scopeSpans)
    .flatMap((scope) => scope.spans)
  prove(spans.length === count, `${who}: ${spans.length} spans are in the requests, not ${count}`)
  const ids = new Set<string>()
  for (const [i, span] of spans.entries()) {
    ids.add(Buffer.from(span.spanId).toString('hex'))
    prove(span.name === nameOf(i), `${who}: span ${i} is named '${span.name}', not '${nameOf(i)}'`)
    prove(span.kind === SpanKind.SPAN_KIND_SERVER, `${who}: span ${i} has kind ${span.kind}`)
    prove(span.endTimeUnixNano >= span.startTimeUnixNano, `${who}: span ${i} ends before it starts`)
    const wanted = new Map<string, AnyValue>(
      Object.entries({ ...attributesOf(i), [statusKey]: statusOf(i) }).map(([key, value]) => [
        key,
        typeof value === 'number' ? BigInt(value) : (value as string),
      ]),
    )
    prove(
      span.attributes.length === wanted.size,
      `${who}: span ${i} has ${span.attributes.length} attributes`,
    )
    for (const { key, value } of span.attributes) {
      prove(wanted.get(key) === value, `${who}: span ${i} has ${key} = ${value}, not ${wanted.get(key)}`)
    }
  }
  prove(ids.size === count, `${who}: ${ids.size} distinct span ids for ${count} spans`)
}
