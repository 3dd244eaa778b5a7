/** Which traces are recorded (OTEL_TRACES_SAMPLER and its older twin OTEL_SAMPLING_RATE). */

import { expect, maxTimerMs } from '../field-checks.ts'
import type { JaegerRemoteOptions } from '../sample/jaeger-remote-sampler.ts'
import type { EnvReader } from './env-reader.ts'

export interface SamplingFields {
  /** Share of traces that are recorded, 0 to 1. */
  readonly samplingRate: number
  /** Whether a parent's decision is followed. */
  readonly parentBased: boolean
  /** Where a Jaeger or OpenTelemetry collector says what is recorded, instead of `samplingRate`. */
  readonly jaegerRemote: JaegerRemoteOptions | undefined
}

export const samplingDefaults: SamplingFields = {
  samplingRate: 1,
  parentBased: true,
  jaegerRemote: undefined,
}

/** As Jaeger's own clients have them. */
const remoteDefaults: JaegerRemoteOptions = {
  endpoint: 'http://localhost:5778',
  pollingIntervalMs: 60_000,
  initialSamplingRate: 0.001,
}
/** A collector is not asked more often than this. */
const minPollingIntervalMs = 100

const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'jaeger_remote',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
  'parentbased_jaeger_remote',
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
  if (sampler.endsWith('jaeger_remote')) return { jaegerRemote: readRemote(reader), parentBased }
  const samplingRate = reader.number(['OTEL_TRACES_SAMPLER_ARG'], 1, { min: 0, max: 1 })
  return { samplingRate, parentBased }
}

/** `endpoint=…,pollingIntervalMs=…,initialSamplingRate=…`; one bad part discards the whole (specification: OTEL_TRACES_SAMPLER_ARG). */
function readRemote(reader: EnvReader): JaegerRemoteOptions {
  const name = 'OTEL_TRACES_SAMPLER_ARG'
  const text = reader.text(name)
  if (text === undefined) return remoteDefaults
  const options: Record<string, string | number> = { ...remoteDefaults }
  for (const part of text.split(',')) {
    const equals = part.indexOf('=')
    const key = part.slice(0, Math.max(0, equals)).trim()
    const value = part.slice(equals + 1).trim()
    if (key === 'endpoint') options[key] = value
    else if ((key === 'pollingIntervalMs' || key === 'initialSamplingRate') && value !== '') {
      options[key] = Number(value)
    } else options.endpoint = ''
  }
  const read = options as unknown as JaegerRemoteOptions
  if (faultOf(read) === undefined) return read
  const wanted = 'endpoint=http://host:port,pollingIntervalMs=…,initialSamplingRate=…'
  reader.warn(name, text, wanted, `endpoint=${remoteDefaults.endpoint}`)
  return remoteDefaults
}

export function checkSampling({ samplingRate, jaegerRemote }: SamplingFields): void {
  expect(samplingRate >= 0 && samplingRate <= 1, `samplingRate must be from 0 to 1, not ${samplingRate}`)
  const fault = jaegerRemote === undefined ? undefined : faultOf(jaegerRemote)
  expect(fault === undefined, `jaegerRemote.${fault}`)
}

function faultOf(options: JaegerRemoteOptions): string | undefined {
  const { endpoint, pollingIntervalMs: ms, initialSamplingRate: rate } = options
  const { protocol, hostname } = URL.parse(endpoint) ?? {}
  if ((protocol !== 'http:' && protocol !== 'https:') || hostname === '')
    return `endpoint must be an http or https URL, not '${endpoint}'`
  if (!(Number.isInteger(ms) && ms >= minPollingIntervalMs && ms <= maxTimerMs))
    return `pollingIntervalMs must be a whole number from ${minPollingIntervalMs} to ${maxTimerMs}, not ${ms}`
  if (!(rate >= 0 && rate <= 1)) return `initialSamplingRate must be from 0 to 1, not ${rate}`
  return undefined
}
