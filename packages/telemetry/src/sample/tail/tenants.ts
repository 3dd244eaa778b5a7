/**
 * What each tenant has used of its budget, and what became of its spans. Of an unbounded number of tenants the ones that were active lately
 * are known: two generations, as many in each as there may be.
 */
import type { TenantFields } from '../../config/tail-sampling.ts'
import { makeRate, type Rate } from './outcome.ts'

export interface TenantUsage {
  /** Undefined stands for all traces that have no tenant. */
  readonly tenantId: string | undefined
  /** Spans since the tenant was first seen, or last forgotten. */
  readonly kept: number
  readonly sampledOut: number
  readonly overBudget: number
}

/** Active tenants whose buckets are exact; one that was forgotten starts with a full bucket. A tenant takes about 200 bytes. */
const maxTenants = 4096
/** Longer ids share a bucket with those that begin alike. */
const maxNameLength = 256

export class Tenant {
  readonly name: string
  /** Undefined follows the rate of all others; a tenant of its own rate has what its traces are kept with, or no more. */
  rate: Rate | undefined
  kept = 0
  sampledOut = 0
  overBudget = 0
  #budget = Number.POSITIVE_INFINITY
  #burst = Number.POSITIVE_INFINITY
  #tokens = Number.POSITIVE_INFINITY
  #filledAt = performance.now()
  /** From the first trace that found the bucket empty until it is full again. */
  #short = false

  constructor(name: string, fields: TenantFields) {
    this.name = name
    this.configure(fields)
    this.#tokens = this.#burst
  }

  configure({ tenantRates, tenantBudget, tenantBudgets, tenantBurstSeconds }: TenantFields): void {
    const rate = ownOf(tenantRates, this.name)
    this.rate = rate === undefined ? undefined : makeRate(rate)
    this.#budget = ownOf(tenantBudgets, this.name) ?? tenantBudget
    this.#burst = this.#budget * tenantBurstSeconds
    if (this.#budget === 0) this.#burst = 0
    this.#tokens = Math.min(this.#tokens, this.#burst)
  }

  /** Whether spans that are kept now are a matter of what else there was. */
  get short(): boolean {
    return this.#short
  }

  /**
   * Pays for a whole trace, if anything is left; the rest becomes a debt, so that large traces are not turned away for ever. `urgent` ones
   * may go on until another burst is owed.
   */
  spend(spans: number, urgent: boolean): boolean {
    if (this.#budget === Number.POSITIVE_INFINITY) return true
    const now = performance.now()
    const filled = this.#tokens + ((now - this.#filledAt) / 1000) * this.#budget
    this.#filledAt = now
    this.#tokens = Math.min(this.#burst, filled)
    if (this.#tokens === this.#burst) this.#short = false
    if (this.#tokens <= (urgent ? -this.#burst : 0)) {
      this.#short = true
      return false
    }
    this.#tokens -= spans
    return true
  }

  /** Spans of a trace that was paid for when it was decided. */
  overdraw(spans: number): void {
    this.#tokens -= spans
  }

  usage(): TenantUsage {
    const { name, kept, sampledOut, overBudget } = this
    return { tenantId: name === noTenant ? undefined : name, kept, sampledOut, overBudget }
  }
}

/** No id of a tenant: those are text of an application, which this is not. */
const noTenant = '\0'

export class Tenants {
  #fields: TenantFields
  readonly #limit: number
  #young = new Map<string, Tenant>()
  #old = new Map<string, Tenant>()

  constructor(fields: TenantFields, limit = maxTenants) {
    this.#fields = fields
    this.#limit = limit
  }

  of(tenantId: string | undefined): Tenant {
    const name = tenantId?.slice(0, maxNameLength) ?? noTenant
    const young = this.#young.get(name)
    if (young !== undefined) return young
    const tenant = this.#old.get(name) ?? new Tenant(name, this.#fields)
    if (this.#young.size >= this.#limit) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(name, tenant)
    return tenant
  }

  configure(fields: TenantFields): void {
    this.#fields = fields
    for (const tenant of this.#all()) tenant.configure(fields)
  }

  usage(): readonly TenantUsage[] {
    return [...this.#all()].map((tenant) => tenant.usage())
  }

  #all(): ReadonlySet<Tenant> {
    return new Set([...this.#young.values(), ...this.#old.values()])
  }
}

function ownOf(record: Readonly<Record<string, number>>, name: string): number | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}
