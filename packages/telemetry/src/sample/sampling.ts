/**
 * Sampling as configured: the sampler that the tracer asks, the stage between it and the batcher where one is needed, and the handle by which
 * an application looks at both and changes them while they run. Called by initTracing.
 */
import { checkSampling, type SamplingFields } from '../config/sampling.ts'
import { checkTailSampling, type TailSamplingFields } from '../config/tail-sampling.ts'
import type { OtelConfigFields } from '../config.ts'
import { OtelError } from '../errors.ts'
import type { Ledger } from '../export/ledger.ts'
import type { SpanStage } from '../trace/tracer-provider.ts'
import type { HeadSampler } from './decision.ts'
import { JaegerRemoteSampler } from './jaeger-remote-sampler.ts'
import { ParentBasedSampler } from './parent-based-sampler.ts'
import { PluggedSampler, type Sampler } from './plugged-sampler.ts'
import { TailPolicy } from './tail/policy.ts'
import { TailHeadSampler } from './tail/tail-head-sampler.ts'
import { type NextStage, type TailCounts, TailStage } from './tail/tail-stage.ts'
import type { TenantUsage } from './tail/tenants.ts'
import { TraceIdRatioSampler } from './trace-id-ratio-sampler.ts'

/** What may change while tracing runs, named as in the configuration. */
export type SamplingChanges = Partial<
  Pick<SamplingFields, 'samplingRate'> &
    Omit<TailSamplingFields, 'tailSampling' | 'tailSamplingBufferBytes' | 'tailSamplingMaxAgeMs'>
>

/** The application's handle on sampling. */
export interface SamplingControl {
  /**
   * Changes what is given, from the next decision on.
   *
   * @throws OtelError INVALID_CONFIG when a value is out of range, or when what it would change is not there; nothing is changed then.
   */
  update(changes: SamplingChanges): void
  /** What became of each tenant's spans, where tenants have rates or budgets. */
  tenants(): readonly TenantUsage[]
  /** How the buffer of tail sampling is used; undefined without one. */
  tail(): TailCounts | undefined
}

export interface Sampling {
  readonly sampler: HeadSampler
  /** Where the tracer's ended spans go. */
  readonly stage: SpanStage
  readonly control: SamplingControl
  /** Decides what waits, for spans that must leave now. */
  settle(): void
  close(): void
}

type Fields = SamplingFields & TailSamplingFields & Pick<OtelConfigFields, 'serviceName'>

/** `plugged` is asked instead of the configured sampler. */
export function createSampling(fields: Fields, next: NextStage, ledger: Ledger, plugged?: Sampler): Sampling {
  const ratio = new TraceIdRatioSampler(fields.samplingRate)
  const remote =
    fields.jaegerRemote === undefined
      ? undefined
      : new JaegerRemoteSampler(fields.serviceName, fields.jaegerRemote)
  const root = remote ?? ratio
  const configured = fields.parentBased ? new ParentBasedSampler(root) : root
  const head = plugged === undefined ? configured : new PluggedSampler(plugged, configured)
  remote?.start()
  const tail = decidesAtEnd(fields) ? createTail(fields, head, next, ledger) : undefined
  return {
    sampler: tail?.sampler ?? head,
    stage: tail?.stage ?? next,
    control: createControl(fields, remote === undefined ? ratio : undefined, tail),
    settle: () => tail?.stage.settle(),
    close() {
      remote?.close()
      tail?.stage.close()
    },
  }
}

/** Whether anything is left to decide when a trace has ended. */
export function decidesAtEnd({
  tailSampling,
  tenantRates,
  tenantBudget,
  tenantBudgets,
}: TailSamplingFields): boolean {
  return (
    tailSampling ||
    tenantBudget !== Number.POSITIVE_INFINITY ||
    Object.keys(tenantRates).length > 0 ||
    Object.keys(tenantBudgets).length > 0
  )
}

interface Tail {
  readonly sampler: HeadSampler
  readonly stage: TailStage
  readonly policy: TailPolicy
}

function createTail(fields: TailSamplingFields, head: HeadSampler, next: NextStage, ledger: Ledger): Tail {
  const policy = new TailPolicy(fields)
  const stage = new TailStage(next, ledger, policy, fields)
  return { sampler: new TailHeadSampler(head, stage, policy), stage, policy }
}

function createControl(
  fields: Fields,
  ratio: TraceIdRatioSampler | undefined,
  tail: Tail | undefined,
): SamplingControl {
  let current: SamplingFields & TailSamplingFields = fields
  return {
    update(changes) {
      const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
      for (const name of Object.keys(given)) {
        const holds =
          name === 'samplingRate' ? ratio !== undefined : tail !== undefined && adjustable.has(name)
        if (!holds) throw new OtelError('INVALID_CONFIG', reasonAgainst(name))
      }
      const changed = { ...current, ...given }
      checkSampling(changed)
      checkTailSampling(changed)
      current = changed
      if (ratio !== undefined && ratio.ratio !== changed.samplingRate) ratio.ratio = changed.samplingRate
      tail?.policy.configure(changed)
    },
    tenants: () => tail?.policy.usage() ?? [],
    tail: () => tail?.stage.counts(),
  }
}

const adjustable: ReadonlySet<string> = new Set<keyof SamplingChanges>([
  'tailSamplingRate',
  'tailSamplingSlowMs',
  'tenantRates',
  'tenantBudget',
  'tenantBudgets',
  'tenantBurstSeconds',
])

function reasonAgainst(name: string): string {
  if (name === 'samplingRate') return 'samplingRate cannot be changed: the Jaeger collector decides it'
  if (!adjustable.has(name)) return `${name} cannot be changed while tracing runs`
  return `${name} cannot be changed: neither tail sampling nor a tenant's rate or budget was configured at the start`
}

/** Of tracing that is off. */
export const noSampling: SamplingControl = { update() {}, tenants: () => [], tail: () => undefined }
