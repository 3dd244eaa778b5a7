/**
 * The OpenMetrics 1.0 text format: families with their type, unit and help, samples with labels, exemplars on histogram buckets. Names
 * follow OpenTelemetry's rules for Prometheus: dots are underscores, units are words at the end, counters end in `_total`.
 */

export const openMetricsType = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

/** Label names with values, in the order in which they are written. */
export type Labels = readonly (readonly [name: string, value: string])[]

export interface Exemplar {
  readonly labels: Labels
  readonly value: number
  /** Unix seconds. */
  readonly at: number
}

export interface Family {
  /** Without `_total`; a unit is its last word. */
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram' | 'info'
  readonly unit?: string
  readonly help: string
}

export interface HistogramSample {
  /** Upper bounds of the buckets, ascending, but for the last one's, which has none. */
  readonly bounds: readonly number[]
  /** Of each bucket, alone; one more than bounds. */
  readonly counts: readonly number[]
  readonly sum: number
  readonly exemplars?: readonly (Exemplar | undefined)[]
}

export class OpenMetricsText {
  readonly #lines: string[] = []

  /** Opens a family; its samples follow. */
  family({ name, type, unit, help }: Family): this {
    this.#lines.push(`# TYPE ${name} ${type}`)
    if (unit !== undefined) this.#lines.push(`# UNIT ${name} ${unit}`)
    this.#lines.push(`# HELP ${name} ${escapeText(help)}`)
    return this
  }

  /** `name` is the sample's: a counter's family name and `_total`. */
  sample(name: string, labels: Labels, value: number): this {
    this.#lines.push(`${name}${encodeLabels(labels)} ${encodeNumber(value)}`)
    return this
  }

  histogram(name: string, labels: Labels, { bounds, counts, sum, exemplars }: HistogramSample): this {
    const inner = innerLabels(labels)
    const prefix = `${name}_bucket{${inner === '' ? '' : `${inner},`}le="`
    let total = 0
    for (const [index, count] of counts.entries()) {
      total += count
      const bound = bounds[index]
      const exemplar = exemplars?.[index]
      const suffix = exemplar === undefined ? '' : encodeExemplar(exemplar)
      this.#lines.push(`${prefix}${bound === undefined ? '+Inf' : encodeBound(bound)}"} ${total}${suffix}`)
    }
    return this.sample(`${name}_count`, labels, total).sample(`${name}_sum`, labels, sum)
  }

  toString(): string {
    return [...this.#lines, '# EOF', ''].join('\n')
  }
}

/** `service.name` as a label. */
export function labelName(attribute: string): string {
  const name = attribute.replace(/[^a-zA-Z0-9_]/g, '_')
  return /^[0-9]/.test(name) ? `key_${name}` : name
}

function encodeLabels(labels: Labels): string {
  return labels.length === 0 ? '' : `{${innerLabels(labels)}}`
}

function innerLabels(labels: Labels): string {
  return labels.map(([name, value]) => `${name}="${escapeText(value)}"`).join(',')
}

function encodeExemplar({ labels, value, at }: Exemplar): string {
  return ` # {${innerLabels(labels)}} ${encodeNumber(value)} ${at.toFixed(3)}`
}

function escapeText(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`))
}

function encodeNumber(value: number): string {
  if (Number.isFinite(value)) return String(value)
  if (Number.isNaN(value)) return 'NaN'
  return value > 0 ? '+Inf' : '-Inf'
}

/** Bounds are floats, and are compared as text: 1 is written 1.0 (OpenMetrics, "Canonical numbers"). */
function encodeBound(bound: number): string {
  return Number.isInteger(bound) ? bound.toFixed(1) : String(bound)
}
