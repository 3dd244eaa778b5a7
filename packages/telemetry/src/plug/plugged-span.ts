/**
 * A recording span that processors and exporters can read: ReadableSpan by getters, so that what nobody asks for is not made. It keeps its
 * contents after its end, because they hold on to it, and what they change on what they were given is what is exported. Made by the
 * tracer where processors are plugged in, and nowhere else.
 */
import type {
  Attributes,
  AttributeValue,
  HrTime,
  Link,
  SpanAttributes,
  SpanContext,
  SpanStatus,
  TimeInput,
} from '@opentelemetry/api'
import type {
  AttributeInput,
  AttributeKey,
  AttributeList,
  EventRecord,
  LinkRecord,
  PreparedAttributes,
} from '@rustok/otlp'
import type { Correlation } from '../context/correlation.ts'
import { parseTracestate } from '../context/trace-state.ts'
import { readAttributes, readEvent, readLink } from '../export/ended-span.ts'
import { toRecordedText } from '../redact/redaction.ts'
import { toName } from '../trace/attribute-value.ts'
import { RecordingSpan, type SpanSink } from '../trace/recording-span.ts'
import type { InstrumentationScope, ReadableResource, ReadableSpan, TimedEvent } from './interfaces.ts'

/** The sink of spans that processors see. */
export interface PluggedSink extends SpanSink {
  readonly instrumentationScope: InstrumentationScope
  readonly resource: ReadableResource
}

/** What is encoded instead of what was recorded. */
interface Changed {
  readonly attributes: ReturnType<typeof readAttributes> | undefined
  readonly events: readonly EventRecord[] | undefined
  readonly links: readonly LinkRecord[] | undefined
  readonly statusMessage: string | undefined
}

export class PluggedSpan extends RecordingSpan implements ReadableSpan {
  readonly instrumentationScope: InstrumentationScope
  readonly resource: ReadableResource
  readonly parentSpanContext?: SpanContext
  /** What was asked for, and may have been changed since: from then on this is what the span has. */
  #attributes: Attributes | undefined
  #events: TimedEvent[] | undefined
  #links: Link[] | undefined
  #status: SpanStatus | undefined
  #changed: Changed | undefined
  #ending = false

  constructor(...args: ConstructorParameters<typeof RecordingSpan>) {
    super(...args)
    const [sink, parent] = args
    const { instrumentationScope, resource } = sink as PluggedSink
    this.instrumentationScope = instrumentationScope
    this.resource = resource
    // Not the parent itself: a chain of spans that keep each other would have no end.
    if (parent !== undefined) this.parentSpanContext = parent.spanContext()
  }

  get kind(): number {
    return this.otlpKind - 1
  }

  get startTime(): HrTime {
    return toHrTime(this.startHigh, this.startLow)
  }

  get endTime(): HrTime {
    return toHrTime(this.endHigh, this.endLow)
  }

  get duration(): HrTime {
    const nanos = toNanos(this.endHigh, this.endLow) - toNanos(this.startHigh, this.startLow)
    return nanos <= 0n ? [0, 0] : [Number(nanos / 1_000_000_000n), Number(nanos % 1_000_000_000n)]
  }

  get ended(): boolean {
    return !this.isRecording()
  }

  get droppedAttributesCount(): number {
    return this.droppedAttributes
  }

  get droppedEventsCount(): number {
    return this.droppedEvents
  }

  get droppedLinksCount(): number {
    return this.droppedLinks
  }

