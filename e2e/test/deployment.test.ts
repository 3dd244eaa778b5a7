/**
 * The manifests and units of deploy/, held against each other and against the products: names, ports, labels, variables, deadlines. No cluster and no
 * init can run here. What answers at the probes' paths is tested with server and Lens themselves.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { describe, it } from 'node:test'
import { parse, parseAllDocuments } from 'yaml'
import { root } from '../harness/app-process.ts'

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string }
}
interface Container {
  readonly name: string
  readonly image: string
  readonly args?: readonly string[]
  readonly env?: readonly { readonly name: string }[]
  readonly envFrom: readonly Readonly<Record<string, { readonly name: string }>>[]
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly startupProbe?: Probe
  readonly livenessProbe?: Probe
  readonly readinessProbe?: Probe
  readonly lifecycle?: { readonly preStop: { readonly sleep: { readonly seconds: number } } }
  readonly securityContext: unknown
  readonly resources: { readonly requests: object; readonly limits: { readonly memory: string } }
  readonly volumeMounts: readonly { readonly name: string }[]
}
interface PodSpec {
  readonly terminationGracePeriodSeconds?: number
  readonly enableServiceLinks: boolean
  readonly automountServiceAccountToken: boolean
  readonly securityContext: {
    readonly runAsNonRoot: boolean
    readonly seccompProfile: { readonly type: string }
  }
  readonly containers: readonly [Container]
  readonly volumes: readonly { readonly name: string; readonly secret?: { readonly secretName: string } }[]
}
type Labels = Readonly<Record<string, string>>
interface Selector {
  readonly matchLabels?: Labels
}
interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly data?: Labels
  readonly stringData?: Labels
  readonly spec?: {
    readonly selector?: Selector & Labels
    readonly template?: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec }
    readonly ports?: readonly { readonly port: number; readonly targetPort: string }[]
    readonly scaleTargetRef?: { readonly kind: string; readonly name: string }
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[]
  }
}

const folder = join(root, 'deploy')
const read = (file: string): string => readFileSync(join(folder, file), 'utf8')
function manifestsOf(file: string): readonly Manifest[] {
  return parseAllDocuments(read(file)).map((document) => {
    assert.deepEqual(document.errors, [], file)
    return document.toJS()
  })
}

const base = parse(read('kubernetes/base/kustomization.yaml'))
const manifests: readonly Manifest[] = base.resources.flatMap((file: string) =>
  manifestsOf(`kubernetes/base/${file}`),
)
const secrets = manifestsOf('kubernetes/examples/secrets.yaml')
const workloads = manifests.flatMap(({ kind, metadata, spec }) =>
  spec?.template === undefined ? [] : [{ kind, name: metadata.name, spec, template: spec.template }],
)
const named = (kind: string, name: string): Manifest => {
  const found = [...manifests, ...secrets].find((one) => one.kind === kind && one.metadata.name === name)
  assert.ok(found, `there is no ${kind} ${name}`)
  return found
}
const settings = (name: string): Labels => ({
  ...named('ConfigMap', name).data,
  ...secrets.find(({ metadata }) => metadata.name === name)?.stringData,
})
const matches = (selector: Labels, labels: Labels): boolean =>
  Object.entries(selector).every(([key, value]) => labels[key] === value)
const version: string = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version

/** First cells of the tables of variables. */
const documented = new Set(
  ['apps/server/README.md', 'apps/lens/README.md', 'packages/telemetry/README.md']
    .flatMap((page) =>
      [...readFileSync(join(root, page), 'utf8').matchAll(/^\|[^|]*\|/gm)].map(([cell]) => cell),
    )
    .flatMap((cell) => [...cell.matchAll(/`([A-Z][A-Z0-9_]+)`/g)].map(([, name]) => name)),
)

