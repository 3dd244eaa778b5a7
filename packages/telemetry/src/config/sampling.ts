/** Which traces are kept (OTEL_TRACES_SAMPLER and its older twin OTEL_SAMPLING_RATE). */
import type { EnvReader } from './env-reader.ts'
import { expect } from './expect.ts'

export interface SamplingFields {
  /** Share of traces that are recorded, 0 to 1. */
  readonly samplingRate: number
  /** Whether a parent's decision is followed. */
  readonly parentBased: boolean
}

export const samplingDefaults: SamplingFields = { samplingRate: 1, parentBased: true }

const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const

/** OTEL_TRACES_SAMPLER, where it is set, wins. */
export function readSampling(reader: EnvReader): Partial<SamplingFields> {
  const rate = reader.number(['OTEL_SAMPLING_RATE'], 1, { min: 0, max: 1 })
  const instead = `parentbased_traceidratio of ${rate}`
  const sampler = reader.choiceIfSet(['OTEL_TRACES_SAMPLER'], samplers, instead)
  if (sampler === undefined) return { samplingRate: rate, parentBased: true }
  const parentBased = sampler.startsWith('parentbased_')
  if (sampler.endsWith('always_on')) return { samplingRate: 1, parentBased }
  if (sampler.endsWith('always_off')) return { samplingRate: 0, parentBased }
  const samplingRate = reader.number(['OTEL_TRACES_SAMPLER_ARG'], 1, { min: 0, max: 1 })
  return { samplingRate, parentBased }
}

export function checkSampling({ samplingRate }: SamplingFields): void {
  expect(samplingRate >= 0 && samplingRate <= 1, `samplingRate must be from 0 to 1, not ${samplingRate}`)
}
