/** `npm start` as its user meets it: what it prints works, its end loses nothing, and what goes wrong is one line. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { root } from '../harness/app-process.ts'
import { createNodePaths } from '../harness/graphql.ts'
import { awaitTrace, searchTraces } from '../harness/lens-api.ts'
import { npmStart, processesOf, screenIsComplete } from '../harness/npm-start.ts'
import { temporaryDirectory } from '../harness/temporary-directory.ts'

const run = promisify(execFile)

/** For the tests that do not need an empty one: the first start in a directory takes longer. */
const shared = temporaryDirectory()
after(() => shared[Symbol.dispose]())

/** The address in the row of the screen that begins with `name`. */
function addressIn(screen: string, name: string): string {
  const address = new RegExp(`^ {2}${name} +(\\S+)`, 'm').exec(screen)?.[1]
  assert.ok(address, `no ${name} in\n${screen}`)
  return address
}

/** What the shell makes of the command that the screen shows. */
async function paste(screen: string): Promise<string> {
  const command = /^curl (?:.*\\\n)*.*$/m.exec(screen)?.[0]
  assert.ok(command, screen)
  return (await run('sh', ['-c', command])).stdout
}

/** How many traces Lens has of these tenants. */
async function tracesOf(lens: string, tenants: readonly string[] = ['acme', 'globex']): Promise<number> {
  const found = await Promise.all(tenants.map((tenant) => searchTraces(lens, { tenant })))
  return found.reduce((sum, { total }) => sum + total, 0)
}

/** Of what the server's metrics promise, what traffic must move. Totals are counted twice a minute, and what waits is soon back where it was. */
const movingMetrics = [
  'rustok_http_requests_total',
  'rustok_http_request_duration_seconds_count',
  'rustok_content_operations_total',
  'rustok_content_operation_duration_seconds_count',
  'rustok_commerce_operations_total',
  'rustok_commerce_operation_duration_seconds_count',
  'rustok_session_operations_total',
  'rustok_event_deliveries_total',
  'rustok_spans_created_total',
  'rustok_spans_exported_total',
] as const

/** The sum of each metric over its labels. */
async function valuesAt(url: string): Promise<ReadonlyMap<string, number>> {
  const values = new Map<string, number>()
  const text = await (await fetch(url)).text()
  for (const [, name = '', value] of text.matchAll(/^(\w+)(?:\{.*\})? (\S+)/gm)) {
    values.set(name, (values.get(name) ?? 0) + Number(value))
  }
  return values
}

async function nothingIsLeftOf(dataDir: string): Promise<void> {
  // A killed process is gone a moment after whoever killed it.
  for (let tries = 0; tries < 100 && processesOf(dataDir).length > 0; tries++) await sleep(20)
  assert.deepEqual(processesOf(dataDir), [])
}