describe('the Kubernetes manifests', () => {
  it('list every file, and name each object once', () => {
    const files = globSync('*.yaml', { cwd: join(folder, 'kubernetes/base') })
    assert.deepEqual([...base.resources, 'kustomization.yaml'].sort(), files.sort())
    const names = manifests.map(({ kind, metadata }) => `${kind}/${metadata.name}`)
    assert.deepEqual(names, [...new Set(names)])
    assert.deepEqual(workloads.map(({ name }) => name).sort(), [
      'rustok-lens',
      `rustok-migrate-${version.replaceAll('.', '-')}`,
      'rustok-server',
      'rustok-worker',
    ])
    for (const image of base.images) assert.equal(image.newTag, version, image.name)
  })

  it('select pods that there are, by services, autoscalers and disruption budgets', () => {
    const pods = workloads.map(({ template }) => template.metadata.labels)
    for (const { kind, metadata, spec } of manifests) {
      const { selector, scaleTargetRef } = spec ?? {}
      const labels = selector?.matchLabels ?? (kind === 'Service' ? selector : undefined)
      if (labels !== undefined)
        assert.equal(pods.filter((pod) => matches(labels, pod)).length, 1, `${kind} ${metadata.name}`)
      if (scaleTargetRef !== undefined) named(scaleTargetRef.kind, scaleTargetRef.name)
    }
    const text = read('kubernetes/base/network-policies.yaml')
    const known = new Set(pods.map((pod) => pod['app.kubernetes.io/name']))
    for (const [name] of text.matchAll(/rustok-(?:server|worker|migrate|lens)(?=[\],} ])/g))
      assert.ok(known.has(name), name)
  })

  it('let services and probes go to ports that the products are told to listen on', () => {
    const server = settings('rustok-server')
    const portOf = (name: string, port: string) =>
      workloads
        .find((workload) => workload.name === name)
        ?.template.spec.containers[0].ports?.find((one) => one.name === port)?.containerPort
    assert.equal(portOf('rustok-server', 'metrics'), Number(server.PORT))
    assert.equal(portOf('rustok-worker', 'metrics'), Number(server.RUSTOK_WORKER_PORT))
    const containerfile = readFileSync(join(root, 'apps/lens/Containerfile'), 'utf8')
    const exposed = /^EXPOSE (.+)$/m.exec(containerfile)?.[1]?.split(' ').map(Number)
    assert.deepEqual(
      ['metrics', 'otlp-grpc', 'otlp-http'].map((name) => portOf('rustok-lens', name)),
      exposed,
    )
    for (const { metadata, spec } of manifests.filter(({ kind }) => kind === 'Service')) {
      for (const { targetPort } of spec?.ports ?? []) assert.ok(portOf(metadata.name, targetPort), targetPort)
    }
    for (const { kind, name, template } of workloads.filter(({ kind }) => kind !== 'Job')) {
      const { startupProbe, livenessProbe, readinessProbe } = template.spec.containers[0]
      // A store that is away must not restart what waits for it.
      assert.equal(livenessProbe?.httpGet.path, '/health/live', kind)
      assert.equal(startupProbe?.httpGet.path, '/health/live', kind)
      assert.equal(readinessProbe?.httpGet.path, '/health/ready', kind)
      for (const probe of [startupProbe, livenessProbe, readinessProbe])
        assert.ok(portOf(name, probe?.httpGet.port ?? ''), `${name}: ${probe?.httpGet.port}`)
    }
  })

  it('set variables that the products have, from maps and secrets that there are', () => {
    for (const { name, template } of workloads) {
      const [{ env = [], envFrom }] = template.spec.containers
      for (const { name: variable } of env) assert.ok(documented.has(variable), `${name}: ${variable}`)
      for (const { configMapRef, secretRef } of envFrom) {
        const source = configMapRef
          ? named('ConfigMap', configMapRef.name)
          : named('Secret', secretRef?.name ?? '')
        for (const variable of Object.keys(source.data ?? source.stringData ?? {}))
          assert.ok(documented.has(variable), `${source.metadata.name}: ${variable}`)
      }
      for (const { secret } of template.spec.volumes)
        if (secret !== undefined) named('Secret', secret.secretName)
    }
    const { data } = named('ConfigMap', 'rustok-server')
    for (const name of Object.keys(data ?? {}))
      assert.doesNotMatch(name, /PASSWORD|SECRET|TOKEN|DATABASE|HEADERS/)
  })

  it('lock pods up, limit their memory, and mount what they write to', () => {
    for (const { name, spec, template } of workloads) {
      const { securityContext, enableServiceLinks, automountServiceAccountToken, containers, volumes } =
        template.spec
      const [container] = containers
      assert.equal(
        enableServiceLinks,
        false,
        `${name}: a service's link would be taken for RUSTOK_WORKER_PORT or LENS_PORT`,
      )
      assert.equal(automountServiceAccountToken, false, name)
      assert.equal(securityContext.runAsNonRoot, true, name)
      assert.equal(securityContext.seccompProfile.type, 'RuntimeDefault', name)
      assert.deepEqual(container.securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
      assert.ok(container.resources.limits.memory, name)
      const claims = (spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata.name)
      const sources = [...volumes.map((volume) => volume.name), ...claims].sort()
      assert.deepEqual(container.volumeMounts.map((mount) => mount.name).sort(), sources, name)
    }
  })

  it('leave more time to end than the products take', () => {
    const source = readFileSync(join(root, 'apps/server/src/stop-server.ts'), 'utf8')
    const server = Number(/^const DATABASE_BY = ([\d_]+)$/m.exec(source)?.[1]?.replace('_', '')) / 1000
    const lensSource = readFileSync(join(root, 'apps/lens/src/process.ts'), 'utf8')
    const lens = Number(/^const exitDeadline = ([\d_]+)$/m.exec(lensSource)?.[1]?.replace('_', '')) / 1000
    for (const { name, kind, template } of workloads) {
      if (kind === 'Job') continue
      const { terminationGracePeriodSeconds = 0, containers } = template.spec
      const asleep = containers[0].lifecycle?.preStop.sleep.seconds ?? 0
      const least = asleep + (name === 'rustok-lens' ? lens : server)
      assert.ok(
        terminationGracePeriodSeconds > least,
        `${name}: ${terminationGracePeriodSeconds} s for ${least} s`,
      )
    }
    for (const file of globSync('*.service', { cwd: join(folder, 'systemd') })) {
      const seconds = Number(/^TimeoutStopSec=(\d+)$/m.exec(read(`systemd/${file}`))?.[1])
      assert.ok(seconds > Math.max(server, lens), file)
    }
  })

  it('are patched by the overlay for ClickHouse where there is something to patch', () => {
    const overlay = parse(read('kubernetes/clickhouse/kustomization.yaml'))
    assert.deepEqual(overlay.resources, ['../base'])
    for (const { target, patch } of overlay.patches) {
      const manifest = named(target.kind, target.name)
      for (const { op, path, value } of parse(patch) as readonly {
        op: string
        path: string
        value: unknown
      }[]) {
        const keys = path.split('/').slice(1)
        const at = (steps: readonly string[]) =>
          steps.reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], manifest)
        assert.ok(at(keys.slice(0, -1)), `${target.name}: ${path} is below nothing`)
        if (op !== 'add') assert.notEqual(at(keys), undefined, `${target.name}: there is no ${path}`)
        if (op === 'add' && keys[0] === 'data')
          assert.ok(documented.has(keys[1]) && typeof value === 'string', path)
      }
    }
  })
})

