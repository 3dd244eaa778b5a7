/** Every PromQL expression of the dashboards, the data sources and the rules, with the names of the metrics that it reads. */
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parse } from 'yaml'
import { root } from './app-process.ts'

export interface Expression {
  /** For messages: which panel or rule. */
  readonly where: string
  readonly expr: string
  /** An alert's answer is empty while all is well. */
  readonly kind: 'panel' | 'record' | 'alert' | 'link'
  readonly exemplars: boolean
}

export interface Dashboard {
  readonly uid: string
  readonly title: string
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly Variable[] }
}

export interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly fieldConfig?: {
    readonly defaults: { readonly unit?: string; readonly links?: readonly { readonly url: string }[] }
    readonly overrides: readonly FieldOverride[]
  }
  readonly targets?: readonly {
    readonly expr: string
    readonly exemplar?: boolean
    readonly datasource: { readonly uid: string }
  }[]
}

interface FieldOverride {
  readonly matcher: { readonly id: string; readonly options: string }
  readonly properties: readonly { readonly id: string; readonly value: unknown }[]
}

export interface Variable {
  readonly name: string
  readonly type: string
  readonly definition?: string
}

interface RuleFile {
  readonly groups: readonly { readonly rules: readonly Rule[] }[]
}

export interface Rule {
  readonly record?: string
  readonly alert?: string
  readonly expr: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

interface DataSource {
  readonly jsonData: {
    readonly tracesToMetrics?: { readonly queries: readonly { name: string; query: string }[] }
  }
}

export function dashboards(): readonly Dashboard[] {
  return globSync(join(root, 'grafana/dashboards/*.json'))
    .sort()
    .map((file) => JSON.parse(readFileSync(file, 'utf8')))
}

export function rules(): readonly Rule[] {
  const files = globSync(join(root, 'prometheus/rules/*.yml')).sort()
  return files.flatMap((file) =>
    (parse(readFileSync(file, 'utf8')) as RuleFile).groups.flatMap(({ rules }) => rules),
  )
}

export function expressions(): readonly Expression[] {
  const panels = dashboards().flatMap(({ uid, panels }) =>
    panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr, exemplar = false }) => ({
        where: `${uid}, "${title}"`,
        expr: substituted(expr),
        kind: 'panel' as const,
        exemplars: exemplar,
      })),
    ),
  )
  const ofRules = rules().map(({ record, alert, expr }) => ({
    where: record ?? alert ?? '?',
    expr,
    kind: record === undefined ? ('alert' as const) : ('record' as const),
    exemplars: false,
  }))
  return [...panels, ...ofRules, ...links()]
}

/** Where the series of panels and the cells of tables lead: addresses in Lens, with the labels of a series to be put in. */
export interface DataLink {
  readonly where: string
  readonly expr: string
  readonly url: string
  /** The label that is the value of the cell that was clicked. */
  readonly column?: string
}

export function dataLinks(): readonly DataLink[] {
  return dashboards().flatMap(({ uid, panels }) =>
    panels.flatMap(({ title, targets = [], fieldConfig }) => {
      const of = { where: `${uid}, "${title}"`, expr: substituted(targets[0]?.expr ?? '') }
      const ofSeries = (fieldConfig?.defaults.links ?? []).map(({ url }) => ({ ...of, url }))
      const ofCells = (fieldConfig?.overrides ?? []).flatMap(({ matcher, properties }) =>
        properties
          .filter(({ id }) => id === 'links')
          .flatMap(({ value }) => value as readonly { readonly url: string }[])
          .map(({ url }) => ({ ...of, url, column: matcher.options })),
      )
      return [...ofSeries, ...ofCells]
    }),
  )
}

/** What a span leads to, asked of a tenant of the demo. */
function links(): readonly Expression[] {
  const file = join(root, 'grafana/provisioning/datasources/rustok.yml')
  const { datasources } = parse(readFileSync(file, 'utf8')) as { datasources: readonly DataSource[] }
  return datasources.flatMap(({ jsonData }) =>
    (jsonData.tracesToMetrics?.queries ?? []).map(({ name, query }) => ({
      where: `${basename(file)}, "${name}"`,
      // Grafana takes $$ for a $ that is none of the environment's.
      expr: substituted(query.replaceAll('$$', '$')).replaceAll('$__tags', 'tenant_id="acme"'),
      kind: 'link' as const,
      exemplars: false,
    })),
  )
}

/** With "All" chosen in every variable; 30 s are some scrapes of the tests'. */
function substituted(expr: string): string {
  return expr.replaceAll('$__rate_interval', '30s').replace(/=~"\$\w+"/g, '=~".*"')
}

const words = new Set([
  ...[
    'and',
    'or',
    'unless',
    'on',
    'ignoring',
    'by',
    'without',
    'bool',
    'offset',
    'group_left',
    'group_right',
  ],
])

/** Names of metrics in an expression: what is left of its words without texts, labels, durations, functions and keywords. */
export function metricsIn(expr: string): readonly string[] {
  const bare = expr
    .replace(/"(?:[^"\\]|\\.)*"/g, '""')
    .replace(/\{[^}]*\}/g, '')
    .replace(/\[[^\]]*\]/g, '')
    .replace(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, '')
    .replace(/\boffset\s+\w+/g, '')
  const names = [...bare.matchAll(/(?<![\w:.])[a-zA-Z_:][\w:]*(?!\s*\()(?![\w:])/g)].map(([name]) => name)
  return [...new Set(names.filter((name) => !words.has(name)))]
}
