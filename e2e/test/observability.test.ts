/**
 * The dashboards and alerts tell of what there is: Debian's Prometheus scrapes the server and Lens of `npm start` under `npm run traffic` and is asked every
 * expression of every panel and rule; the exemplars that it keeps lead to traces in Lens.
 */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { root } from '../harness/app-process.ts'
import { searchTraces, unknownTraces } from '../harness/lens-api.ts'
import { npmStart, type Started, screenIsComplete } from '../harness/npm-start.ts'
import { freePort, type Prometheus, startPrometheus } from '../harness/prometheus.ts'
import {
  type DataLink,
  dataLinks,
  type Expression,
  expressions,
  metricsIn,
} from '../harness/stack-expressions.ts'
import { temporaryDirectory } from '../harness/temporary-directory.ts'

const run = promisify(execFile)

/** Of cAdvisor and the Collector, which cannot run here: their expressions are parsed, and answered by nobody. */
const elsewhere = /^(container|otelcol)_/

/** Metrics that no panel or rule asks for, with why. */
const notShown: Readonly<Record<string, string>> = {
  otel_sdk_exporter_span_exported_total:
    'rustok_spans_exported_total and _rejected_total are what became of them',
  otel_sdk_processor_span_processed_total: 'the ledger has it as exported and dropped',
  rustok_retention_rows_total: 'rows that were kept for their time: nobody acts on how many they were',
}

/** A condition that is not met by then is not met. */
const withinMs = 90_000

