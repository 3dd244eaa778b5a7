/** Baggage as one header per member, the name behind a prefix, as Jaeger and OpenTracing have it; within the limits of W3C Baggage. */
import type { Baggage, TextMapGetter, TextMapSetter } from '@opentelemetry/api'
import { maxBaggageBytes, maxBaggageMembers } from './baggage-propagator.ts'
import { firstText } from './carried-span.ts'

/** What a header may be called (RFC 9110, "token"), and what it may say. */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const fieldValue = /^[\t\x20-\x7e]*$/

export function injectBaggageHeaders(
  baggage: Baggage | undefined,
  prefix: string,
  carrier: unknown,
  setter: TextMapSetter,
  encode: (value: string) => string = (value) => value,
): void {
  if (baggage === undefined) return
  let room = maxBaggageBytes
  for (const [name, entry] of baggage.getAllEntries().slice(0, maxBaggageMembers)) {
    const value = encode(String(entry.value).toWellFormed())
    if (!token.test(name) || !fieldValue.test(value)) continue
    room -= name.length + value.length + 2
    if (room < 0) return
    setter.set(carrier, prefix + name, value)
  }
}

/** The members that the carrier holds, as they stand there. */
export function baggageHeaders(
  carrier: unknown,
  getter: TextMapGetter,
  prefix: string,
): [name: string, value: string][] {
  const members: [string, string][] = []
  let room = maxBaggageBytes
  for (const key of getter.keys(carrier)) {
    if (typeof key !== 'string' || key.length === prefix.length) continue
    if (key.slice(0, prefix.length).toLowerCase() !== prefix) continue
    const value = firstText(getter.get(carrier, key))
    if (value === undefined) continue
    const name = key.slice(prefix.length)
    room -= name.length + value.length + 2
    if (room < 0 || members.length === maxBaggageMembers) break
    members.push([name, value])
  }
  return members
}
