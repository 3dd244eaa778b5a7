/**
 * Refuses a configuration made by hand that cannot work. OtelConfig.fromEnv never makes one: what it reads has fallen back already. Called
 * before anything is started.
 */
import { isGrpcHeader, maxTimerMs, type OtelConfigFields } from './config.ts'
import { OtelError } from './errors.ts'

/** @throws OtelError INVALID_CONFIG that names the field. */
export function checkConfig(config: OtelConfigFields): void {
  const { samplingRate, endpoint, headers, maxExportBatchSize, maxQueueSize, spanLimits } = config
  expect(samplingRate >= 0 && samplingRate <= 1, `samplingRate must be from 0 to 1, not ${samplingRate}`)
  const { protocol, hostname } = URL.parse(endpoint) ?? {}
  expect(
    (protocol === 'http:' || protocol === 'https:') && hostname !== '',
    `endpoint must be an http or https URL, not '${endpoint}'`,
  )
  for (const [name, value] of Object.entries(headers)) {
    expect(isGrpcHeader(name, String(value)), `header '${name}' cannot be sent`)
  }
  expect(
    maxExportBatchSize >= 1 && maxQueueSize >= maxExportBatchSize,
    'maxExportBatchSize must be at least 1 and at most maxQueueSize',
  )
  for (const name of ['scheduleDelay', 'exportTimeout', 'shutdownTimeout'] as const) {
    const ms = config[name]
    expect(ms >= 0 && ms <= maxTimerMs, `${name} must be from 0 to ${maxTimerMs} milliseconds, not ${ms}`)
  }
  const amounts = { maxBufferBytes: config.maxBufferBytes, ...spanLimits }
  for (const [name, amount] of Object.entries(amounts)) {
    expect(amount >= 0, `${name} must be at least 0, not ${amount}`)
  }
}

function expect(holds: boolean, otherwise: string): void {
  if (!holds) throw new OtelError('INVALID_CONFIG', otherwise)
}