describe('npm start', () => {
  it('shows a command to paste, whose trace is behind the link that it answers with', async () => {
    await using started = npmStart({ dataDir: shared.path, by: 'npm start' })
    await started.shows(screenIsComplete)
    const screen = started.stdout()
    const lens = addressIn(screen, 'Lens')

    const answer = await paste(screen)
    assert.match(
      answer,
      /^\{"data":\{"createNode":\{"node":\{"id":"[^"]+","title":"First light"\},"errors":\[\]\}\}\}\n/,
    )
    const [, link, traceId] = /^Trace: (\S+\/trace\/([0-9a-f]{32}))$/m.exec(answer) ?? []
    assert.ok(link && traceId, answer)
    assert.equal(link, `${lens}/trace/${traceId}`)
    const page = await fetch(link, { headers: { accept: 'text/html' } })
    assert.equal(page.status, 200)
    assert.match(page.headers.get('content-type') ?? '', /^text\/html/)
    const isComplete = ({ spans }: { spans: readonly unknown[] }): boolean =>
      spans.length === createNodePaths.length - 3
    const { spans } = await awaitTrace(lens, traceId, isComplete)
    assert.ok(spans.some(({ kind }) => kind === 'consumer'))
    assert.ok(spans.every(({ tenant }) => tenant === 'acme'))

    const graphiql = await fetch(addressIn(screen, 'GraphQL'), { headers: { accept: 'text/html' } })
    assert.equal(graphiql.status, 200)
    assert.ok(screen.includes(`: ${lens}/search?tenant=acme\n`), screen)

    started.pressCtrlC()
    // Where npm's shell stays between npm and the command, it dies of the key press once the command has ended.
    assert.ok([0, 'SIGINT'].includes((await started.ended()) ?? ''))
    assert.match(started.stdout(), /\nStopped\. Nothing was lost\.\n$/)
    assert.equal(started.stderr().replace('Building the Lens UI…\n', ''), '')
    await nothingIsLeftOf(shared.path)
  })

  it('fills an empty Lens with requests of both tenants, once', async () => {
    using directory = temporaryDirectory()
    let sent = 0
    for (const attempt of ['first', 'second']) {
      await using started = npmStart({ dataDir: directory.path })
      await started.shows(screenIsComplete)
      const lens = addressIn(started.stdout(), 'Lens')
      const [, count] = /Lens was empty: (\d+) sample requests/.exec(started.stdout()) ?? []
      if (attempt === 'first') sent = Number(count)
      else assert.equal(count, undefined)
      // All but the one with a token that is nobody's.
      for (let tries = 0; tries < 100 && (await tracesOf(lens)) < sent - 1; tries++) await sleep(100)
      assert.equal(await tracesOf(lens), sent - 1)
      assert.ok((await searchTraces(lens, { status: 'error' })).total > 0, 'something to look into')
      started.pressCtrlC()
      assert.equal(await started.ended(), 0)
    }
    assert.ok(sent >= 10, `${sent} requests`)
  })

  it('sends nothing with --no-sample, and keeps the logs and the demo access for their owner', async () => {
    await using started = npmStart({ dataDir: shared.path, by: 'scripts/run.mjs', flags: ['--no-sample'] })
    await started.shows(screenIsComplete)
    const lens = addressIn(started.stdout(), 'Lens')
    const demoFile = join(shared.path, 'demo.json')
    assert.equal(statSync(demoFile).mode & 0o777, 0o600)

    const { tenants } = JSON.parse(readFileSync(demoFile, 'utf8')) as { tenants: { id: string }[] }
    const ids = tenants.map(({ id }) => id)
    assert.ok(ids.length > 2)
    const before = await tracesOf(lens, ids)
    const traffic = join(root, 'scripts/traffic.ts')
    const env = { ...process.env, RUSTOK_DATA_DIR: shared.path }
    const server = addressIn(started.stdout(), 'GraphQL').replace('/graphql', '')
    const metrics = await valuesAt(`${server}/metrics`)
    const { stdout } = await run(process.execPath, [traffic, '--visits', '100', '--rate', '10'], { env })
    const [, requests] = /^100 visits with (\d+) requests in /m.exec(stdout) ?? []
    assert.ok(Number(requests) >= 150, stdout)
    assert.match(stdout, /^ {2}all .* {3}0 {3}/m, 'nothing failed')
    // Each is a trace in Lens, with the signing in before them; but for those who were let in nowhere, all of them have a tenant.
    const fewest = Number(requests) - 10
    for (let tries = 0; tries < 200 && (await tracesOf(lens, ids)) - before < fewest; tries++)
      await sleep(100)
    assert.ok((await tracesOf(lens, ids)) - before >= fewest)
    const after = await valuesAt(`${server}/metrics`)
    const still = movingMetrics.filter((name) => after.get(name) === metrics.get(name))
    assert.deepEqual(still, [], 'metrics that did not move')

    // One key press, as it arrives where npm's shell does not stay: from the terminal, and then from npm.
    started.pressCtrlC()
    await sleep(20)
    started.process.kill('SIGINT')
    assert.equal(await started.ended(), 0)
    assert.match(started.stdout(), /\nStopped\. Nothing was lost\.\n$/)
    assert.equal(existsSync(demoFile), false)
    for (const service of ['server', 'lens']) {
      const log = readFileSync(join(shared.path, 'logs', `${service}.log`), 'utf8')
        .trim()
        .split('\n')
      assert.ok(log.length > 1, service)
      for (const line of log) assert.doesNotThrow(() => JSON.parse(line), line)
    }
  })
})

describe('Ctrl-C', () => {
  it('ends a start that is under way', async () => {
    await using started = npmStart({ dataDir: shared.path, by: 'scripts/run.mjs' })
    await started.shows(/Starting/)
    started.pressCtrlC()
    assert.equal(await started.ended(), 0)
    assert.match(started.stdout(), /\nStopped\.\n$/)
    await nothingIsLeftOf(shared.path)
  })

  it('ends everything at once when it is pressed again, even what hangs', async () => {
    await using started = npmStart({ dataDir: shared.path, flags: ['--no-sample'] })
    await started.shows(screenIsComplete)
    for (const pid of processesOf(shared.path, 'apps/server/src/main.ts')) process.kill(pid, 'SIGSTOP')
    started.pressCtrlC()
    await started.shows(/Stopping/)
    started.pressCtrlC()
    assert.equal(await started.ended(), 130)
    assert.doesNotMatch(started.stdout(), /Nothing was lost/)
    await nothingIsLeftOf(shared.path)
  })
})

describe('the death of a part', () => {
  it('of Lens ends the server too, and says so', async () => {
    await using started = npmStart({ dataDir: shared.path, flags: ['--no-sample'] })
    await started.shows(screenIsComplete)
    const [lens] = processesOf(shared.path, 'apps/lens/src/main.ts')
    assert.ok(lens)
    process.kill(lens, 'SIGKILL')
    assert.equal(await started.ended(), 1)
    assert.match(started.stderr(), /^Lens ended \(SIGKILL\); the end of .*lens\.log:$/m)
    assert.doesNotMatch(started.stdout(), /Nothing was lost/)
    await nothingIsLeftOf(shared.path)
  })

  it('of run.mjs ends all that it started', async () => {
    await using started = npmStart({ dataDir: shared.path, by: 'scripts/run.mjs', flags: ['--no-sample'] })
    await started.shows(screenIsComplete)
    started.process.kill('SIGKILL')
    for (let tries = 0; tries < 500 && processesOf(shared.path).length > 0; tries++) await sleep(20)
    await nothingIsLeftOf(shared.path)
  })
})

describe('a start that cannot be', () => {
  /** Starts, and expects one line on stderr and nothing left behind. */
  async function refusal(
    dataDir: string,
    env: NodeJS.ProcessEnv = {},
    flags: readonly string[] = [],
  ): Promise<string> {
    await using started = npmStart({ dataDir, env, flags })
    const code = await started.ended()
    assert.notEqual(code, 0)
    const lines = started.stderr().trimEnd().split('\n')
    assert.equal(lines.length, 1, started.stderr())
    assert.doesNotMatch(started.stdout(), /Lens +http/)
    await nothingIsLeftOf(dataDir)
    return lines[0]!
  }

  for (const variable of ['PORT', 'LENS_PORT', 'LENS_OTLP_GRPC_PORT', 'LENS_OTLP_HTTP_PORT']) {
    it(`names ${variable} when its port is in use`, async () => {
      await using taken = createServer().listen(0, '127.0.0.1')
      await once(taken, 'listening')
      const port = String((taken.address() as AddressInfo).port)
      const line = await refusal(shared.path, { [variable]: port })
      for (const word of [variable, port, 'in use']) assert.ok(line.includes(word), `no ${word} in: ${line}`)
    })
  }

  it('names a variable with a bad value', async () => {
    assert.match(await refusal(shared.path, { PORT: 'http' }), /\bPORT\b.*http/)
    assert.match(await refusal(shared.path, { LENS_PORT: '70000' }), /\bLENS_PORT\b.*70000/)
  })

  it('names a data directory that cannot be written', async () => {
    using directory = temporaryDirectory()
    const file = join(directory.path, 'file')
    writeFileSync(file, '')
    assert.match(await refusal(join(file, 'data')), /RUSTOK_DATA_DIR: cannot write to .*file\/data/)
  })

  it('names a flag that does not exist', async () => {
    assert.match(
      await refusal(shared.path, {}, ['--no-samples']),
      /^npm start: Unknown option '--no-samples'/,
    )
  })
})
