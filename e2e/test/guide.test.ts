/**
 * The guide's first two chapters, followed to the letter in an empty folder, from the packed library to a trace in Lens, and on to Lens with tokens
 * and the application as its unit starts it. What the repository has stands for the registry, ports are free ones, and nobody calls systemctl.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { LogsResponse, SearchResponse, TraceResponse } from 'rustok-lens/contract'
import { type App, collectOutput, type LensReady, root, startLens } from '../harness/app-process.ts'
import { chapterOf, type GuideBlock } from '../harness/guide.ts'
import { freePort } from '../harness/prometheus.ts'
import { temporaryDirectory } from '../harness/temporary-directory.ts'

const home = temporaryDirectory()
const shop = join(home.path, 'shop')
const running = new Set<ChildProcess>()
after(() => {
  for (const { pid } of running) process.kill(-pid!, 'SIGKILL')
  home[Symbol.dispose]()
})

/** What the guide's words stand for here; texts and commands are otherwise as they are. */
const here = new Map<string, string>()
const localised = (text: string) => [...here].reduce((all, [from, to]) => all.replaceAll(from, to), text)

/** Without the variables of tracing that the environment of the tests may have. */
const inherited = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(OTEL|LENS|RUSTOK|NODE_OPTIONS|NODE_TEST)/.test(name)),
)
const npm = {
  npm_config_offline: 'true',
  npm_config_install_links: 'true',
  npm_config_ignore_scripts: 'true',
}
const environment = () => ({ ...inherited, ...npm, HOME: home.path })

async function bash(command: string, cwd: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const options = { cwd, env: { ...environment(), ...env } }
  const { stdout } = await promisify(execFile)('bash', ['-euc', localised(command)], options)
  return stdout
}

