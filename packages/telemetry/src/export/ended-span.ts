/** An ended span of somebody else's SDK, read into the encoder's record. Only what is read of its ReadableSpan is declared. */
import type { Attributes, HrTime, Link, SpanContext, SpanStatus } from '@opentelemetry/api'
import type { AttributeInput, AttributeKey, EventRecord, LinkRecord, SpanRecord } from '@rustok/otlp'
import { toRecordedText } from '../redact/redaction.ts'
import { toList } from '../trace/attribute-list.ts'
import { parseHex32 } from '../trace/ids.ts'

export interface EndedSpan {
  readonly name: string
  readonly kind: number
  spanContext(): SpanContext
  readonly parentSpanContext?: SpanContext | undefined
  readonly startTime: HrTime
  readonly endTime: HrTime
  readonly status: SpanStatus
  readonly attributes: Attributes
  readonly links: readonly Link[]
  readonly events: readonly EndedSpanEvent[]
  readonly resource: {
    readonly attributes: Attributes
    readonly schemaUrl?: string | undefined
    readonly asyncAttributesPending?: boolean | undefined
    waitForAsyncAttributes?(): Promise<void>
  }
  readonly instrumentationScope: {
    readonly name: string
    readonly version?: string | undefined
    readonly schemaUrl?: string | undefined
  }
  readonly droppedAttributesCount: number
  readonly droppedEventsCount: number
  readonly droppedLinksCount: number
}

interface EndedSpanEvent {
  readonly name: string
  readonly time: HrTime
  readonly attributes?: Attributes | undefined
  readonly droppedAttributesCount?: number | undefined
}

/** Their SDK has applied its limits already. */
const noLimit = Number.POSITIVE_INFINITY

export function readEndedSpan(span: EndedSpan): SpanRecord {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext()
  const parent = span.parentSpanContext
  const [startHigh, startLow] = halves(span.startTime)
  const [endHigh, endLow] = halves(span.endTime)
  return {
    traceId0: parseHex32(traceId, 0),
    traceId1: parseHex32(traceId, 8),
    traceId2: parseHex32(traceId, 16),
    traceId3: parseHex32(traceId, 24),
    spanId0: parseHex32(spanId, 0),
    spanId1: parseHex32(spanId, 8),
    parentSpanId0: parent === undefined ? 0 : parseHex32(parent.spanId, 0),
    parentSpanId1: parent === undefined ? 0 : parseHex32(parent.spanId, 8),
    flags: flagsOf(traceFlags, parent?.isRemote),
    traceStateText: traceState?.serialize() ?? '',
    name: span.name,
    otlpKind: span.kind + 1,
    startHigh,
    startLow,
    endHigh,
    endLow,
    ...readAttributes(span.attributes),
    prepared0: undefined,
    prepared1: undefined,
    prepared2: undefined,
    droppedAttributes: span.droppedAttributesCount,
    eventList: span.events.length === 0 ? undefined : span.events.map(readEvent),
    droppedEvents: span.droppedEventsCount,
    linkList: span.links.length === 0 ? undefined : span.links.map(readLink),
    droppedLinks: span.droppedLinksCount,
    statusCode: span.status.code,
    statusMessage: toRecordedText(span.status.message ?? ''),
  }
}

export function readAttributes(attributes: Attributes): {
  attributeKeys: AttributeKey[]
  attributeValues: AttributeInput[]
} {
  const { list } = toList(attributes, noLimit, noLimit)
  return {
    attributeKeys: list.filter((_, i) => i % 2 === 0) as AttributeKey[],
    attributeValues: list.filter((_, i) => i % 2 === 1) as AttributeInput[],
  }
}

export function readEvent(event: EndedSpanEvent): EventRecord {
  const [timeHigh, timeLow] = halves(event.time)
  return {
    name: event.name,
    timeHigh,
    timeLow,
    attributeList: toList(event.attributes, noLimit, noLimit).list,
    droppedAttributes: event.droppedAttributesCount ?? 0,
  }
}

export function readLink({ context, attributes, droppedAttributesCount = 0 }: Link): LinkRecord {
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    traceStateText: context.traceState?.serialize() ?? '',
    flags: flagsOf(context.traceFlags, context.isRemote),
    attributeList: toList(attributes, noLimit, noLimit).list,
    droppedAttributes: droppedAttributesCount,
  }
}

/** SpanFlags of the .proto: bit 8 says that bit 9, "the parent is remote", is known. */
function flagsOf(traceFlags: number, isRemote: boolean | undefined): number {
  return (traceFlags & 0xff) | 0x100 | (isRemote === true ? 0x200 : 0)
}

function halves([seconds, nanos]: HrTime): [high: number, low: number] {
  const total = BigInt(seconds) * 1_000_000_000n + BigInt(nanos)
  return [Number(total >> 32n) | 0, Number(total & 0xffff_ffffn) | 0]
}
