/**
 * W3C Baggage (https://www.w3.org/TR/baggage/): the API's baggage in the `baggage` header, within the specification's limits
 * of 180 members and 8,192 bytes.
 */
import {
  type Baggage,
  type BaggageEntry,
  baggageEntryMetadataFromString,
  type Context,
  propagation,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
} from '@opentelemetry/api'
import { baggageToInject, withIncomingBaggage } from './baggage-boundary.ts'

const header = 'baggage'
export const maxBaggageMembers = 180
export const maxBaggageBytes = 8192
const metadataPattern = /^[\t\x20-\x2b\x2d-\x7e]*$/

export class BaggagePropagator implements TextMapPropagator {
  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const baggage = baggageToInject(context)
    if (baggage === undefined) return
    const text = formatBaggage(baggage)
    if (text !== '') setter.set(carrier, header, text)
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const value = getter.get(carrier, header)
    const text = Array.isArray(value) ? value.join(',') : value
    if (typeof text !== 'string' || text === '') return context
    const baggage = parseBaggage(text)
    return baggage === undefined ? context : withIncomingBaggage(context, baggage)
  }

  fields(): string[] {
    return [header]
  }
}

/** Whole members as long as they fit. */
function formatBaggage(baggage: Baggage): string {
  let text = ''
  for (const [key, entry] of baggage.getAllEntries().slice(0, maxBaggageMembers)) {
    const member = `${encode(key)}=${encode(entry.value)}${formatMetadata(entry)}`
    const next = text === '' ? member : `${text},${member}`
    if (next.length > maxBaggageBytes) break
    text = next
  }
  return text
}

function encode(text: string): string {
  return encodeURIComponent(String(text).toWellFormed())
}

/** Metadata goes out as it is, so it must not end the member or the header. */
function formatMetadata({ metadata }: BaggageEntry): string {
  const text = metadata?.toString() ?? ''
  return text !== '' && metadataPattern.test(text) ? `;${text}` : ''
}

/** Invalid members are left out; undefined when none is valid. */
function parseBaggage(text: string): Baggage | undefined {
  const entries: Record<string, BaggageEntry> = Object.create(null)
  let found = false
  const whole =
    text.length <= maxBaggageBytes ? text : text.slice(0, Math.max(0, text.lastIndexOf(',', maxBaggageBytes)))
  for (const member of whole.split(',', maxBaggageMembers)) {
    const [pair, ...properties] = member.split(';')
    const equals = pair!.indexOf('=')
    if (equals <= 0) continue
    try {
      const key = decodeURIComponent(pair!.slice(0, equals).trim())
      if (key === '') continue
      const value = decodeURIComponent(pair!.slice(equals + 1).trim())
      const metadata = properties.map((property) => property.trim()).join(';')
      entries[key] =
        metadata === '' ? { value } : { value, metadata: baggageEntryMetadataFromString(metadata) }
      found = true
    } catch {
      // Bad percent-encoding: this member alone is left out.
    }
  }
  return found ? propagation.createBaggage(entries) : undefined
}
