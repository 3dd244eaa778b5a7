/**
 * What is decided about a trace that has ended here, in this order: one with an error, or a slow one, is kept; of the rest a share, by trace
 * id; and of what would be kept, what the tenant's budget allows. The thresholds may be changed while it runs.
 */
import type { TailSamplingFields } from '../../config/tail-sampling.ts'
import {
  keptAsItIs,
  keptBySupply,
  keptForSure,
  makeRate,
  type Outcome,
  overBudget,
  type Rate,
  sampledOut,
} from './outcome.ts'
import { type Tenant, Tenants, type TenantUsage } from './tenants.ts'

/** What a decision is made of. */
export interface TraceFacts {
  /** Whether a span has the status ERROR. */
  readonly failed: boolean
  readonly slow: boolean
  readonly tenant: string | undefined
  /** The trace's random value, as the words that end a trace id. */
  readonly randomHigh: number
  readonly randomLow: number
}

export class TailPolicy {
  /** Milliseconds from which a trace is slow; never without tail sampling. */
  slowMs = Number.POSITIVE_INFINITY
  readonly #tenants: Tenants
  #fields: TailSamplingFields
  #rate = makeRate(1)
  /** Whether what is kept is kept for being all there is: its probability is then as the head left it. */
  #keepsAll = true
  /** Whether any two tenants are treated differently, or any is bounded. */
  #byTenant = false

  constructor(fields: TailSamplingFields) {
    this.#fields = fields
    this.#tenants = new Tenants(fields)
    this.configure(fields)
  }

  configure(fields: TailSamplingFields): void {
    this.#fields = fields
    const share = fields.tailSampling ? fields.tailSamplingRate : 1
    this.slowMs = fields.tailSampling ? fields.tailSamplingSlowMs : Number.POSITIVE_INFINITY
    this.#rate = makeRate(share)
    const ownRates = Object.keys(fields.tenantRates).length > 0
    const bounded =
      fields.tenantBudget !== Number.POSITIVE_INFINITY || Object.keys(fields.tenantBudgets).length > 0
    this.#keepsAll = share === 1 && !ownRates
    this.#byTenant = ownRates || bounded
    this.#tenants.configure(fields)
  }

  /** Whether an error or its duration can save a trace. */
  get keepsExceptions(): boolean {
    return this.#fields.tailSampling
  }

  /** By which traces of this tenant are kept without a reason of their own. */
  rateFor(tenantId: string | undefined): Rate {
    if (!this.#byTenant || tenantId === undefined) return this.#rate
    return this.#tenants.of(tenantId).rate ?? this.#rate
  }

  /** Decides about a trace of which `spans` have ended. */
  decide(trace: TraceFacts, spans: number): Outcome {
    const tenant = this.#byTenant ? this.#tenants.of(trace.tenant) : undefined
    const outcome = this.#decideFor(tenant, trace, spans)
    if (tenant !== undefined) count(tenant, outcome, spans)
    return outcome
  }

  #decideFor(tenant: Tenant | undefined, trace: TraceFacts, spans: number): Outcome {
    const exception = this.keepsExceptions && (trace.failed || trace.slow)
    const rate = tenant?.rate ?? this.#rate
    if (!exception && rate.threshold?.keeps(trace.randomHigh, trace.randomLow) !== true) return sampledOut
    if (tenant !== undefined && !tenant.spend(spans, exception)) return overBudget
    if (tenant?.short === true) return keptBySupply
    if (this.#keepsAll) return keptAsItIs
    return exception ? keptForSure : rate.kept
  }

  /** Books spans of a trace that was decided before. */
  follow(outcome: Outcome, tenantId: string | undefined, spans: number): void {
    if (!this.#byTenant) return
    const tenant = this.#tenants.of(tenantId)
    if (outcome.kept) tenant.overdraw(spans)
    count(tenant, outcome, spans)
  }

  usage(): readonly TenantUsage[] {
    return this.#tenants.usage()
  }
}

function count(tenant: Tenant, outcome: Outcome, spans: number): void {
  if (outcome.kept) tenant.kept += spans
  else if (outcome === sampledOut) tenant.sampledOut += spans
  else tenant.overBudget += spans
}
