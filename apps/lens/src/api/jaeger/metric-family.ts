/** RED metrics as Jaeger's UI reads them: protobuf's JSON of a metric family of gauges. */

import type { RedSeries } from '../../query/red-metrics.ts'
import { type RedPoint, type RedWindows, redPoints } from '../../query/red-windows.ts'

export interface MetricFamily {
  readonly name: string
  readonly type: 'GAUGE'
  readonly help: string
  readonly metrics: readonly Metric[]
}

export interface Metric {
  readonly labels: readonly { readonly name: 'service_name' | 'operation'; readonly value: string }[]
  readonly metricPoints: readonly MetricPoint[]
}

export interface MetricPoint {
  /** 'NaN' where there is nothing to say: no call, so neither a duration nor a share of errors. */
  readonly gaugeValue: { readonly doubleValue: number | 'NaN' }
  /** RFC 3339. */
  readonly timestamp: string
}

export type MetricKind = { readonly latencies: number } | 'calls' | 'errors'

const names = { latencies: 'latencies', calls: 'call_rate', errors: 'error_rate' } as const

/** Every series has a point for each step, so that the series of several families lie beside each other. */
export function metricFamily(
  kind: MetricKind,
  series: readonly RedSeries[],
  windows: RedWindows,
  byOperation: boolean,
): MetricFamily {
  const name = typeof kind === 'string' ? names[kind] : names.latencies
  const quantiles = typeof kind === 'string' ? [] : [kind.latencies]
  const toValue = valueIn(kind, windows)
  const timestamps = Array.from({ length: windows.points }, (_, point) =>
    timestamp(windows.first + windows.step * BigInt(point)),
  )
  return {
    name: byOperation ? `service_operation_${name}` : `service_${name}`,
    type: 'GAUGE',
    help: `${help(kind)}, grouped by service${byOperation ? ' & operation' : ''}`,
    metrics: series.map((one) => ({
      labels: [
        { name: 'service_name', value: one.service },
        ...(byOperation ? [{ name: 'operation', value: one.operation } as const] : []),
      ],
      metricPoints: redPoints(one, windows, quantiles).map((point, index) => ({
        gaugeValue: { doubleValue: toValue(point) },
        timestamp: timestamps[index] ?? '',
      })),
    })),
  }
}

function help(kind: MetricKind): string {
  if (kind === 'calls') return 'calls/sec'
  if (kind === 'errors') return 'error rate, computed as a fraction of errors/sec over calls/sec'
  return `${kind.latencies.toFixed(2)}th quantile latency`
}

/** Latencies are in milliseconds. */
function valueIn(kind: MetricKind, { length }: RedWindows): (point: RedPoint) => number | 'NaN' {
  const seconds = Number(length) / 1e9
  if (kind === 'calls') return ({ calls }) => calls / seconds
  if (kind === 'errors') return ({ calls, failed }) => (calls === 0 ? 'NaN' : failed / calls)
  return ({ quantiles }) => (quantiles?.[0] === undefined ? 'NaN' : quantiles[0] / 1e6)
}

/** Protobuf writes a fraction only where there is one. */
function timestamp(nanos: bigint): string {
  return new Date(Number(nanos / 1_000_000n)).toISOString().replace('.000Z', 'Z')
}
