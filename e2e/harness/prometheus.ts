/** Debian's Prometheus over this repository's rules, and what the tests ask of it. Targets are told by files, as prometheus/targets says, or by its configuration. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse, stringify } from 'yaml'
import { root } from './app-process.ts'

/** Host and port, by the job's name in prometheus.yml. */
export type Targets = Readonly<Record<string, string>>

export interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [number, string]
}

export interface Exemplar {
  readonly labels: Readonly<Record<string, string>>
  readonly value: string
}

export interface Prometheus extends AsyncDisposable {
  query(expression: string): Promise<readonly Sample[]>
  /** Of the last ten minutes. */
  exemplars(expression: string): Promise<readonly Exemplar[]>
  get<T>(path: string): Promise<T>
}

interface ScrapeConfig {
  readonly job_name: string
  readonly file_sd_configs?: readonly { readonly files: readonly string[] }[]
}

const startsWithinMs = 60_000

export async function startPrometheus(directory: string, targets: Targets): Promise<Prometheus> {
  const port = await freePort()
  const data = join(directory, 'prometheus')
  mkdirSync(data, { recursive: true })
  const configFile = join(data, 'prometheus.yml')
  writeFileSync(configFile, stringify(configFor({ ...targets, prometheus: `127.0.0.1:${port}` }, data)))
  const args = [
    `--config.file=${configFile}`,
    `--storage.tsdb.path=${join(data, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--enable-feature=exemplar-storage',
    '--log.level=warn',
  ]
  const child = spawn('/usr/bin/prometheus', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = once(child, 'exit')
  let log = ''
  child.stderr.on('data', (chunk) => {
    log += chunk
  })
  const url = `http://127.0.0.1:${port}`
  const get = async <T>(path: string): Promise<T> => {
    const response = await fetch(`${url}${path}`)
    const answer = (await response.json()) as { status: string; data: T; error?: string }
    if (answer.status !== 'success') throw new Error(`${decodeURIComponent(path)}: ${answer.error}`)
    return answer.data
  }
  const deadline = performance.now() + startsWithinMs
  while (!(await isReady(url))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      child.kill('SIGKILL')
      throw new Error(`Prometheus did not start:\n${log}`)
    }
    await sleep(100)
  }
  return {
    get,
    async query(expression) {
      const parameters = new URLSearchParams({ query: expression })
      return (await get<{ result: readonly Sample[] }>(`/api/v1/query?${parameters}`)).result
    },
    async exemplars(expression) {
      const end = Date.now() / 1_000
      const range = { start: String(end - 600), end: String(end + 60) }
      const parameters = new URLSearchParams({ query: expression, ...range })
      const series = await get<readonly { exemplars: readonly Exemplar[] }[]>(
        `/api/v1/query_exemplars?${parameters}`,
      )
      return series.flatMap(({ exemplars }) => exemplars)
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

/**
 * prometheus.yml with every job that has a target here, looked at each second; rules are as they stand. A job that reads files finds one in `directory`, with
 * the labels of the example that prometheus/targets gives.
 */
function configFor(targets: Targets, directory: string): unknown {
  const config = parse(readFileSync(join(root, 'prometheus', 'prometheus.yml'), 'utf8'))
  const jobs: readonly ScrapeConfig[] = config.scrape_configs
  for (const name of Object.keys(targets)) {
    if (!jobs.some(({ job_name }) => job_name === name)) throw new Error(`prometheus.yml has no job ${name}`)
  }
  return {
    ...config,
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: [join(root, 'prometheus', 'rules', '*.yml')],
    scrape_configs: jobs.flatMap(({ job_name, file_sd_configs }): readonly object[] => {
      const target = targets[job_name]
      if (target === undefined) return []
      const pattern = file_sd_configs?.[0]?.files[0]
      if (pattern === undefined) return [{ job_name, static_configs: [{ targets: [target] }] }]
      const file = join(directory, pattern.replace('*', '-of-a-test'))
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, stringify(exampleTargets().map((group) => ({ ...group, targets: [target] }))))
      return [{ job_name, file_sd_configs }]
    }),
  }
}

function exampleTargets(): readonly object[] {
  const readme = readFileSync(join(root, 'prometheus', 'targets', 'README.md'), 'utf8')
  return parse(/^```yaml\n(.*?)^```$/ms.exec(readme)![1]!)
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/-/ready`)).ok
  } catch {
    return false
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
