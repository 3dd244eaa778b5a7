/** Ours with something switched on or off, each beside the same spans without it. */
import type { OtelConfigFields } from '@rustok/telemetry'
import type { Workload } from './workload.ts'

export interface Variant {
  readonly label: string
  readonly config: Partial<OtelConfigFields>
  readonly workload: Workload
}

/** A group's first variant is what the others are compared with. */
export const variantGroups = [
  ['plain', 'spanMetrics', 'tailKeepsAll', 'tailKeepsTenth'],
  ['clientWithoutRedaction', 'client'],
] as const

export type VariantName = (typeof variantGroups)[number][number]

export const variants: Readonly<Record<VariantName, Variant>> = {
  plain: { label: 'server spans', config: {}, workload: 'server' },
  spanMetrics: { label: '… with span metrics', config: { spanMetrics: true }, workload: 'server' },
  tailKeepsAll: {
    label: '… with tail sampling that keeps all, each span a trace',
    config: { tailSampling: true, tailSamplingRate: 1 },
    workload: 'server',
  },
  tailKeepsTenth: {
    label: '… with tail sampling that keeps a tenth',
    config: { tailSampling: true, tailSamplingRate: 0.1 },
    workload: 'server',
  },
  clientWithoutRedaction: {
    label: 'client spans with a URL and a statement, without redaction',
    config: { redaction: false },
    workload: 'client',
  },
  client: { label: '… with redaction, as is the default', config: {}, workload: 'client' },
}