describe('the systemd units', () => {
  const units = globSync('*.service', { cwd: join(folder, 'systemd') })

  it('are what systemd understands, and are not exposed', () => {
    const directory = mkdtempSync(join(tmpdir(), 'rustok-units-'))
    try {
      const files = units.map((unit) => join(directory, unit))
      for (const file of files) {
        // The program is where the units' page has it installed, which is not here.
        const text = read(`systemd/${basename(file)}`).replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true')
        writeFileSync(file, text)
      }
      const verified = spawnSync('systemd-analyze', ['verify', '--man=no', ...files], { encoding: 'utf8' })
      assert.equal(verified.status, 0, verified.stderr)
      assert.equal(verified.stderr, '')
      const secure = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=20', ...files])
      assert.equal(secure.status, 0, String(secure.stdout))
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })

  it('start programs of this repository, and stop the main process before its children', () => {
    assert.equal(units.length, 3)
    for (const unit of units) {
      const text = read(`systemd/${unit}`)
      const program = /^ExecStart=\/opt\/rustok\/node_modules\/\.bin\/node \/opt\/rustok\/(\S+)/m.exec(
        text,
      )?.[1]
      assert.ok(readFileSync(join(root, program ?? ''), 'utf8'), unit)
      assert.match(text, /^KillMode=mixed$/m)
      const [, environment = ''] = /^Environment=(.+)$/m.exec(text) ?? []
      for (const [, name] of environment.matchAll(/(\w+)=/g))
        assert.ok(documented.has(name), `${unit}: ${name}`)
    }
  })
})
