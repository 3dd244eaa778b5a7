/**
 * Makes a span fit that no collector would take: its largest attributes, events and links go until it does, and are counted as dropped
 * in the span itself. Better than the whole span, which would be refused with all that it says.
 */
import {
  type AnyValue,
  decodeTraceRequest,
  encodeEnvelope,
  encodeResource,
  encodeScope,
  encodeSpanField,
  type KeyValue,
  KeyValueList,
  type Span,
} from '@rustok/otlp'

/** A tag, lengths and a number: more than each field needs beside its text. */
const fieldBytes = 24
/** What is left of a name or a status message that alone is too long. */
const maxTextLength = 1024

interface Part {
  readonly of: 'attributes' | 'events' | 'links'
  readonly part: object
  readonly size: number
}

/** `field` is a whole `ScopeSpans.spans` field; so is the result, of at most `maxBytes`. `note` says what was done, by the span's name. */
export function shrinkSpan(field: Uint8Array, maxBytes: number): { bytes: Uint8Array; note: string } {
  const span = decodeField(field)
  const { attributes, events, links } = span
  const parts: Part[] = [
    ...attributes.map((part) => ({ of: 'attributes' as const, part, size: pairSize(part) })),
    ...events.map((part) => ({
      of: 'events' as const,
      part,
      size: textSize(part.name) + listSize(part.attributes),
    })),
    ...links.map((part) => ({
      of: 'links' as const,
      part,
      size: textSize(part.traceState) + fieldBytes * 2 + listSize(part.attributes),
    })),
  ]
  const gone = new Set<object>()
  const counts = { attributes: 0, events: 0, links: 0 }
  const name = cut(span.name)
  const message = cut(span.status.message)
  let size = parts.reduce(
    (sum, part) => sum + part.size,
    fieldBytes * 12 + textSize(name) + textSize(message),
  )
  size += textSize(span.traceState)
  for (const { of, part, size: partSize } of parts.sort((a, b) => b.size - a.size)) {
    if (size <= maxBytes) break
    gone.add(part)
    counts[of]++
    size -= partSize
  }
  const bytes = encodeSpanField({
    ...span,
    name,
    status: { ...span.status, message },
    attributes: attributes.filter((part) => !gone.has(part)),
    droppedAttributesCount: span.droppedAttributesCount + counts.attributes,
    events: events.filter((part) => !gone.has(part)),
    droppedEventsCount: span.droppedEventsCount + counts.events,
    links: links.filter((part) => !gone.has(part)),
    droppedLinksCount: span.droppedLinksCount + counts.links,
  })
  const what = Object.entries(counts).filter(([, count]) => count > 0)
  const dropped = what.map(([of, count]) => `${count} of its ${of}`).join(', ')
  return {
    bytes,
    note:
      `span '${name}' has ${Math.ceil(field.length / 1_048_576)} MiB, more than collectors take: ` +
      `${dropped === '' ? 'its texts were cut' : `the largest were dropped, ${dropped}`}. ` +
      'OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT bounds each value',
  }
}

const nowhere = encodeResource({ attributes: {} })
const nobody = encodeScope({ name: '' })

function decodeField(field: Uint8Array): Span {
  const request = encodeEnvelope(nowhere, [{ scope: nobody, spans: field }])
  return decodeTraceRequest(request).resourceSpans[0]!.scopeSpans[0]!.spans[0]!
}

function cut(text: string): string {
  return text.length <= maxTextLength ? text : `${text.slice(0, maxTextLength)}…`
}

/** At least what it takes on the wire. */
function textSize(text: string): number {
  return Buffer.byteLength(text) + fieldBytes
}

function pairSize({ key, value }: KeyValue): number {
  return textSize(key) + valueSize(value)
}

function listSize(pairs: readonly KeyValue[]): number {
  return pairs.reduce((sum, pair) => sum + pairSize(pair), fieldBytes)
}

function valueSize(value: AnyValue): number {
  if (typeof value === 'string') return textSize(value)
  if (typeof value !== 'object') return fieldBytes
  if (value instanceof Uint8Array) return value.length + fieldBytes
  if (value instanceof KeyValueList) return listSize(value.values)
  return value.reduce<number>((sum, item) => sum + valueSize(item), fieldBytes)
}