describe('the dashboards and rules', () => {
  const directory = temporaryDirectory()
  const cleanup = new AsyncDisposableStack()
  let started: Started
  let prometheus: Prometheus
  let lens: string

  before(async () => {
    started = cleanup.use(
      npmStart({
        dataDir: directory.path,
        flags: ['--no-sample'],
        env: { RUSTOK_SPAN_METRICS: 'true', RUSTOK_DEMO_TENANTS: '2' },
      }),
    )
    await started.shows(screenIsComplete)
    lens = addressIn('Lens')
    const server = new URL(addressIn('GraphQL'))
    const nodeExporter = await startNodeExporter()
    prometheus = cleanup.use(
      await startPrometheus(directory.path, {
        'rustok-server': server.host,
        'rustok-lens': new URL(lens).host,
        node: nodeExporter,
      }),
    )
    // Lens counts requests to its API as well, and the dashboards show them.
    await fetch(`${lens}/api/services`)
    await sendTraffic()
    await fetch(`${lens}/api/services`)
  })

  after(async () => {
    await cleanup.disposeAsync()
    directory[Symbol.dispose]()
  })

  async function sendTraffic(): Promise<void> {
    await run(process.execPath, ['scripts/traffic.ts', '--seconds', '4', '--rate', '8'], {
      cwd: root,
      env: { ...process.env, RUSTOK_DATA_DIR: directory.path },
    })
  }

  function addressIn(name: string): string {
    const address = new RegExp(`^ {2}${name} +(\\S+)`, 'm').exec(started.stdout())?.[1]
    assert.ok(address, started.stdout())
    return address
  }

  async function startNodeExporter(): Promise<string> {
    const address = `127.0.0.1:${await freePort()}`
    const child = spawn('/usr/bin/prometheus-node-exporter', [`--web.listen-address=${address}`], {
      stdio: 'ignore',
    })
    const exited = once(child, 'exit')
    cleanup.defer(async () => {
      child.kill('SIGKILL')
      await exited
    })
    return address
  }

  /** Asks again until there is an answer: series come with a scrape, rates with the second. */
  async function eventually(isSo: () => Promise<boolean>, within = withinMs): Promise<boolean> {
    const deadline = performance.now() + within
    for (;;) {
      if (await isSo()) return true
      if (performance.now() > deadline) return false
      await sleep(500)
    }
  }

  async function hasData({ expr }: Expression): Promise<boolean> {
    const samples = await prometheus.query(expr)
    return samples.some(({ value: [, text] }) => !Number.isNaN(Number(text)))
  }

  async function missing(all: readonly Expression[]): Promise<readonly Expression[]> {
    const answered = await Promise.all(all.map(hasData))
    return all.filter((_, index) => !answered[index])
  }

  const isHere = ({ expr }: Expression): boolean => !metricsIn(expr).some((name) => elsewhere.test(name))
  const told = ({ where, expr }: Expression): string => `${where}: ${expr}`

  it('show data in every panel, and record every rule', async () => {
    let left: readonly Expression[] = expressions().filter((one) => one.kind !== 'alert' && isHere(one))
    assert.ok(left.length > 100, `${left.length} expressions`)
    const isComplete = async () => {
      left = await missing(left)
      return left.length === 0
    }
    // A rate needs a series in two scrapes, and something between them: where all of its kind came within one, it takes more visits.
    for (let round = 0; !(await eventually(isComplete, withinMs / 6)) && round < 5; round++)
      await sendTraffic()
    assert.deepEqual(left.map(told), [])
  })

  it('name no metric that does not exist', async () => {
    const names = new Set(
      expressions()
        .flatMap(({ expr }) => metricsIn(expr))
        // Prometheus' own, of alerts that fire.
        .filter((name) => !elsewhere.test(name) && name !== 'ALERTS'),
    )
    let left = [...names]
    await eventually(async () => {
      const counts = await Promise.all(left.map((name) => prometheus.query(`count(${name})`)))
      left = left.filter((_, index) => counts[index]?.length === 0)
      return left.length === 0
    })
    assert.deepEqual(left, [])
  })

  it('show every metric of ours that is scraped, or say why not', async () => {
    const scraped = await prometheus.get<readonly string[]>('/api/v1/label/__name__/values')
    const ours = scraped.filter((name) => /^(?:rustok|otel|traces)_/.test(name))
    assert.ok(ours.length > 60, `${ours.length} metrics`)
    const parts = /_(?:bucket|count|sum)$/
    const shown = new Set(
      expressions()
        .flatMap(({ expr }) => metricsIn(expr))
        .map((name) => name.replace(parts, '')),
    )
    const hidden = ours.filter((name) => !shown.has(name.replace(parts, '')))
    assert.deepEqual(
      hidden.filter((name) => !(name in notShown)),
      [],
    )
    assert.deepEqual(
      Object.keys(notShown).filter((name) => shown.has(name)),
      [],
    )
  })

  it('are evaluated without a fault, and parsed where what they ask about is not here', async () => {
    const { groups } = await prometheus.get<{
      groups: readonly { rules: readonly { name: string; health: string; lastError?: string }[] }[]
    }>('/api/v1/rules')
    const evaluated = groups.flatMap(({ rules }) => rules)
    assert.equal(
      evaluated.length,
      expressions().filter(({ kind }) => kind === 'record' || kind === 'alert').length,
    )
    assert.deepEqual(
      evaluated.filter(({ health }) => health !== 'ok'),
      [],
    )
    const others = expressions().filter((one) => !isHere(one))
    assert.ok(others.length > 0)
    for (const { expr } of others) await prometheus.query(expr)
  })

  it('lead from every exemplar to a trace that Lens has', async () => {
    const asking = expressions().filter(({ exemplars }) => exemplars)
    assert.ok(asking.length > 0)
    const found = await Promise.all(asking.map(({ expr }) => prometheus.exemplars(expr)))
    for (const [index, exemplars] of found.entries()) {
      assert.ok(exemplars.length > 0, `${told(asking[index]!)} has no exemplar`)
    }
    const ids = [...new Set(found.flat().map(({ labels }) => labels.trace_id!))]
    assert.ok(ids.length > 10, `${ids.length} traces`)
    // As Grafana does it, and several at a time, as many as an address has room for.
    let left: readonly string[] = ids
    await eventually(async () => {
      const unknown: string[] = []
      for (let first = 0; first < left.length; first += 100) {
        unknown.push(...(await unknownTraces(lens, left.slice(first, first + 100))))
      }
      left = unknown
      return left.length === 0
    })
    assert.deepEqual(left, [])
  })

  it('lead from a series or a cell to traces of what it counts, within the range that is shown', async () => {
    const links = dataLinks()
    assert.ok(links.length >= 10, `${links.length} links`)
    let left: readonly DataLink[] = links
    const allLead = async () => {
      const found = await Promise.all(left.map(leadsToTraces))
      left = left.filter((_, index) => !found[index])
      return left.length === 0
    }
    // A request fails where the demo's payment provider does not answer, at some orders of a hundred.
    for (let round = 0; !(await eventually(allLead, withinMs / 10)) && round < 9; round++) await sendTraffic()
    assert.deepEqual(left, [])
  })

  /** As Grafana does it, for the first series that there are traces of: a series of a scrape's own requests has none. */
  async function leadsToTraces({ expr, url, where, column = '' }: DataLink): Promise<boolean> {
    for (const { metric } of await prometheus.query(expr)) {
      const address = new URL(
        url
          .replace(/\$\{lens_url\}/, lens)
          .replace(/\$\{__from\}/, String(Date.now() - 3_600_000))
          .replace(/\$\{__to\}/, String(Date.now()))
          .replace(/\$\{__value\.raw\}/, metric[column] ?? '')
          .replace(/\$\{__field\.labels\.(\w+)(:percentencode)?\}/g, (_, name) =>
            encodeURIComponent(metric[name] ?? ''),
          ),
      )
      assert.doesNotMatch(address.href, /\$|%7B/, where)
      const range = { start: address.searchParams.get('start'), end: address.searchParams.get('end') }
      assert.ok(range.start && range.end, where)
      const tenant = /^\/tenants\/([^/]+)$/.exec(address.pathname)?.[1]
      if (tenant === undefined) assert.equal(address.pathname, '/search', where)
      const { traces } = await searchTraces(lens, {
        ...Object.fromEntries(address.searchParams),
        ...(tenant === undefined ? {} : { tenant }),
      })
      if (traces.length > 0) return true
    }
    return false
  }
})