  get attributes(): Attributes {
    if (this.#attributes === undefined) {
      const made: Attributes = {}
      const values = super.attributeValues
      for (const [i, key] of super.attributeKeys.entries()) assign(made, key, values[i])
      for (const set of this.#preparedSets()) Object.assign(made, toAttributes(set.list))
      this.#attributes = made
    }
    return this.#attributes
  }

  set attributes(attributes: Attributes) {
    this.#attributes = attributes
  }

  get events(): TimedEvent[] {
    this.#events ??= (super.eventList ?? []).map(toTimedEvent)
    return this.#events
  }

  set events(events: TimedEvent[]) {
    this.#events = events
  }

  get links(): Link[] {
    this.#links ??= (super.linkList ?? []).map(toLink)
    return this.#links
  }

  set links(links: Link[]) {
    this.#links = links
  }

  get status(): SpanStatus {
    const { statusCode: code, statusMessage: message } = this
    this.#status ??= message === '' ? { code } : { code, message }
    return this.#status
  }

  set status(status: SpanStatus) {
    this.#status = status
  }

  override setKey(key: AttributeKey, value: AttributeInput): void {
    super.setKey(key, value)
    if (this.#attributes !== undefined) this.#show(this.#attributes, key)
  }

  override setAttributes(attributes: SpanAttributes): this {
    super.setAttributes(attributes)
    if (this.#attributes === undefined) return this
    // The bag may be anything: what it holds was said already, if it could not be read.
    for (const key of super.attributeKeys) {
      if (hasOwn(attributes, key.name)) this.#show(this.#attributes, key)
    }
    return this
  }

  #show(shown: Attributes, key: AttributeKey): void {
    const recorded = this.get(key)
    if (recorded !== undefined) Object.assign(shown, toAttributes([key, recorded]))
  }

  override correlate(correlation: Correlation): void {
    super.correlate(correlation)
    if (this.#attributes !== undefined && this.prepared0 !== undefined)
      Object.assign(this.#attributes, toAttributes(this.prepared0.list))
  }

  override addEvent(
    name: string,
    attributesOrTime?: SpanAttributes | TimeInput,
    eventTime?: TimeInput,
  ): this {
    super.addEvent(name, attributesOrTime, eventTime)
    this.#events = undefined
    return this
  }

  override addLink(link: Link): this {
    super.addLink(link)
    this.#links = undefined
    return this
  }

  override setStatus(status: SpanStatus): this {
    this.#status = undefined
    return super.setStatus(status)
  }

  /** Once, be it that a processor ends it again while it is ending. */
  override end(endTime?: TimeInput): void {
    if (this.#ending && this.isRecording()) return
    this.#ending = true
    // Instrumentation of ours puts prepared sets on a span last.
    if (this.#attributes !== undefined && this.isRecording()) {
      for (const set of this.#preparedSets())
        this.#attributes = { ...toAttributes(set.list), ...this.#attributes }
    }
    super.end(endTime)
  }

  /** Takes what processors were given, and perhaps have changed, for what is encoded. Throws when that cannot be read. */
  adopt(): void {
    this.name = toName(this.name)
    const attributes = this.#attributes
    const changed: Changed = {
      attributes: attributes && (this.#isAsRecorded(attributes) ? undefined : readAttributes(attributes)),
      events: this.#events?.map(readEvent),
      links: this.#links?.map(readLink),
      statusMessage: this.#status && toRecordedText(toName(this.#status.message ?? '')),
    }
    if (this.#status !== undefined) this.statusCode = this.#status.code
    if (changed.attributes !== undefined) {
      this.prepared0 = undefined
      this.prepared1 = undefined
      this.prepared2 = undefined
    }
    this.#changed = changed
  }

  /** Whether nobody has changed what was shown, as far as that is cheap to say: mostly it was only read. */
  #isAsRecorded(shown: Attributes): boolean {
    const keys = super.attributeKeys
    const values = super.attributeValues
    if (this.#preparedSets().length > 0 || Object.keys(shown).length !== keys.length) return false
    return keys.every(({ name }, i) => {
      const value = shown[name]
      return typeof value !== 'object' && value === values[i] && Object.hasOwn(shown, name)
    })
  }

  override get attributeKeys(): readonly AttributeKey[] {
    return this.#changed?.attributes?.attributeKeys ?? super.attributeKeys
  }

  override get attributeValues(): readonly AttributeInput[] {
    return this.#changed?.attributes?.attributeValues ?? super.attributeValues
  }

  override get eventList(): readonly EventRecord[] | undefined {
    return this.#changed?.events ?? super.eventList
  }

  override get linkList(): readonly LinkRecord[] | undefined {
    return this.#changed?.links ?? super.linkList
  }

  override get statusMessage(): string {
    return this.#changed?.statusMessage ?? super.statusMessage
  }

  #preparedSets(): PreparedAttributes[] {
    return [this.prepared0, this.prepared1, this.prepared2].filter((set) => set !== undefined)
  }
}

function hasOwn(bag: unknown, name: string): boolean {
  try {
    return typeof bag === 'object' && bag !== null && Object.hasOwn(bag, name)
  } catch {
    return false
  }
}

function toAttributes(list: AttributeList): Attributes {
  const attributes: Attributes = {}
  for (let i = 0; i < list.length; i += 2)
    assign(attributes, list[i] as AttributeKey, list[i + 1] as AttributeInput)
  return attributes
}

function assign(attributes: Attributes, { name }: AttributeKey, value: AttributeInput): void {
  if (name !== '__proto__') attributes[name] = toAttributeValue(value)
  else {
    // An assignment would not make a property of this name.
    Object.defineProperty(attributes, name, {
      value: toAttributeValue(value),
      configurable: true,
      enumerable: true,
      writable: true,
    })
  }
}

/** Exporters know no bigint. */
function toAttributeValue(value: AttributeInput): AttributeValue {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : String(value)
  }
  return value as AttributeValue
}

function toTimedEvent({
  name,
  timeHigh,
  timeLow,
  attributeList,
  droppedAttributes,
}: EventRecord): TimedEvent {
  return {
    name,
    time: toHrTime(timeHigh, timeLow),
    attributes: toAttributes(attributeList),
    droppedAttributesCount: droppedAttributes,
  }
}

function toLink({
  traceId,
  spanId,
  flags,
  traceStateText,
  attributeList,
  droppedAttributes,
}: LinkRecord): Link {
  const traceState = traceStateText === '' ? undefined : parseTracestate(traceStateText)
  return {
    context: {
      traceId,
      spanId,
      traceFlags: flags & 0xff,
      ...((flags & 0x200) !== 0 && { isRemote: true }),
      ...(traceState !== undefined && { traceState }),
    },
    attributes: toAttributes(attributeList),
    droppedAttributesCount: droppedAttributes,
  }
}

function toNanos(high: number, low: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)
}

function toHrTime(high: number, low: number): HrTime {
  const nanos = toNanos(high, low)
  return [Number(nanos / 1_000_000_000n), Number(nanos % 1_000_000_000n)]
}
