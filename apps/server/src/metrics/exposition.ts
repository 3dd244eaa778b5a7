/**
 * A registry and the ledger of tracing as text: OpenMetrics 1.0, with exemplars, or Prometheus' older format, which has none. Not prom-client's own
 * writing: its format belongs to a registry, so two scrapers who ask for different ones would get each other's.
 */
import { openMetricsType } from '@rustok/telemetry'
import type { OpenMetricsContentType, Registry } from 'prom-client'

export type Format = 'openmetrics' | 'prometheus'

export const contentTypes: Readonly<Record<Format, string>> = {
  openmetrics: openMetricsType,
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
}

/** By the Accept header. Prometheus names OpenMetrics first; who names neither gets the format that all read. */
export function formatFor(accept: string | undefined): Format {
  return accept?.includes('application/openmetrics-text') === true ? 'openmetrics' : 'prometheus'
}

/** What prom-client's `get()` gives, which its types tell only half of. */
interface Value {
  readonly metricName?: string
  readonly value: number
  readonly labels: Readonly<Record<string, string | number>>
  readonly exemplar?: {
    readonly labelSet: Readonly<Record<string, string>>
    readonly value: number
    readonly timestamp: number
  } | null
}

/** `tracing` is OpenMetrics already. */
export async function writeMetrics(
  registry: Registry<OpenMetricsContentType>,
  tracing: string,
  format: Format,
): Promise<string> {
  const metrics = registry.getMetricsAsArray() as unknown as readonly Metric[]
  const families = await Promise.all(metrics.map((metric) => metric.get()))
  const lines = families.flatMap((family) => writeFamily(family, format))
  const ledger = tracing.split('\n').filter(isLine)
  if (format === 'prometheus') return `${[...lines, ...downgrade(ledger)].join('\n')}\n`
  return `${[...lines, ...ledger, '# EOF'].join('\n')}\n`
}

/** What a registry holds, which its types call a plain object. */
interface Metric {
  get(): Promise<Family>
}

interface Family {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly values: readonly Value[]
}

function writeFamily({ name, help, type, values }: Family, format: Format): string[] {
  const open = format === 'openmetrics'
  // OpenMetrics names a counter's family without what its samples end in.
  const family = open && type === 'counter' ? name.replace(/_total$/, '') : name
  const samples = values.map(({ metricName = name, labels, value, exemplar }) => {
    const sample = `${metricName}${labelText(labels)} ${numberText(value)}`
    return open && exemplar ? `${sample}${exemplarText(exemplar)}` : sample
  })
  return [`# HELP ${family} ${escaped(help, open)}`, `# TYPE ${family} ${type}`, ...samples]
}

function labelText(labels: Value['labels']): string {
  const pairs = Object.entries(labels).map(([name, value]) => {
    // Bounds of buckets are compared as text: 1 is written 1.0 (OpenMetrics, "Canonical numbers").
    const text = name === 'le' && Number.isInteger(value) ? Number(value).toFixed(1) : String(value)
    return `${name}="${escaped(text, true)}"`
  })
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function exemplarText({ labelSet, value, timestamp }: NonNullable<Value['exemplar']>): string {
  return ` # ${labelText(labelSet)} ${numberText(value)} ${timestamp.toFixed(3)}`
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}

/** The older format takes quotes in a help text as they are. */
function escaped(text: string, quotes: boolean): string {
  return text
    .toWellFormed()
    .replace(quotes ? /[\\"\n]/g : /[\\\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`))
}

function isLine(line: string): boolean {
  return line !== '' && line !== '# EOF'
}

/** Lines of OpenMetrics in the older format: counters' families named like their samples, no units, no exemplars, info as a gauge. */
function downgrade(lines: readonly string[]): string[] {
  const suffixes = new Map<string, string>()
  for (const line of lines) {
    const [, name = '', type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? []
    if (type === 'counter') suffixes.set(name, '_total')
    if (type === 'info') suffixes.set(name, '_info')
  }
  return lines
    .filter((line) => !line.startsWith('# UNIT '))
    .map((line) => {
      const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
      if (keyword === undefined) return line.replace(/ # \{.*$/, '')
      const text = keyword === 'TYPE' && rest === 'info' ? 'gauge' : rest.replaceAll('\\"', '"')
      return `# ${keyword} ${name}${suffixes.get(name) ?? ''} ${text}`
    })
}