/** The application in a terminal of its own, once it says where it listens. */
async function open(command: string, env: NodeJS.ProcessEnv) {
  const child = spawn('bash', ['-euc', localised(command)], {
    cwd: shop,
    env: { ...environment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  running.add(child)
  const exit = once(child, 'exit').then(([code, signal]: (number | string | null)[]) => {
    running.delete(child)
    return code ?? signal
  })
  const said = collectOutput(child)
  let over = false
  void exit.then(() => {
    over = true
  })
  while (!said().includes('http://127.0.0.1:')) {
    assert.ok(!over, `it ended before it listened:\n${said()}`)
    await sleep(20)
  }
  const end = (signal: NodeJS.Signals) => {
    process.kill(-child.pid!, signal)
    return exit
  }
  return { end, said }
}

function save({ file, code }: GuideBlock): void {
  assert.ok(file)
  writeFileSync(join(shop, file), localised(code))
}

/** Asks again: what was delivered is found a moment later. */
async function until<Answer>(
  ask: () => Promise<Answer>,
  found: (answer: Answer) => boolean,
): Promise<Answer> {
  for (;;) {
    const answer = await ask()
    if (found(answer)) return answer
    await sleep(100)
  }
}

suite('the guide, followed to the letter', { timeout: 170_000 }, () => {
  const setUp = chapterOf('Set-up')
  const production = chapterOf('To production')
  const containing = (blocks: readonly GuideBlock[], text: string, of = 'sh') => {
    const block = blocks.find(({ language, code }) => language === of && code.includes(text))
    assert.ok(block, `there is no block with ${text}`)
    return block.code
  }
  const saved = (blocks: readonly GuideBlock[], name: string) => {
    const block = blocks.find(({ file }) => file === name)
    assert.ok(block, `nothing is saved as ${name}`)
    return block
  }

  let lens: App<LensReady>
  before(async () => {
    // What npm would run, without npm and the check of what is installed.
    const pack = containing(setUp, 'npm run pack').replace(
      /^npm run pack -- (.+)$/m,
      'node scripts/pack.ts $1 --reuse',
    )
    ;[lens] = await Promise.all([startLens(join(home.path, 'lens')), bash(pack, root)])
  })
  after(() => lens?.[Symbol.asyncDispose]())

  test('from an empty folder to a trace of its own, to failures, users and logs', async () => {
    assert.equal(containing(setUp, 'npm start'), 'npm start\n')
    const port = await freePort()
    here.set('16686', new URL(lens.ready.urls.ui).port).set('8080', String(port))
    const toLens = { OTEL_EXPORTER_OTLP_ENDPOINT: lens.ready.urls.otlpGrpc }

    const copies = ['@opentelemetry/api', 'yaml'].map((name) => join(root, 'node_modules', name)).join(' ')
    const install = containing(setUp, 'npm install').replace('express@5.3.0 @opentelemetry/api', copies)
    assert.ok(install.includes(copies))
    await bash(install, root)
    borrow('express')

    save(saved(setUp, 'app.js'))
    const first = await open(containing(setUp, '--import'), toLens)
    assert.equal(await bash(containing(setUp, 'x-tenant'), home.path), '{"id":"42","total":4200}')
    const search = containing(setUp, '/api/lens/search')
    // Spans leave by themselves after five seconds; the end delivers them at once.
    assert.equal(await first.end('SIGINT'), 'SIGINT')
    const { traces } = await until(
      async () => JSON.parse(await bash(search, home.path)) as SearchResponse,
      ({ traces }) => traces.length > 0,
    )
    assert.deepEqual(
      traces.map(({ rootName, spanCount, tenants }) => ({ rootName, spanCount, tenants })),
      [{ rootName: 'GET /orders/:id', spanCount: 2, tenants: ['acme'] }],
    )
    const trace = (await (
      await fetch(`${lens.ready.urls.ui}/api/lens/traces/${traces[0]!.traceId}`)
    ).json()) as TraceResponse
    const [server, work] = trace.spans
    assert.deepEqual([server?.name, work?.name], ['GET /orders/:id', 'load order'])
    assert.equal(work?.parentSpanId, server?.spanId)

    for (const [name] of containing(production, 'npm install').matchAll(
      /(?:@opentelemetry\/)?[\w-]+(?=@\d|$)/gm,
    ))
      borrow(name)
    borrow('@opentelemetry/exporter-logs-otlp-grpc')
    save(saved(production, 'log.js'))
    save(saved(production, 'app.js'))
    const second = await open(containing(production, 'RUSTOK_HTTP_IGNORE_PATHS=/health node'), toLens)
    const paid = await bash(containing(production, '/orders/13/payment'), home.path)
    assert.match(paid, /^\{"id":"42","total":4200,"paid":true\}.*the bank does not answer/s)
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/health`)).text(), 'ok')
    assert.equal(await second.end('SIGTERM'), 0)
    const [searched = '', asked = ''] = containing(production, '/api/lens/logs').split('\n')
    const failed = await until(
      async () => JSON.parse(await bash(searched, home.path)) as SearchResponse,
      ({ traces }) => traces.length > 0,
    )
    assert.deepEqual(
      failed.traces.map(({ rootName, errorCount, users }) => ({ rootName, errorCount, users })),
      [{ rootName: 'POST /orders/:id/payment', errorCount: 2, users: ['ann'] }],
    )
    const { logs } = await until(
      async () => JSON.parse(await bash(asked, home.path)) as LogsResponse,
      ({ logs }) => logs.length > 0,
    )
    assert.deepEqual(
      logs.map(({ body, severity, service }) => [body, severity, service]),
      [['paid', 'info', 'shop']],
    )
    assert.ok(
      second.said().includes(logs[0]!.traceId),
      'the line on standard output has the trace of the record',
    )
    const all = (await (
      await fetch(`${lens.ready.urls.ui}/api/lens/search?service=shop`)
    ).json()) as SearchResponse
    assert.deepEqual(all.traces.map(({ rootName }) => rootName).sort(), [
      'GET /orders/:id',
      'POST /orders/:id/payment',
      'POST /orders/:id/payment',
    ])
  })

  test('the code of the other chapters runs, and its spans are in Lens', async () => {
    const traced = ['In your code', 'Propagation', 'Tenants and users'].flatMap(chapterOf)
    const blocks = traced.filter(({ language }) => language === 'ts').map(({ code }) => code)
    assert.ok(blocks.length > 5)
    blocks.forEach((code, index) => {
      writeFileSync(join(shop, `block${index}.ts`), code)
    })
    writeFileSync(
      join(shop, 'blocks.ts'),
      blocks.map((_, index) => `await import('./block${index}.ts')\n`).join(''),
    )
    const alone = ['Configuration', 'Testing your spans'].map((heading) =>
      containing(chapterOf(heading), 'import', 'ts'),
    )
    alone.forEach((code, index) => {
      writeFileSync(join(shop, `alone${index}.ts`), code)
    })
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: lens.ready.urls.otlpGrpc, OTEL_SERVICE_NAME: 'blocks' }
    await Promise.all([
      bash('node --import @rustok/telemetry/register blocks.ts', shop, env),
      ...alone.map((_, index) => bash(`node alone${index}.ts`, shop, env)),
    ])
    const { traces } = await until(
      async () =>
        (await (
          await fetch(`${lens.ready.urls.ui}/api/lens/search?service=blocks`)
        ).json()) as SearchResponse,
      ({ traces }) => traces.length > 0,
    )
    assert.deepEqual(traces.map(({ rootName, spanCount }) => `${rootName} ${spanCount}`).sort(), [
      'charge card 1',
      'price cart 1',
      'reserve stock 1',
      'send invoices 1',
      'send order 2',
    ])
  })

  test('to production: tokens, and the application as its unit starts it', async () => {
    const etc = join(home.path, 'etc')
    mkdirSync(etc)
    here
      .set('/etc/rustok', join(etc, 'rustok'))
      .set('/opt/rustok', root)
      .set('/var/lib/shop', join(home.path, 'spool'))
    // Of the commands for root those that systemd, npm and a new machine have no part in.
    const commands = containing(production, 'rustok-lens token').split('\n')
    const own = /^(mkdir|export|npx|chmod|cat|\w+=|END)/
    const tokens = (await bash(commands.filter((line) => own.test(line)).join('\n'), root)).trim().split('\n')
    assert.equal(tokens.length, 2)
    for (const line of commands.filter((line) => line.startsWith('cp ')))
      assert.ok(existsSync(join(root, line.split(' ')[1]!)))
    const settings = Object.fromEntries(
      readFileSync(join(etc, 'rustok/lens.env'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => line.split('=') as [string, string]),
    )
    await using guarded = await startLens(join(home.path, 'guarded'), settings)

    const unit = containing(production, '[Service]', 'ini')
    const [, command = ''] = /^ExecStart=(.+)$/m.exec(unit) ?? []
    const [, fixed = ''] = /^Environment=(.+)$/m.exec(unit) ?? []
    here.set('lens_…', tokens[0]!).set('http://127.0.0.1:4317', guarded.ready.urls.otlpGrpc)
    const variables = `set -a\n${containing(production, 'OTEL_SERVICE_VERSION=')}`
    const app = await open(`${variables}\n${fixed}\nexec ${command}`, {})
    await fetch(`http://127.0.0.1:${here.get('8080')}/orders/7/payment`, {
      method: 'POST',
      headers: { 'x-tenant': 'globex' },
    })
    assert.equal(await app.end('SIGTERM'), 0)
    const headers = { authorization: `Bearer ${tokens[1]}` }
    const ask = async <Answer>(path: string) =>
      (await (await fetch(`${guarded.ready.urls.ui}/api/lens/${path}`, { headers })).json()) as Answer
    const { traces } = await until(
      () => ask<SearchResponse>('search?service=shop&tenant=globex'),
      ({ traces }) => traces.length > 0,
    )
    assert.deepEqual(
      traces.map(({ rootName, spanCount }) => [rootName, spanCount]),
      [['POST /orders/:id/payment', 3]],
    )
    const { resources } = await ask<TraceResponse>(`traces/${traces[0]!.traceId}`)
    const attributes = new Map(resources[0]?.attributes.map(({ key, value }) => [key, value]))
    assert.equal(attributes.get('service.version'), '1.0.0')
    assert.equal(attributes.get('deployment.environment.name'), 'production')
    await until(
      () => ask<LogsResponse>('logs?tenant=globex'),
      ({ logs }) => logs.some(({ body }) => body === 'paid'),
    )
    assert.ok(existsSync(join(home.path, 'spool/spans')), 'the spool is where the file says')
    const unanswered = await fetch(`${guarded.ready.urls.ui}/api/lens/search?service=shop`)
    assert.equal(unanswered.status, 401)
  })

  test('the unit is what systemd understands', () => {
    const file = join(home.path, 'shop.service')
    writeFileSync(
      file,
      containing(production, '[Service]', 'ini').replace(/^WorkingDirectory=.+$/m, 'WorkingDirectory=/'),
    )
    const verified = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' })
    assert.deepEqual([verified.status, verified.stderr], [0, ''])
  })
})

/** What the application would have from the registry. */
function borrow(name: string): void {
  const target = join(root, 'node_modules', name)
  assert.ok(existsSync(target), `there is no ${name}`)
  const link = join(shop, 'node_modules', name)
  mkdirSync(join(link, '..'), { recursive: true })
  if (!existsSync(link)) symlinkSync(target, link)
}
