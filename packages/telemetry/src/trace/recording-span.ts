/**
 * A span that is being recorded: the API's Span outside, the encoder's SpanRecord inside. It becomes bytes at `end()` and lets go of
 * everything it held, so that a context that outlives it pins a few integers.
 */
import type {
  Context,
  Exception,
  Link,
  Span,
  SpanAttributes,
  SpanStatus,
  TimeInput,
  TraceState,
} from '@opentelemetry/api'
import {
  type AttributeInput,
  type AttributeKey,
  type AttributeList,
  attributeKey,
  type EventRecord,
  type LinkRecord,
  type PreparedAttributes,
  type SpanRecord,
} from '@rustok/otlp'
import {
  type ClockAnchor,
  currentAnchor,
  fromTimeInput,
  isTimeInput,
  monotonicMs,
  time,
  toUnixNanos,
} from '../clock.ts'
import type { Correlation } from '../context/correlation.ts'
import { diag } from '../own-diag.ts'
import { isSecret, toRecorded, toRecordedText } from '../redact/redaction.ts'
import { isPlain, toList } from './attribute-list.ts'
import { AttributeShape } from './attribute-shape.ts'
import { maxStringLength, toAttributeInput, toName } from './attribute-value.ts'
import { exceptionAttributes } from './exception.ts'
import { SpanExtras } from './span-extras.ts'
import { SpanIdentity } from './span-identity.ts'
import type { SpanLimits } from './span-limits.ts'

/** Where an ended span goes, and what it may hold. One per tracer. */
export interface SpanSink {
  readonly limits: SpanLimits
  /** Of processors, which see spans before that and hold on to them; undefined without any. */
  readonly hooks?: SpanHooks
  /** Of the spans that go here; RecordingSpan by default. */
  readonly spanClass?: typeof RecordingSpan
  /** Called once per span, before it lets go of its contents. */
  onEnd(span: RecordingSpan): void
}

export interface SpanHooks {
  onStart(span: RecordingSpan, context: Context): void
  /** While the span can still be changed. */
  onEnding(span: RecordingSpan): void
}

/** Of spans that have none, or no longer: never written to. */
const noValues: AttributeInput[] = []
/** SpanFlags of the .proto: it is known whether the parent is remote, and it is. */
const parentKnown = 0x100
const parentRemote = 0x200
const ok = 1
const error = 2

/** Its methods are not #private, for the reason of SpanIdentity's fields: a brand on each object took 50 ns. */
export class RecordingSpan extends SpanIdentity implements Span, SpanRecord {
  declare readonly parentSpanId0: number
  declare readonly parentSpanId1: number
  declare readonly flags: number
  declare readonly otlpKind: number
  declare name: string
  declare startHigh: number
  declare startLow: number
  declare endHigh: number
  declare endLow: number
  declare statusCode: number
  /** Tenant and user. */
  declare prepared0: PreparedAttributes | undefined
  /** Attributes that instrumentation has encoded once for many spans. */
  declare prepared1: PreparedAttributes | undefined
  declare prepared2: PreparedAttributes | undefined
  declare readonly anchor: ClockAnchor
  /** The first span of this trace in this process; undefined when that is this one. */
  declare readonly localRoot: RecordingSpan | undefined
  /** The keys of `#values`, in the order in which they were set. */
  #shape = AttributeShape.none
  #values = noValues
  #extras: SpanExtras | undefined
  /** Undefined once it has ended. */
  #sink: SpanSink | undefined

  /** Starts now. */
  constructor(
    sink: SpanSink,
    parent: SpanIdentity | undefined,
    traceId0: number,
    traceId1: number,
    traceId2: number,
    traceId3: number,
    spanId0: number,
    spanId1: number,
    traceFlags: number,
    traceState: TraceState | undefined,
    correlation: Correlation | undefined,
    name: string,
    otlpKind: number,
  ) {
    const now = monotonicMs()
    super(traceId0, traceId1, traceId2, traceId3, spanId0, spanId1, traceFlags, traceState, correlation)
    this.#sink = sink
    this.otlpKind = otlpKind
    this.name = name
    if (parent === undefined) {
      this.parentSpanId0 = 0
      this.parentSpanId1 = 0
      this.flags = traceFlags | parentKnown
    } else {
      this.parentSpanId0 = parent.spanId0
      this.parentSpanId1 = parent.spanId1
      this.flags = traceFlags | (parent.isRemote ? parentKnown | parentRemote : parentKnown)
    }
    if (parent instanceof RecordingSpan) {
      this.anchor = parent.anchor
      this.localRoot = parent.localRoot ?? parent
    } else {
      this.anchor = currentAnchor(now)
      this.localRoot = undefined
    }
    toUnixNanos(this.anchor, now)
    this.startHigh = time.high
    this.startLow = time.low
    this.endHigh = 0
    this.endLow = 0
    this.statusCode = 0
    this.prepared0 = correlation === undefined ? undefined : correlation.prepared
    this.prepared1 = undefined
    this.prepared2 = undefined
  }

