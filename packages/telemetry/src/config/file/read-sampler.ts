/** `tracer_provider.sampler`: the samplers that variables can name, alone or below `parent_based`. */
import type { FileNode } from './file-node.ts'
import type { SetVariable } from './set-variable.ts'

/** What a parent's decision leads to, unless the file says otherwise; nothing else is supported. */
const followed = {
  remote_parent_sampled: 'always_on',
  remote_parent_not_sampled: 'always_off',
  local_parent_sampled: 'always_on',
  local_parent_not_sampled: 'always_off',
} as const

export function readSampler(node: FileNode, set: SetVariable): void {
  const sampler = node.variant()
  if (sampler?.key === 'parent_based') readParentBased(sampler.node, set)
  else if (sampler !== undefined) readPlain(sampler, '', set)
}

function readParentBased(node: FileNode, set: SetVariable): void {
  const keys = ['root', ...(Object.keys(followed) as (keyof typeof followed)[])] as const
  const parts = node.isNull ? {} : node.mapping(keys)
  for (const [key, usual] of Object.entries(followed)) {
    const given = parts[key as keyof typeof followed]
    if (given !== undefined && given.variant()?.key !== usual)
      given.problem(`is not supported: ${usual} is used`)
  }
  const root = parts.root?.variant()
  if (root === undefined) set('OTEL_TRACES_SAMPLER', 'parentbased_always_on', node)
  else readPlain(root, 'parentbased_', set)
}

function readPlain(
  { key, node }: { readonly key: string; readonly node: FileNode },
  parent: '' | 'parentbased_',
  set: SetVariable,
): void {
  if (key === 'always_on' || key === 'always_off') {
    set('OTEL_TRACES_SAMPLER', parent + key, node)
  } else if (key === 'trace_id_ratio_based' || key === 'probability/development') {
    const ratio = node.isNull ? undefined : node.mapping(['ratio']).ratio
    set('OTEL_TRACES_SAMPLER', `${parent}traceidratio`, node)
    set('OTEL_TRACES_SAMPLER_ARG', ratio?.number(0, 1, false) ?? 1, ratio ?? node)
  } else if (key === 'jaeger_remote/development') {
    set('OTEL_TRACES_SAMPLER', `${parent}jaeger_remote`, node)
    set('OTEL_TRACES_SAMPLER_ARG', remoteArgument(node), node)
  } else {
    const supported =
      'always_on, always_off, trace_id_ratio_based, probability/development, jaeger_remote/development'
    node.problem(`is not supported: ${supported} are, alone or as the root of parent_based`)
  }
}

function remoteArgument(node: FileNode): string {
  const {
    endpoint,
    interval,
    initial_sampler: initial,
  } = node.mapping(['endpoint', 'interval', 'initial_sampler'])
  const first = initial?.variant()
  let rate: number | undefined
  if (first?.key === 'always_on') rate = 1
  else if (first?.key === 'always_off') rate = 0
  else if (first?.key === 'trace_id_ratio_based' && !first.node.isNull) {
    rate = first.node.mapping(['ratio']).ratio?.number(0, 1, false) ?? 1
  } else first?.node.problem('is not supported: always_on, always_off and trace_id_ratio_based are')
  const parts = [
    ['endpoint', endpoint?.text()],
    ['pollingIntervalMs', interval?.number(0)],
    ['initialSamplingRate', rate],
  ]
  return parts.flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`])).join(',')
}
