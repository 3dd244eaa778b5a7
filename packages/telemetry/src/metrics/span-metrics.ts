/**
 * Calls, errors and durations of spans by name, kind, status and tenant: what the Collector's span metrics connector makes of exported spans,
 * made before sampling, under the same names. Fed by the sinks of sampled and unsampled spans (see measure-spans.ts).
 */
import type { Correlation } from '../context/correlation.ts'
import { Histogram, type Identity } from './histogram.ts'
import type { Labels, OpenMetricsText } from './open-metrics.ts'

/** What is read of an ended span. */
export interface MeasuredSpan extends Identity {
  readonly name: string
  /** From internal = 1. */
  readonly otlpKind: number
  /** Unset, ok, error. */
  readonly statusCode: number
  readonly correlation: Correlation | undefined
  readonly startHigh: number
  readonly startLow: number
  readonly endHigh: number
  readonly endLow: number
}

/** The specification's limit for one metric (Metrics SDK, "Cardinality limits"); about 1.5 kB each. */
const maxSeries = 2000
/** Characters: a longer name is a text that was taken for a name. */
const maxNameLength = 200

const kinds = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER']
const statuses = ['UNSET', 'OK', 'ERROR']
const combinations = kinds.length * statuses.length
/** Places of spans without a tenant, and of those whose tenant came too late for a place of its own. */
const noTenant = 0
const otherTenants = 1
const firstTenant = 2
const otherTenantsLabel = '_other'

interface Series {
  readonly labels: Labels
  readonly histogram: Histogram
}

const two32 = 2 ** 32

export class SpanMetrics {
  readonly #service: Labels
  readonly #maxTenants: number
  readonly #places = new Map<string, number>()
  readonly #tenants: string[] = []
  /** By name, then by tenant, kind and status. */
  readonly #byName = new Map<string, Map<number, Series>>()
  readonly #series: Series[] = []
  #overflow: Series | undefined

  constructor(service: string, maxTenants: number) {
    this.#service = [['service_name', service]]
    this.#maxTenants = maxTenants
  }

  /** Only a sampled span is an exemplar: a link to a trace that nobody kept would lead nowhere. */
  observe(span: MeasuredSpan, sampled: boolean): void {
    const nanos = (span.endHigh - span.startHigh) * two32 + ((span.endLow >>> 0) - (span.startLow >>> 0))
    const seconds = nanos > 0 ? nanos / 1e9 : 0
    const { histogram } = this.#seriesOf(span)
    histogram.observe(seconds)
    if (sampled) histogram.exemplify(seconds, span, Date.now())
  }

  #seriesOf(span: MeasuredSpan): Series {
    const { name } = span
    const known = this.#byName.get(name)
    const place = this.#placeOf(span.correlation?.tenantId)
    const combination = place * combinations + span.otlpKind * statuses.length + span.statusCode
    return known?.get(combination) ?? this.#add(name, combination)
  }

  #placeOf(tenant: string | undefined): number {
    if (tenant === undefined || this.#maxTenants === 0) return noTenant
    const place = this.#places.get(tenant)
    if (place !== undefined) return place
    if (this.#tenants.length >= this.#maxTenants) return otherTenants
    this.#places.set(tenant, firstTenant + this.#tenants.length)
    this.#tenants.push(tenant)
    return firstTenant + this.#tenants.length - 1
  }

  #add(name: string, combination: number): Series {
    if (name.length > maxNameLength || this.#series.length >= maxSeries - 1) {
      this.#overflow ??= { labels: [['otel_metric_overflow', 'true']], histogram: new Histogram() }
      return this.#overflow
    }
    const series = { labels: this.#labels(name, combination), histogram: new Histogram() }
    this.#series.push(series)
    const ofName = this.#byName.get(name)
    if (ofName === undefined) this.#byName.set(name, new Map([[combination, series]]))
    else ofName.set(combination, series)
    return series
  }

  #labels(name: string, combination: number): Labels {
    const place = Math.floor(combination / combinations)
    const kind = Math.floor((combination % combinations) / statuses.length)
    const labels: [string, string][] = [
      ['span_name', name],
      ['span_kind', `SPAN_KIND_${kinds[kind]}`],
      ['status_code', `STATUS_CODE_${statuses[combination % statuses.length]}`],
    ]
    if (place === otherTenants) labels.push(['tenant_id', otherTenantsLabel])
    else if (place !== noTenant) labels.push(['tenant_id', this.#tenants[place - firstTenant]!])
    return [...this.#service, ...labels]
  }

  write(text: OpenMetricsText): void {
    const all = this.#overflow === undefined ? this.#series : [...this.#series, this.#overflow]
    const calls = 'traces_span_metrics_calls'
    text.family({ name: calls, type: 'counter', help: 'Spans that have ended, sampled or not.' })
    for (const { labels, histogram } of all) text.sample(`${calls}_total`, labels, histogram.count)
    const duration = 'traces_span_metrics_duration_seconds'
    text.family({ name: duration, type: 'histogram', unit: 'seconds', help: 'How long they took.' })
    for (const { labels, histogram } of all) text.histogram(duration, labels, histogram.sample())
  }
}
