/**
 * A span that is being recorded: the API's Span outside, the encoder's SpanRecord inside. It becomes bytes at `end()` and lets go of
 * everything it held, so that a context that outlives it pins a few integers.
 */
import {
  diag,
  type Exception,
  type Link,
  type Span,
  type SpanAttributes,
  type SpanStatus,
  type TimeInput,
  type TraceState,
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
import { type ClockAnchor, fromTimeInput, time, toUnixNanos } from '../clock.ts'
import { type Correlation, tenantKey, userKey } from '../context/correlation.ts'
import { isPlain, setInList, toList } from './attribute-list.ts'
import { maxStringLength, toAttributeInput, toName } from './attribute-value.ts'
import { exceptionAttributes } from './exception.ts'
import { SpanIdentity } from './span-identity.ts'
import type { SpanLimits } from './span-limits.ts'

/** Where an ended span goes. */
export interface SpanSink {
  /** Called once per span, before it lets go of its contents. */
  onEnd(span: RecordingSpan): void
}

/** Of spans that have none, or no longer: never written to. */
const noAttributes: AttributeList = []
/** Attributes that a tracer guesses the keys of. */
const maxGuesses = 32
const ok = 1
const error = 2

export class RecordingSpan extends SpanIdentity implements Span, SpanRecord {
  readonly parentSpanId0: number
  readonly parentSpanId1: number
  readonly flags: number
  readonly otlpKind: number
  name: string
  startHigh = 0
  startLow = 0
  endHigh = 0
  endLow = 0
  attributeList: AttributeList = noAttributes
  /** Tenant and user. */
  prepared0: PreparedAttributes | undefined
  /** Attributes that instrumentation has encoded once for many spans. */
  prepared1: PreparedAttributes | undefined = undefined
  prepared2: PreparedAttributes | undefined = undefined
  droppedAttributes = 0
  eventList: EventRecord[] | undefined = undefined
  droppedEvents = 0
  linkList: LinkRecord[] | undefined = undefined
  droppedLinks = 0
  statusCode = 0
  statusMessage = ''
  readonly anchor: ClockAnchor
  /** The first span of this trace in this process; itself when that is this one. */
  localRoot: RecordingSpan | undefined
  readonly #sink: SpanSink
  readonly #limits: SpanLimits
  #ended = false

  constructor(
    traceId0: number,
    traceId1: number,
    traceId2: number,
    traceId3: number,
    spanId0: number,
    spanId1: number,
    parent: SpanIdentity | undefined,
    traceFlags: number,
    traceState: TraceState | undefined,
    name: string,
    otlpKind: number,
    startMs: number,
    anchor: ClockAnchor,
    correlation: Correlation | undefined,
    localRoot: RecordingSpan | undefined,
    sink: SpanSink,
    limits: SpanLimits,
  ) {
    super(traceId0, traceId1, traceId2, traceId3, spanId0, spanId1, traceFlags, traceState)
    this.parentSpanId0 = parent === undefined ? 0 : parent.spanId0
    this.parentSpanId1 = parent === undefined ? 0 : parent.spanId1
    this.flags = traceFlags | 0x100 | (parent?.isRemote === true ? 0x200 : 0)
    this.otlpKind = otlpKind
    this.name = name
    this.anchor = anchor
    this.correlation = correlation
    this.prepared0 = correlation === undefined ? undefined : correlation.prepared
    this.localRoot = localRoot
    this.#sink = sink
    this.#limits = limits
    toUnixNanos(anchor, startMs)
    this.startHigh = time.high
    this.startLow = time.low
  }

  get traceStateText(): string {
    if (this.traceState === undefined) return ''
    try {
      return this.traceState.serialize()
    } catch {
      return ''
    }
  }

  isRecording(): boolean {
    return !this.#ended
  }

  setAttribute(name: string, value: unknown): this {
    if (this.#ended || typeof name !== 'string' || name === '') return this
    const type = typeof value
    const input =
      type === 'number' || type === 'boolean'
        ? (value as number | boolean)
        : toAttributeInput(value, this.#limits.attributeValueLength)
    if (input !== undefined) this.setKey(attributeKey(name), input)
    return this
  }

  setAttributes(attributes: SpanAttributes): this {
    if (typeof attributes !== 'object' || attributes === null) return this
    try {
      if (!isPlain(attributes)) this.#setOwn(attributes)
      else for (const name in attributes) this.setAttribute(name, attributes[name])
    } catch {
      this.#setReadable(attributes)
    }
    return this
  }

  /**
   * The attributes that a span starts with: an object's keys differ, so none is looked for in the list. `guesses` are the keys of the
   * tracer's last span, in order: code that starts spans mostly repeats itself, and a comparison costs a fifth of a look-up.
   */
  setFirstAttributes(attributes: SpanAttributes, guesses: AttributeKey[]): void {
    if (typeof attributes !== 'object' || attributes === null) return
    const { attributeCount, attributeValueLength } = this.#limits
    const list: AttributeList = this.attributeList === noAttributes ? [] : this.attributeList
    this.attributeList = list
    const maxLength = Math.min(attributeValueLength, maxStringLength)
    let index = 0
    try {
      if (!isPlain(attributes)) {
        this.#setOwn(attributes)
        return
      }
      for (const name in attributes) {
        const given = attributes[name]
        const type = typeof given
        const plain = type === 'string' ? (given as string).length <= maxLength : type === 'number'
        const value = plain ? (given as AttributeInput) : toAttributeInput(given, attributeValueLength)
        if (value === undefined || name === '') continue
        let key = guesses[index]
        if (key === undefined || key.name !== name) {
          key = attributeKey(name)
          if (index < maxGuesses) guesses[index] = key
        }
        index++
        if (key === tenantKey || key === userKey) this.setKey(key, value)
        else if (list.length < attributeCount * 2) list.push(key, value)
        else this.droppedAttributes++
      }
    } catch {
      this.#setReadable(attributes)
    }
  }

  /** The slow way, once reading one of them threw: all that can be read. */
  #setReadable(attributes: SpanAttributes): void {
    diag.warn(`an attribute of span '${this.name}' cannot be read and is left out`)
    this.#setOwn(attributes)
  }

  #setOwn(attributes: SpanAttributes): void {
    const { list } = toList(attributes, Number.POSITIVE_INFINITY, this.#limits.attributeValueLength)
    for (let i = 0; i < list.length; i += 2)
      this.setKey(list[i] as AttributeKey, list[i + 1] as AttributeInput)
  }

  /** As setAttribute, for instrumentation of ours that holds interned keys and clean values. */
  setKey(key: AttributeKey, value: AttributeInput): void {
    if (this.#ended) return
    if (this.attributeList === noAttributes) this.attributeList = []
    if (key.prepared) this.#unfold(key)
    if (!setInList(this.attributeList, key, value, this.#limits.attributeCount)) this.droppedAttributes++
  }

  /** A prepared set that holds `key` becomes ordinary attributes, so that what the application sets itself replaces it. */
  #unfold(key: AttributeKey): void {
    const { prepared0, prepared1, prepared2 } = this
    if (prepared0?.list.includes(key)) {
      this.prepared0 = this.correlation?.preparedBeside(this.attributeList, key)
    }
    if (prepared1?.list.includes(key)) {
      this.attributeList.push(...prepared1.list)
      this.prepared1 = undefined
    }
    if (prepared2?.list.includes(key)) {
      this.attributeList.push(...prepared2.list)
      this.prepared2 = undefined
    }
  }

  /** Puts tenant and user on this span, each unless the application has set it itself. */
  correlate(correlation: Correlation): void {
    if (this.#ended) return
    this.correlation = correlation
    this.prepared0 = correlation.preparedBeside(this.attributeList)
  }

  addEvent(name: string, attributesOrTime?: SpanAttributes | TimeInput, eventTime?: TimeInput): this {
    if (this.#ended) return this
    const timeOnly = isTimeInput(attributesOrTime)
    const attributes = timeOnly ? undefined : attributesOrTime
    this.#readTime(timeOnly ? attributesOrTime : eventTime)
    const { high, low } = time
    this.eventList ??= []
    if (this.eventList.length >= this.#limits.eventCount) {
      this.droppedEvents++
      if (this.#limits.eventCount === 0) return this
      this.eventList.shift() // The newest say more about how it ended.
    }
    const { list, dropped } = toList(
      attributes,
      this.#limits.eventAttributeCount,
      this.#limits.attributeValueLength,
    )
    this.eventList.push({
      name: toName(name),
      timeHigh: high,
      timeLow: low,
      attributeList: list,
      droppedAttributes: dropped,
    })
    return this
  }

  addLink(link: Link): this {
    if (this.#ended) return this
    try {
      this.#addReadableLink(link)
    } catch {
      diag.warn(`a link of span '${this.name}' cannot be read and is left out`)
    }
    return this
  }

  #addReadableLink(link: Link): void {
    if (typeof link?.context?.traceId !== 'string') return
    const { context } = link
    if (!/^[0-9a-f]{32}$/.test(context.traceId) || !/^[0-9a-f]{16}$/.test(context.spanId)) return
    this.linkList ??= []
    if (this.linkList.length >= this.#limits.linkCount) {
      this.droppedLinks++
      if (this.#limits.linkCount === 0) return
      this.linkList.shift()
    }
    const { list, dropped } = toList(
      link.attributes,
      this.#limits.linkAttributeCount,
      this.#limits.attributeValueLength,
    )
    this.linkList.push({
      traceId: context.traceId,
      spanId: context.spanId,
      traceStateText: context.traceState?.serialize() ?? '',
      flags: (context.traceFlags & 0xff) | 0x100 | (context.isRemote === true ? 0x200 : 0),
      attributeList: list,
      droppedAttributes: dropped + (link.droppedAttributesCount ?? 0),
    })
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
    if (this.#ended || this.statusCode === ok) return this
    try {
      const code = status?.code
      if (code !== ok && code !== error) return this
      const message = code === error ? status.message : undefined
      this.statusCode = code
      this.statusMessage = typeof message === 'string' ? toName(message) : ''
    } catch {
      diag.warn(`a status of span '${this.name}' cannot be read and is left out`)
    }
    return this
  }

  updateName(name: string): this {
    if (!this.#ended) this.name = toName(name)
    return this
  }

  recordException(exception: Exception, exceptionTime?: TimeInput): void {
    if (this.#ended) return
    const attributes = exceptionAttributes(exception)
    if (attributes === undefined)
      diag.warn('recordException: neither a message nor a type; ignored', exception)
    else this.addEvent('exception', attributes, exceptionTime)
  }

  end(endTime?: TimeInput): void {
    if (this.#ended) {
      diag.warn(`span '${this.name}' has ended already: end() must be called once`)
      return
    }
    this.#readTime(endTime)
    this.endHigh = time.high
    this.endLow = time.low
    this.#ended = true
    this.#sink.onEnd(this)
    this.#release()
  }

  /** Replaces the start; for spans that are made after the fact. */
  setStart(startTime: TimeInput): void {
    if (!fromTimeInput(startTime, this.anchor)) return
    this.startHigh = time.high
    this.startLow = time.low
  }

  #readTime(input: TimeInput | undefined): void {
    if (input !== undefined && input !== null && fromTimeInput(input, this.anchor)) return
    toUnixNanos(this.anchor, performance.now())
  }

  #release(): void {
    this.attributeList = noAttributes
    this.prepared0 = undefined
    this.prepared1 = undefined
    this.prepared2 = undefined
    this.eventList = undefined
    this.linkList = undefined
  }
}

function isTimeInput(value: unknown): value is TimeInput {
  if (typeof value !== 'object' || value === null) return typeof value === 'number'
  try {
    if (!Array.isArray(value)) return value instanceof Date
    return value.length === 2 && value.every((part) => typeof part === 'number')
  } catch {
    return false
  }
}
