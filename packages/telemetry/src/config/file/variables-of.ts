/** A configuration file, as the variables that say the same. One function for each part of the schema that concerns traces. */
import type { ResourceAttributes } from '../general.ts'
import type { FileNode } from './file-node.ts'
import { readProcessors } from './read-processors.ts'
import { readSampler } from './read-sampler.ts'
import type { SetVariable } from './set-variable.ts'
import type { FileDocument } from './yaml-document.ts'

export interface FileVariables {
  readonly variables: Readonly<Record<string, string>>
  /** Where in the file the variable's value stands. */
  readonly places: ReadonlyMap<string, string>
  readonly resourceAttributes: ResourceAttributes
}

/** Other signals, and other distributions, which have their own readers. */
const notOurs = ['meter_provider', 'logger_provider', 'instrumentation/development'] as const
const known = [
  'file_format',
  'disabled',
  'log_level',
  'resource',
  'attribute_limits',
  'propagator',
  'tracer_provider',
  'distribution',
] as const

export function variablesOf({ root }: FileDocument): FileVariables {
  const variables: Record<string, string> = {}
  const places = new Map<string, string>()
  const set: SetVariable = (name, value, from) => {
    if (value === undefined) return
    variables[name] = String(value)
    places.set(name, from.place)
  }
  const parts = root.mapping([...known, ...notOurs])
  if (parts.disabled !== undefined) set('OTEL_SDK_DISABLED', parts.disabled.boolean(), parts.disabled)
  if (parts.log_level !== undefined) readLogLevel(parts.log_level, set)
  if (parts.attribute_limits !== undefined) readLimits(parts.attribute_limits, 'OTEL_ATTRIBUTE', set)
  readPropagator(parts.propagator, root, set)
  if (parts.tracer_provider === undefined) set('OTEL_ENABLED', false, root)
  else readTracerProvider(parts.tracer_provider, set)
  if (parts.distribution !== undefined) readDistribution(parts.distribution, set)
  const resourceAttributes = parts.resource === undefined ? {} : readResource(parts.resource)
  for (const [name, key] of [
    ['OTEL_SERVICE_NAME', 'service.name'],
    ['OTEL_SERVICE_VERSION', 'service.version'],
  ] as const) {
    const value = resourceAttributes[key]
    if (parts.resource !== undefined && value !== undefined) set(name, String(value), parts.resource)
  }
  return { variables, places, resourceAttributes }
}

const severities = [
  ['trace', 'verbose'],
  ['debug', 'debug'],
  ['info', 'info'],
  ['warn', 'warn'],
  ['error', 'error'],
  ['fatal', 'none'],
] as const

/** Each severity has four steps (`info`, `info2`, …); the levels here have one, and nothing here is fatal. */
function readLogLevel(node: FileNode, set: SetVariable): void {
  const names = severities.flatMap(([name]) => ['', '2', '3', '4'].map((step) => name + step))
  const chosen = node.choice(names)?.replace(/\d$/, '')
  set('OTEL_LOG_LEVEL', severities.find(([name]) => name === chosen)?.[1], node)
}

function readPropagator(node: FileNode | undefined, root: FileNode, set: SetVariable): void {
  const { composite, composite_list: listed } = node?.mapping(['composite', 'composite_list']) ?? {}
  const named = composite?.list().flatMap((entry) => entry.variant()?.key ?? []) ?? []
  const further = listed?.text()?.split(',') ?? []
  const names = [...named, ...further].map((name) => name.trim()).filter((name) => name !== '')
  set('OTEL_PROPAGATORS', names.join(',') || 'none', node ?? root)
}

function readTracerProvider(node: FileNode, set: SetVariable): void {
  const keys = ['processors', 'limits', 'sampler', 'id_generator', 'tracer_configurator/development'] as const
  const parts = node.mapping(keys)
  readProcessors(parts.processors, node, set)
  if (parts.limits !== undefined) readLimits(parts.limits, 'OTEL_SPAN', set)
  if (parts.sampler !== undefined) readSampler(parts.sampler, set)
  const generator = parts.id_generator?.variant()
  if (generator !== undefined && generator.key !== 'random')
    generator.node.problem('is not supported: ids are random')
  parts['tracer_configurator/development']?.problem('is not supported')
}

/** `OTEL_ATTRIBUTE_…` of all signals, or `OTEL_SPAN_…`, which wins. */
function readLimits(node: FileNode, prefix: 'OTEL_ATTRIBUTE' | 'OTEL_SPAN', set: SetVariable): void {
  const general = [
    'attribute_value_length_limit',
    'attribute_value_depth_limit',
    'attribute_count_limit',
  ] as const
  const spans = ['event_count_limit', 'link_count_limit'] as const
  const below = ['event_attribute_count_limit', 'link_attribute_count_limit'] as const
  const own = prefix === 'OTEL_SPAN'
  const limits = node.mapping(own ? [...general, ...spans, ...below] : general)
  const { attribute_value_depth_limit: depth } = limits
  if (depth?.number(1) !== undefined && depth.number(1) !== 64) depth.problem('is not supported: 64 is used')
  for (const [key, limit] of Object.entries(limits)) {
    if (limit === depth) continue
    const name = key.toUpperCase()
    const isBelow = (below as readonly string[]).includes(key)
    set(isBelow ? `OTEL_${name}` : own ? `OTEL_SPAN_${name}` : `OTEL_${name}`, limit.number(0), limit)
  }
}

function readResource(node: FileNode): ResourceAttributes {
  const keys = ['attributes', 'attributes_list', 'schema_url', 'detection/development'] as const
  const parts = node.mapping(keys)
  parts.schema_url?.problem('is not supported')
  const attributes: Record<string, ResourceAttributes[string]> = {}
  for (const pair of parts.attributes_list?.text()?.split(',') ?? []) {
    const [name = '', ...value] = pair.split('=')
    if (name.trim() !== '') attributes[name.trim()] = decode(value.join('=').trim())
  }
  for (const entry of parts.attributes?.list() ?? []) {
    const { name, value, type } = entry.mapping(['name', 'value', 'type'])
    const key = name?.text()
    if (key === undefined) entry.problem('must have a name')
    else if (value !== undefined) attributes[key] = readValue(value, type?.text() ?? 'string')
  }
  return attributes
}

function readValue(node: FileNode, type: string): ResourceAttributes[string] {
  const one = (item: FileNode): string | number | boolean => {
    const value = item.scalar() ?? ''
    return type.startsWith('string') ? String(value) : value
  }
  return type.endsWith('_array') ? node.list().map(one) : one(node)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** `distribution.rustok`: the variables that begin with RUSTOK_, by their names without it, in small letters. */
function readDistribution(node: FileNode, set: SetVariable): void {
  for (const { key, node: settings } of node.entries()) {
    if (key !== 'rustok') continue
    for (const { key: name, node: value } of settings.entries()) {
      set(`RUSTOK_${name.toUpperCase()}`, value.scalar(), value)
    }
  }
}
