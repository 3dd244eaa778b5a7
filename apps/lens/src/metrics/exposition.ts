/** Families as text. Prometheus asks for OpenMetrics by its Accept header; who asks for nothing gets the older format, which all read. */

import type { Family, Labels } from './instruments.ts'

export type Format = 'openmetrics' | 'prometheus'

export const contentTypes = {
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
} as const satisfies Readonly<Record<Format, string>>

export function formatFor(accept: string | undefined): Format {
  return accept?.includes('application/openmetrics-text') === true ? 'openmetrics' : 'prometheus'
}

export function exposition(families: Iterable<Family>, format: Format): string {
  const lines: string[] = []
  for (const family of families) {
    const { name, type, help } = family
    // The older format names a counter's family as its samples are named.
    const familyName = format === 'prometheus' && type === 'counter' ? `${name}_total` : name
    lines.push(`# HELP ${familyName} ${escaped(help)}`, `# TYPE ${familyName} ${type}`)
    for (const { suffix = '', labels = {}, value } of family.samples()) {
      lines.push(`${name}${suffix}${labelText(labels)} ${numberText(value)}`)
    }
  }
  if (format === 'openmetrics') lines.push('# EOF')
  return `${lines.join('\n')}\n`
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escaped(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`))
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  return Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : '-Inf'
}
