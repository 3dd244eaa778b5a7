/**
 * What few spans have: events, links, a status message, and counts of what did not fit. Held apart, so that the others do not carry the
 * empty fields.
 */
import type { Link, SpanAttributes } from '@opentelemetry/api'
import type { EventRecord, LinkRecord } from '@rustok/otlp'
import { diag } from '../own-diag.ts'
import { toList } from './attribute-list.ts'
import { toName } from './attribute-value.ts'
import type { SpanLimits } from './span-limits.ts'

export class SpanExtras {
  statusMessage = ''
  droppedAttributes = 0
  eventList: EventRecord[] | undefined = undefined
  droppedEvents = 0
  linkList: LinkRecord[] | undefined = undefined
  droppedLinks = 0

  /** The newest events stay: they say more about how the span ended. */
  addEvent(
    name: string,
    attributes: SpanAttributes | undefined,
    timeHigh: number,
    timeLow: number,
    limits: SpanLimits,
  ): void {
    this.eventList ??= []
    if (this.eventList.length >= limits.eventCount) {
      this.droppedEvents++
      if (limits.eventCount === 0) return
      this.eventList.shift()
    }
    const { list, dropped } = toList(attributes, limits.eventAttributeCount, limits.attributeValueLength)
    this.eventList.push({
      name: toName(name),
      timeHigh,
      timeLow,
      attributeList: list,
      droppedAttributes: dropped,
    })
  }

  /** `spanName` is for the message when the link cannot be read. */
  addLink(link: Link, limits: SpanLimits, spanName: string): void {
    try {
      const record = readLink(link, limits)
      if (record === undefined) return
      this.linkList ??= []
      if (this.linkList.length >= limits.linkCount) {
        this.droppedLinks++
        if (limits.linkCount === 0) return
        this.linkList.shift()
      }
      this.linkList.push(record)
    } catch {
      diag.warn(`a link of span '${spanName}' cannot be read and is left out`)
    }
  }
}

/** Undefined for one that does not say to what. */
function readLink(link: Link, limits: SpanLimits): LinkRecord | undefined {
  if (typeof link?.context?.traceId !== 'string') return undefined
  const { context } = link
  if (!/^[0-9a-f]{32}$/.test(context.traceId) || !/^[0-9a-f]{16}$/.test(context.spanId)) return undefined
  const { list, dropped } = toList(link.attributes, limits.linkAttributeCount, limits.attributeValueLength)
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    traceStateText: context.traceState?.serialize() ?? '',
    flags: (context.traceFlags & 0xff) | 0x100 | (context.isRemote === true ? 0x200 : 0),
    attributeList: list,
    droppedAttributes: dropped + (link.droppedAttributesCount ?? 0),
  }
}
