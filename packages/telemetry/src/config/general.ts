/** Who the process is, and whether and how loudly tracing runs. */

import { expectMilliseconds } from '../field-checks.ts'
import type { EnvReader } from './env-reader.ts'

export type ResourceAttributes = Readonly<
  Record<string, string | number | boolean | readonly (string | number | boolean)[]>
>

export type LogLevel = 'none' | 'error' | 'warn' | 'info' | 'debug' | 'verbose'

export interface GeneralFields {
  /** False registers propagation alone: nothing is recorded. */
  readonly enabled: boolean
  readonly serviceName: string
  readonly serviceVersion: string
  /** Further resource attributes; they win over detected ones, not over the service's name and version. */
  readonly resourceAttributes: ResourceAttributes
  /** Milliseconds that `shutdown` waits for the collector. */
  readonly shutdownTimeout: number
  /** Of the messages of this package about itself. */
  readonly logLevel: LogLevel
}

export const generalDefaults: GeneralFields = {
  enabled: true,
  serviceName: 'rustok-server',
  serviceVersion: '0.1.0',
  resourceAttributes: {},
  shutdownTimeout: 5000,
  logLevel: 'info',
}

export function readGeneral(reader: EnvReader): Partial<GeneralFields> {
  const resourceAttributes = reader.pairs('OTEL_RESOURCE_ATTRIBUTES')
  resourceAttributes['deployment.environment.name'] ??=
    reader.text('ENVIRONMENT', 'NODE_ENV') ?? 'development'
  const { serviceName, serviceVersion, logLevel } = generalDefaults
  return {
    enabled: reader.boolean('OTEL_ENABLED', true) && !reader.boolean('OTEL_SDK_DISABLED', false),
    serviceName: reader.text('OTEL_SERVICE_NAME') ?? resourceAttributes['service.name'] ?? serviceName,
    serviceVersion:
      reader.text('OTEL_SERVICE_VERSION') ?? resourceAttributes['service.version'] ?? serviceVersion,
    resourceAttributes,
    logLevel: reader.choice(
      ['OTEL_LOG_LEVEL'],
      ['none', 'error', 'warn', 'info', 'debug', 'verbose'],
      logLevel,
    ),
  }
}

export function checkGeneral({ shutdownTimeout }: GeneralFields): void {
  expectMilliseconds('shutdownTimeout', shutdownTimeout)
}
