/** Which headers come in and go out (OTEL_PROPAGATORS), and where tenant and user may travel in them. */
import { isIPv4, isIPv6 } from 'node:net'
import { type HostPattern, isHostPattern } from '../context/host-pattern.ts'
import { expect } from '../field-checks.ts'
import type { EnvReader } from './env-reader.ts'

const propagators = ['tracecontext', 'baggage', 'b3', 'b3multi', 'jaeger', 'xray', 'ottrace'] as const
export type Propagator = (typeof propagators)[number]

export interface PropagationFields {
  readonly propagators: readonly Propagator[]
  /** Hosts that tenant and user are sent to, as baggage: names, or `*.` and a domain. */
  readonly baggageDestinations: readonly HostPattern[]
  /** Addresses or networks (`10.1.0.0/16`) of the peers whose tenant and user, in baggage, are believed. */
  readonly baggageSources: readonly string[]
}

export const propagationDefaults: PropagationFields = {
  propagators: ['tracecontext', 'baggage'],
  baggageDestinations: [],
  baggageSources: [],
}

export function readPropagation(reader: EnvReader): Partial<PropagationFields> {
  return {
    ...readPropagators(reader),
    baggageDestinations: readList(
      reader,
      'RUSTOK_BAGGAGE_DESTINATIONS',
      isHostPattern,
      'a host name or *.domain',
    ),
    baggageSources: readList(reader, 'RUSTOK_BAGGAGE_SOURCES', isNetwork, 'an IP address or network'),
  }
}

function readPropagators(reader: EnvReader): Partial<PropagationFields> {
  const names = new Set(listOf(reader.text('OTEL_PROPAGATORS')).map((name) => name.toLowerCase()))
  if (names.size === 0) return {}
  if (names.has('none')) return { propagators: [] }
  const known = [...names].filter(isPropagator)
  const used = known.length === 0 ? propagationDefaults.propagators : known
  for (const name of names) {
    if (isPropagator(name)) continue
    reader.warn('OTEL_PROPAGATORS', name, `one of ${propagators.join(', ')} or none`, used.join(','))
  }
  return { propagators: used }
}

/** What is wrong is left out: that sends and believes less, not more. */
function readList(
  reader: EnvReader,
  name: string,
  isEntry: (text: string) => boolean,
  wanted: string,
): readonly string[] {
  const entries = listOf(reader.text(name))
  const good = entries.filter(isEntry)
  for (const entry of entries) {
    if (!isEntry(entry)) reader.warn(name, entry, wanted, good.join(',') || 'nothing')
  }
  return good
}

function listOf(text = ''): readonly string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
}

export function checkPropagation(fields: PropagationFields): void {
  for (const name of fields.propagators) {
    expect(isPropagator(name), `propagators: '${name}' is none of ${propagators.join(', ')}`)
  }
  for (const host of fields.baggageDestinations) {
    expect(isHostPattern(host), `baggageDestinations: '${host}' is not a host name or *.domain`)
  }
  for (const network of fields.baggageSources) {
    expect(isNetwork(network), `baggageSources: '${network}' is not an IP address or network`)
  }
}

function isPropagator(name: string): name is Propagator {
  return (propagators as readonly string[]).includes(name)
}

function isNetwork(text: string): boolean {
  const [address, prefix, ...more] = text.split('/') as [string, string?, ...string[]]
  const bits = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1
  if (bits < 0 || more.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits)
}
