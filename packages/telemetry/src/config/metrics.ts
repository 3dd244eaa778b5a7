/** Numbers from spans, and where all numbers are served (RUSTOK_SPAN_METRICS*, OTEL_METRICS_EXPORTER, OTEL_EXPORTER_PROMETHEUS_*). */

import { expect } from '../field-checks.ts'
import type { EnvReader } from './env-reader.ts'

export interface MetricsFields {
  /** Whether calls, errors and durations are measured per span name, kind and tenant, of spans that are not sampled, too. */
  readonly spanMetrics: boolean
  /** Tenants that are measured apart, those that come first; the others together. 0 does not look at tenants. */
  readonly spanMetricsTenants: number
  /** Where `GET /metrics` answers; undefined for nowhere. */
  readonly metricsEndpoint: MetricsAddress | undefined
}

export interface MetricsAddress {
  readonly host: string
  /** 0 for any that is free. */
  readonly port: number
}

export const metricsDefaults: MetricsFields = {
  spanMetrics: false,
  spanMetricsTenants: 50,
  metricsEndpoint: undefined,
}

/** Of the specification; what is not `prometheus` is for another SDK's metrics. */
const exporters = ['prometheus', 'otlp', 'console', 'none']
const maxPort = 65_535
const defaultAddress: MetricsAddress = { host: 'localhost', port: 9464 }

export function readMetrics(reader: EnvReader): Partial<MetricsFields> {
  return {
    spanMetrics: reader.boolean('RUSTOK_SPAN_METRICS', metricsDefaults.spanMetrics),
    spanMetricsTenants: reader.number(['RUSTOK_SPAN_METRICS_TENANTS'], metricsDefaults.spanMetricsTenants, {
      min: 0,
      integer: true,
    }),
    metricsEndpoint: readEndpoint(reader),
  }
}

function readEndpoint(reader: EnvReader): MetricsAddress | undefined {
  const host = reader.text('OTEL_EXPORTER_PROMETHEUS_HOST') ?? defaultAddress.host
  const port = reader.number(['OTEL_EXPORTER_PROMETHEUS_PORT'], defaultAddress.port, {
    min: 0,
    max: maxPort,
    integer: true,
  })
  const list = reader.text('OTEL_METRICS_EXPORTER') ?? ''
  const names = new Set(list.split(',').map((name) => name.trim().toLowerCase()))
  names.delete('')
  for (const name of names) {
    if (!exporters.includes(name)) {
      reader.warn('OTEL_METRICS_EXPORTER', name, `one of ${exporters.join(', ')}`, 'none')
    }
  }
  return names.has('prometheus') ? { host, port } : undefined
}

export function checkMetrics({ spanMetricsTenants, metricsEndpoint }: MetricsFields): void {
  expect(spanMetricsTenants >= 0, `spanMetricsTenants must be at least 0, not ${spanMetricsTenants}`)
  const port = metricsEndpoint?.port ?? 0
  expect(
    Number.isInteger(port) && port >= 0 && port <= maxPort,
    `metricsEndpoint.port must be from 0 to ${maxPort}, not ${port}`,
  )
}
