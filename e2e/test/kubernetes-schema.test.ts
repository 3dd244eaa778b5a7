/** The manifests against Kubernetes' own types, and what a cluster would refuse or ignore in silence: fields that it does not know, ports that nobody opens. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  baseManifests,
  clickhouseManifests,
  manifestsIn,
  type NamedManifest,
} from '../harness/kubernetes-manifests.ts'
import { schemaErrors } from '../harness/kubernetes-types.ts'

const base = baseManifests()

describe('the Kubernetes manifests, by the types of Kubernetes', () => {
  const server = base.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'rustok-server')
  const faulty: readonly (readonly [RegExp, (spec: DeploymentSpec) => unknown])[] = [
    [/terminationGracePeriod/, (spec) => ({ ...spec, terminationGracePeriod: 20 })],
    [/'selector' is missing/, ({ selector, ...spec }) => spec],
    [/Type 'string' is not assignable to type 'number'/, (spec) => ({ ...spec, replicas: '2' })],
  ]
  const known = [...base, ...clickhouseManifests(), ...manifestsIn('examples/secrets.yaml')]
  const mistaken = faulty.map(([, change]) => ({ ...server!, spec: change(server?.spec as DeploymentSpec) }))
  // One run of the compiler for all: it is what takes the time.
  const errors = schemaErrors([...known, ...mistaken])

  it('have no field that is unknown, missing or of another type, also as patched for ClickHouse', () => {
    assert.ok(known.length > 30, `${known.length} manifests`)
    assert.deepEqual(errors.slice(0, known.length).flat(), [])
  })

  it('would be refused for an unknown field, a missing one and one of another type', () => {
    for (const [index, [message]] of faulty.entries())
      assert.match(errors[known.length + index]?.join('\n') ?? '', message)
  })
})

interface DeploymentSpec {
  readonly selector: object
}

type Labels = Readonly<Record<string, string>>
interface Expression {
  readonly key: string
  readonly values: readonly string[]
}
interface Selector {
  readonly matchLabels?: Labels
  readonly matchExpressions?: readonly Expression[]
}
interface Policy {
  readonly podSelector: Selector
  readonly ingress?: readonly { readonly ports: readonly { readonly port: number }[] }[]
  readonly egress?: readonly {
    readonly to?: readonly { readonly podSelector?: Selector }[]
    readonly ports: readonly { readonly port: number }[]
  }[]
}
interface Workload {
  readonly template: {
    readonly metadata: { readonly labels: Labels }
    readonly spec: {
      readonly containers: readonly {
        readonly ports?: readonly { readonly containerPort: number }[]
        readonly resources: { readonly requests: { readonly cpu?: string } }
      }[]
    }
  }
}

const specsOf = <T>(kind: string): readonly { readonly name: string; readonly spec: T }[] =>
  base
    .filter((manifest) => manifest.kind === kind)
    .map(({ metadata, spec }: NamedManifest) => ({ name: metadata.name, spec: spec as T }))
const workloads = ['Deployment', 'StatefulSet', 'Job'].flatMap((kind) => specsOf<Workload>(kind))
const portsOf = ({ template }: Workload): readonly number[] =>
  template.spec.containers.flatMap(({ ports = [] }) => ports.map(({ containerPort }) => containerPort))

function selects({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, values }) => values.includes(labels[key] ?? ''))
  )
}

describe('the network policies', () => {
  const policies = specsOf<Policy>('NetworkPolicy').filter(({ name }) => name !== 'rustok-default')
  const selected = ({ podSelector }: { readonly podSelector?: Selector }) =>
    workloads.filter(({ spec }) => selects(podSelector ?? {}, spec.template.metadata.labels))

  it('let in to every port that a container has, and to no other', () => {
    for (const { name, spec } of policies) {
      const open = new Set(spec.ingress?.flatMap(({ ports }) => ports.map(({ port }) => port)))
      const had = new Set(selected(spec).flatMap((workload) => portsOf(workload.spec)))
      assert.deepEqual([...open].sort(), [...had].sort(), name)
    }
    const covered = policies.flatMap(({ spec }) => selected(spec).map(({ name }) => name))
    assert.deepEqual(covered.sort(), workloads.map(({ name }) => name).sort())
  })

  it('let out to ports that the pods at the other end have and let in', () => {
    const inside = policies.flatMap(({ spec }) =>
      (spec.egress ?? []).flatMap(({ to = [], ports }) => to.map((peer) => ({ peer, ports }))),
    )
    assert.ok(inside.length > 0)
    for (const { peer, ports } of inside) {
      const had = selected(peer).flatMap((workload) => portsOf(workload.spec))
      for (const { port } of ports) assert.ok(had.includes(port), `nobody listens on ${port}`)
    }
  })
})

describe('the autoscalers', () => {
  const scaled = specsOf<{
    readonly minReplicas: number
    readonly maxReplicas: number
    readonly scaleTargetRef: { readonly name: string }
  }>('HorizontalPodAutoscaler')

  it('have the request of CPU that utilization is a share of, and leave a pod while a node is drained', () => {
    const budgets = specsOf<{ readonly maxUnavailable: number; readonly selector: Selector }>(
      'PodDisruptionBudget',
    )
    assert.equal(scaled.length, 2)
    for (const { name, spec } of scaled) {
      const target = workloads.find((workload) => workload.name === spec.scaleTargetRef.name)
      assert.ok(
        target?.spec.template.spec.containers.every(({ resources }) => resources.requests.cpu),
        name,
      )
      const labels = target?.spec.template.metadata.labels ?? {}
      const budget = budgets.find((one) => selects(one.spec.selector, labels))
      assert.ok(budget && budget.spec.maxUnavailable < spec.minReplicas, `${name} has no budget`)
      assert.ok(spec.minReplicas < spec.maxReplicas, name)
    }
  })
})
