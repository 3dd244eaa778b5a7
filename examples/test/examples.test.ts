/** Each example as its README has it run, against one Lens: names, parents, services and tenant of its trace, by Lens's API. */
import assert from 'node:assert/strict'
import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { SearchResponse, TraceResponse } from 'rustok-lens/contract'
import { denoOf } from './deno.ts'

const folder = join(import.meta.dirname, '..')
const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>
}
const main = join(folder, '../apps/lens/src/main.ts')
const data = mkdtempSync(join(tmpdir(), 'rustok-examples-'))
const inherited = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(OTEL|LENS)_/.test(name)),
)

let lens: ChildProcess
let urls: { readonly ui: string; readonly otlpGrpc: string; readonly otlpHttp: string }
const running = new Set<ChildProcess>()

before(async () => {
  const ports = { LENS_PORT: '0', LENS_OTLP_GRPC_PORT: '0', LENS_OTLP_HTTP_PORT: '0' }
  lens = fork(main, { env: { ...inherited, ...ports, RUSTOK_DATA_DIR: data }, silent: true })
  const ended = once(lens, 'exit').then(() => Promise.reject(new Error('Lens ended before it was ready')))
  ended.catch(() => {})
  const [message] = (await Promise.race([once(lens, 'message'), ended])) as [{ urls: typeof urls }]
  urls = message.urls
})

after(async () => {
  for (const child of running) child.kill('SIGKILL')
  if (lens.exitCode === null) {
    lens.kill('SIGTERM')
    await once(lens, 'exit')
  }
  rmSync(data, { recursive: true, force: true })
})

/** A line for each span, below its parent: `name kind service tenant`. */
async function treeOf(service: string): Promise<string> {
  for (;;) {
    const found = await get<SearchResponse>(`/api/lens/search?service=${service}&lookback=1h`)
    // The other half of a trace may arrive later.
    const [traceId] = found.traces.map((summary) => summary.traceId)
    const trace = traceId === undefined ? undefined : await get<TraceResponse>(`/api/lens/traces/${traceId}`)
    const whole = trace?.spans.some(({ parentSpanId }) => parentSpanId === '')
    if (trace !== undefined && whole) return draw(trace, '', '')
    await delay(100)
  }
}

function draw(trace: TraceResponse, parent: string, indent: string): string {
  const children = trace.spans.filter(({ parentSpanId }) => parentSpanId === parent)
  return children
    .map(({ spanId, name, kind, resource, tenant }) => {
      const line = `${indent}${name} | ${kind} | ${trace.resources[resource]!.service} | ${tenant}\n`
      return line + draw(trace, spanId, `${indent}  `)
    })
    .join('')
}

async function get<Body>(path: string): Promise<Body> {
  const response = await fetch(urls.ui + path)
  assert.equal(response.status, 200, path)
  return (await response.json()) as Body
}

/** The script of package.json, without npm around it. */
function start(
  name: string,
  environment: Readonly<Record<string, string>> = {},
  script = scripts[name]!,
): ChildProcess {
  const [command, ...args] = script.split(' ')
  const child = spawn(command === 'node' ? process.execPath : command!, args, {
    cwd: folder,
    env: {
      ...inherited,
      OTEL_EXPORTER_OTLP_ENDPOINT: urls.otlpGrpc,
      OTEL_SERVICE_NAME: `example-${name}`,
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

/** What a server says when it listens; rejects when it ends without having said anything. */
async function firstLine(child: ChildProcess, exit: Promise<unknown[]>): Promise<string> {
  const ended = exit.then(([code]) => Promise.reject(new Error(`it ended with ${code} before it listened`)))
  ended.catch(() => {})
  const [line] = await Promise.race([once(createInterface(child.stdout!), 'line'), ended])
  return String(line)
}

const servers: Readonly<Record<string, readonly [server: string, work: string]>> = {
  'node-http': ['GET', 'count stock'],
  express: ['GET /orders/:id', 'load order'],
  fastify: ['GET /users/:id', 'load user'],
  hono: ['GET /carts/:id', 'load cart'],
  commonjs: ['GET', 'price of'],
}

suite('examples', { concurrency: 3, timeout: 120_000 }, () => {
  for (const [name, [server, work]] of Object.entries(servers)) {
    test(`${name}: the request and its work are one trace of the tenant`, async () => {
      const child = start(name)
      const exit = once(child, 'exit')
      const address = await firstLine(child, exit)
      const response = await fetch(address, { headers: { 'x-tenant': 'acme' } })
      assert.equal(response.status, 200)
      await response.text()
      child.kill('SIGINT')
      await exit
      const service = `example-${name}`
      assert.equal(
        await treeOf(service),
        `${server} | server | ${service} | acme\n  ${work} | internal | ${service} | acme\n`,
      )
    })
  }

  test('deno: the exporter of OpenTelemetry for Rust is understood', async () => {
    const [, version = ''] = /^npx --yes deno@(\S+)/.exec(scripts.deno!) ?? []
    const script = scripts.deno!.replace(/^npx --yes deno@\S+/, await denoOf(version))
    const environment = {
      ...{ OTEL_DENO: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: urls.otlpHttp },
      ...{ DENO_DIR: join(data, 'deno'), DENO_NO_UPDATE_CHECK: '1' },
    }
    const child = start('deno', environment, script)
    const exit = once(child, 'exit')
    const response = await fetch(await firstLine(child, exit), { headers: { 'x-tenant': 'acme' } })
    assert.equal(response.status, 200)
    await response.text()
    child.kill('SIGINT')
    await exit
    assert.equal(
      await treeOf('example-deno'),
      'GET /quote | server | example-deno | acme\n  price quote | internal | example-deno | acme\n',
    )
  })

  test('python: the program parses', () => {
    const script = 'import ast, sys; ast.parse(open(sys.argv[1]).read())'
    const { status, stderr } = spawnSync('python3', ['-c', script, 'python/app.py'], {
      cwd: folder,
      encoding: 'utf8',
    })
    assert.equal(status, 0, stderr)
  })

  test('queue: the worker continues the trace of the producer, with its tenant', async () => {
    const child = start('queue', { TENANT: 'globex' })
    const [code] = await once(child, 'exit')
    assert.equal(code, 0)
    assert.equal(
      await treeOf('example-queue'),
      'send order | producer | example-queue | globex\n' +
        '  process order | consumer | order-worker | globex\n' +
        '    print invoice | internal | order-worker | globex\n',
    )
  })
})