  get traceStateText(): string {
    if (this.traceState === undefined) return ''
    try {
      return this.traceState.serialize()
    } catch {
      return ''
    }
  }

  get attributeKeys(): readonly AttributeKey[] {
    return this.#shape.keys
  }

  get attributeValues(): readonly AttributeInput[] {
    return this.#values
  }

  get droppedAttributes(): number {
    return this.#extras === undefined ? 0 : this.#extras.droppedAttributes
  }

  get eventList(): readonly EventRecord[] | undefined {
    return this.#extras?.eventList
  }

  get droppedEvents(): number {
    return this.#extras === undefined ? 0 : this.#extras.droppedEvents
  }

  get linkList(): readonly LinkRecord[] | undefined {
    return this.#extras?.linkList
  }

  get droppedLinks(): number {
    return this.#extras === undefined ? 0 : this.#extras.droppedLinks
  }

  get statusMessage(): string {
    return this.#extras === undefined ? '' : this.#extras.statusMessage
  }

  /** Keys and values in turn, made for the caller. */
  get attributeList(): AttributeList {
    return this.#shape.keys.flatMap((key, i): AttributeList => [key, this.#values[i]])
  }

  /** Whether it has the attribute, apart from prepared sets. */
  has(key: AttributeKey): boolean {
    return this.#shape.indexOf(key) >= 0
  }

  /** What was recorded for `key`, apart from prepared sets. */
  get(key: AttributeKey): AttributeInput {
    return this.#values[this.#shape.indexOf(key)]
  }

  isRecording(): boolean {
    return this.#sink !== undefined
  }

  setAttribute(name: string, value: unknown): this {
    const sink = this.#sink
    if (sink === undefined || typeof name !== 'string' || name === '') return this
    const { usualKey } = this.#shape
    const key = usualKey !== undefined && usualKey.name === name ? usualKey : attributeKey(name)
    this.setKey(key, toAttributeInput(value, sink.limits.attributeValueLength))
    return this
  }

