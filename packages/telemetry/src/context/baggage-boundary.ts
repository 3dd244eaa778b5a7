/**
 * Where tenant and user may travel. In baggage they are the members `tenant_id` and `user_id`; these two leave the process for the
 * hosts that the configuration lists and for no others, whoever put them there, and are taken from the peers that it lists. Clients
 * and servers of instrument/ call `injectTo` and `extractFrom`; the propagators ask here what of a baggage may pass.
 */
import { BlockList, isIPv6 } from 'node:net'
import {
  type Baggage,
  type Context,
  createContextKey,
  propagation,
  type TextMapGetter,
  type TextMapSetter,
} from '@opentelemetry/api'
import { SpanIdentity } from '../trace/span-identity.ts'
import { emptyContext, type TraceContext, toTraceContext } from './context.ts'
import { type Correlation, correlationOf } from './correlation.ts'
import { type HostPattern, hostMatcher } from './host-pattern.ts'

const tenantMember = 'tenant_id'
const userMember = 'user_id'
/** Set on a context for the time of one injection or extraction whose other side is trusted. */
const trustedKey = createContextKey('RusToK Context Key TRUSTED PEER')

export interface BaggageBoundary {
  /** Hosts that tenant and user are sent to. */
  readonly baggageDestinations: readonly HostPattern[]
  /** Addresses and networks whose tenant and user are believed. */
  readonly baggageSources: readonly string[]
}

let isDestination: ((host: string) => boolean) | undefined
let sources: BlockList | undefined

export function setBaggageBoundary({ baggageDestinations, baggageSources }: BaggageBoundary): void {
  isDestination = baggageDestinations.length === 0 ? undefined : hostMatcher(baggageDestinations)
  sources = baggageSources.length === 0 ? undefined : listOf(baggageSources)
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address, prefix] = network.split('/') as [string, string?]
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return list
}

/** Injects `context` for a request to `to`, a URL or a host without a port. Every client of ours injects by this. */
export function injectTo<C>(to: string | URL, context: Context, carrier: C, setter: TextMapSetter<C>): void {
  const goesThere = isDestination?.(hostOf(to)) === true
  propagation.inject(goesThere ? withTenant(toTraceContext(context)) : context, carrier, setter)
}

function hostOf(to: string | URL): string {
  if (typeof to !== 'string') return to.hostname
  return to.includes('://') ? (URL.parse(to)?.hostname ?? '') : to
}

/** Injects `context` for a receiver that is ours, such as a worker thread. */
export function injectToOwn<C>(context: Context, carrier: C, setter: TextMapSetter<C>): void {
  propagation.inject(withTenant(toTraceContext(context)), carrier, setter)
}

/** The context that a request from `peer`, a socket, brings. Every server of ours extracts by this. */
export function extractFrom<C>(peer: Peer, carrier: C, getter: TextMapGetter<C>): TraceContext {
  if (sources === undefined || !isSource(sources, peer.remoteAddress)) {
    return toTraceContext(propagation.extract(emptyContext, carrier, getter))
  }
  return extractFromOwn(carrier, getter)
}

interface Peer {
  readonly remoteAddress?: string | undefined
}

/** The context that a sender brings who is ours: tenant and user are believed. */
export function extractFromOwn<C>(carrier: C, getter: TextMapGetter<C>): TraceContext {
  return believing((context) => propagation.extract(context, carrier, getter))
}

/** What `extract` makes of a context in which tenant and user are believed, with them as its correlation. */
export function believing(extract: (into: Context) => Context): TraceContext {
  const extracted = extract(emptyContext.setValue(trustedKey, true))
  const context = toTraceContext(extracted).deleteValue(trustedKey)
  const baggage = propagation.getBaggage(context)
  const tenantId = baggage?.getEntry(tenantMember)?.value || undefined
  const userId = baggage?.getEntry(userMember)?.value || undefined
  if (tenantId === undefined && userId === undefined) return context
  return context.withCorrelation(correlationOf({ tenantId, userId }, undefined))
}

/** The peer at a Unix socket has no address. */
function isSource(list: BlockList, address: string | undefined): boolean {
  try {
    return address !== undefined && list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
  } catch {
    return false
  }
}

/** Tenant and user of `context` in its baggage, which may carry them this once. */
export function withTenant(context: TraceContext): TraceContext {
  const correlation = correlationIn(context)
  if (correlation === undefined && propagation.getBaggage(context) === undefined) return context
  let baggage = propagation.getBaggage(context) ?? propagation.createBaggage()
  if (correlation?.tenantId !== undefined)
    baggage = baggage.setEntry(tenantMember, { value: correlation.tenantId })
  if (correlation?.userId !== undefined) baggage = baggage.setEntry(userMember, { value: correlation.userId })
  return toTraceContext(propagation.setBaggage(context, baggage)).setValue(trustedKey, true)
}

function correlationIn({ correlation, span }: TraceContext): Correlation | undefined {
  return correlation ?? (span instanceof SpanIdentity ? span.correlation : undefined)
}

/** For propagators: the baggage that may go out with `context`; undefined for none. */
export function baggageToInject(context: Context): Baggage | undefined {
  const baggage = propagation.getBaggage(context)
  if (baggage === undefined || toTraceContext(context).suppressed) return undefined
  return passed(context, baggage)
}

/** For propagators: `context` with what of an incoming baggage may be believed. */
export function withIncomingBaggage(context: Context, baggage: Baggage): Context {
  return propagation.setBaggage(context, passed(context, baggage))
}

function passed(context: Context, baggage: Baggage): Baggage {
  const has = (member: string) => baggage.getEntry(member) !== undefined
  if (!(has(tenantMember) || has(userMember)) || context.getValue(trustedKey) === true) return baggage
  return baggage.removeEntries(tenantMember, userMember)
}