  setAttributes(attributes: SpanAttributes): this {
    if (typeof attributes !== 'object' || attributes === null || this.#sink === undefined) return this
    try {
      if (isPlain(attributes)) this.setPlain(attributes, this.#sink.limits)
      else this.setOwn(attributes)
    } catch {
      diag.warn(`an attribute of span '${this.name}' cannot be read and is left out`)
      this.setOwn(attributes)
    }
    return this
  }

  /** What comes in its usual order, as it usually is, takes this loop; calls per attribute cost three times as much. */
  private setPlain(attributes: SpanAttributes, { attributeCount, attributeValueLength }: SpanLimits): void {
    if (this.#values === noValues) this.#values = []
    const values = this.#values
    const maxLength = Math.min(attributeValueLength, maxStringLength)
    for (const name in attributes) {
      const value = attributes[name] // A getter may set attributes, and even end the span.
      const shape = this.#shape
      const key = shape.usualKey
      if (
        key !== undefined &&
        key.name === name &&
        !key.prepared &&
        key.rule === undefined &&
        values.length < attributeCount &&
        values === this.#values &&
        (typeof value === 'string'
          ? value.length <= maxLength && !isSecret(value)
          : typeof value === 'number')
      ) {
        this.#shape = shape.usualNext!
        values.push(value as AttributeInput)
      } else {
        this.setAttribute(name, value)
      }
    }
  }

  /** The slow way: all that can be read. */
  private setOwn(attributes: SpanAttributes): void {
    if (this.#sink === undefined) return
    const { list } = toList(attributes, Number.POSITIVE_INFINITY, this.#sink.limits.attributeValueLength)
    for (let i = 0; i < list.length; i += 2)
      this.setKey(list[i] as AttributeKey, list[i + 1] as AttributeInput)
  }

  /** As setAttribute, for instrumentation of ours that holds interned keys and clean values. */
  setKey(key: AttributeKey, value: AttributeInput): void {
    const sink = this.#sink
    if (sink === undefined || value === undefined) return
    const recorded = toRecorded(key, value, this)
    if (recorded === undefined) return
    if (key.prepared) this.unfold(key)
    const shape = this.#shape
    if (this.#values === noValues) this.#values = []
    const values = this.#values
    if (key === shape.usualKey && values.length < sink.limits.attributeCount) {
      this.#shape = shape.usualNext!
      values.push(recorded)
      return
    }
    const index = shape.indexOf(key)
    if (index >= 0) values[index] = recorded
    else if (values.length < sink.limits.attributeCount) {
      this.#shape = shape.with(key)
      values.push(recorded)
    } else this.extra().droppedAttributes++
  }

  /** A prepared set that holds `key` becomes ordinary attributes, so that what the application sets itself replaces it. */
  private unfold(key: AttributeKey): void {
    const { prepared0, prepared1, prepared2 } = this
    if (prepared0?.list.includes(key)) {
      this.prepared0 = this.correlation?.preparedBeside(this, key)
    }
    if (prepared1?.list.includes(key)) {
      this.prepared1 = undefined
      this.setList(prepared1.list)
    }
    if (prepared2?.list.includes(key)) {
      this.prepared2 = undefined
      this.setList(prepared2.list)
    }
  }

  private setList(list: AttributeList): void {
    for (let i = 0; i < list.length; i += 2)
      this.setKey(list[i] as AttributeKey, list[i + 1] as AttributeInput)
  }

  private extra(): SpanExtras {
    this.#extras ??= new SpanExtras()
    return this.#extras
  }

  /** Puts tenant and user on this span, each unless the application has set it itself. */
  correlate(correlation: Correlation): void {
    if (this.#sink === undefined) return
    this.correlation = correlation
    this.prepared0 = correlation.preparedBeside(this)
  }

  addEvent(name: string, attributesOrTime?: SpanAttributes | TimeInput, eventTime?: TimeInput): this {
    if (this.#sink === undefined) return this
    const timeOnly = isTimeInput(attributesOrTime)
    const attributes = timeOnly ? undefined : attributesOrTime
    this.readTime(timeOnly ? attributesOrTime : eventTime)
    this.extra().addEvent(name, attributes, time.high, time.low, this.#sink.limits)
    return this
  }

  addLink(link: Link): this {
    if (this.#sink !== undefined) this.extra().addLink(link, this.#sink.limits, this.name)
    return this
  }

  addLinks(links: Link[]): this {
    try {
      for (const link of links) this.addLink(link)
    } catch {
      diag.warn(`the links of span '${this.name}' are no list and are left out`)
    }
    return this
  }

  /** OK is final, ERROR wins over UNSET, and UNSET is ignored (specification: Set Status). */
  setStatus(status: SpanStatus): this {
    if (this.#sink === undefined || this.statusCode === ok) return this
    try {
      const code = status?.code
      if (code !== ok && code !== error) return this
      const message = code === error ? status.message : undefined
      this.statusCode = code
      const text = typeof message === 'string' ? toRecordedText(toName(message)) : ''
      if (text !== '' || this.#extras !== undefined) this.extra().statusMessage = text
    } catch {
      diag.warn(`a status of span '${this.name}' cannot be read and is left out`)
    }
    return this
  }

  updateName(name: string): this {
    if (this.#sink !== undefined) this.name = toName(name)
    return this
  }

  recordException(exception: Exception, exceptionTime?: TimeInput): void {
    if (this.#sink === undefined) return
    const attributes = exceptionAttributes(exception)
    if (attributes === undefined)
      diag.warn('recordException: neither a message nor a type; ignored', exception)
    else this.addEvent('exception', attributes, exceptionTime)
  }

  end(endTime?: TimeInput): void {
    const sink = this.#sink
    if (sink === undefined) {
      diag.warn(`span '${this.name}' has ended already: end() must be called once`)
      return
    }
    this.readTime(endTime)
    this.endHigh = time.high
    this.endLow = time.low
    sink.hooks?.onEnding(this)
    this.#sink = undefined
    sink.onEnd(this)
    if (sink.hooks === undefined) this.release()
  }

  /** Replaces the start; for spans that are made after the fact. */
  setStart(startTime: TimeInput): void {
    if (!fromTimeInput(startTime, this.anchor)) return
    this.startHigh = time.high
    this.startLow = time.low
  }

  private readTime(input: TimeInput | undefined): void {
    if (input !== undefined && input !== null && fromTimeInput(input, this.anchor)) return
    toUnixNanos(this.anchor, monotonicMs())
  }

  private release(): void {
    this.#shape = AttributeShape.none
    this.#values = noValues
    this.#extras = undefined
    this.prepared0 = undefined
    this.prepared1 = undefined
    this.prepared2 = undefined
  }
}
