import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { LogFile } from '../start/log-file.ts'
import { Stack } from '../start/stack.ts'
import { writeTree } from './source-trees.ts'

/** Stands for the server or for Lens where a test needs one to misbehave; the real ones are in e2e/. */
const wellBehaved = (name: 'lens' | 'server'): string => `
  import { appendFileSync } from 'node:fs'
  const note = (word) => appendFileSync(process.env.NOTES, '${name} ' + word + '\\n')
  note('starts with ' + (process.env.OTEL_EXPORTER_OTLP_ENDPOINT ?? 'nothing'))
  process.on('SIGTERM', () => setTimeout(() => { note('stops'); process.exit(0) }, 100))
  process.on('disconnect', () => process.exit(0))
  setInterval(() => {}, 1000)
  setTimeout(() => {
    note('is ready')
    process.send({ type: 'hello' })
    process.send(${name === 'lens' ? lensReady : serverReady})
  }, 200)
`
const lensReady = `{ type: 'ready', urls: { ui: 'http://lens', otlpGrpc: 'http://127.0.0.1:9', otlpHttp: 'http://otlp' } }`
const serverReady = `{ type: 'ready', url: 'http://server' }`

interface TestStack {
  readonly stack: Stack
  /** What the services noted, in order. */
  notes(): readonly string[]
  log(service: 'lens' | 'server'): string
}

function makeStack(
  t: TestContext,
  {
    lens = wellBehaved('lens'),
    server = wellBehaved('server'),
    env = {},
  }: { lens?: string; server?: string; env?: object },
): TestStack {
  const root = writeTree(t, { 'apps/lens/src/main.ts': lens, 'apps/server/src/main.ts': server, notes: '' })
  const log = (name: string): LogFile => new LogFile(join(root, 'logs', name), assert.ifError)
  const stack = new Stack({
    root,
    env: { ...process.env, NOTES: join(root, 'notes'), ...env },
    logs: { lens: log('lens'), server: log('server') },
    onLine: () => {},
  })
  t.after(() => stack.kill())
  const read = (file: string): string => readFileSync(join(root, file), 'utf8')
  return {
    stack,
    notes: () => read('notes').split('\n').filter(Boolean),
    log: (service) => read(`logs/${service}`),
  }
}

describe('Stack', { skip: process.platform === 'win32' }, () => {
  it('starts both at once when the address of Lens is known beforehand', async (t) => {
    // This Lens is not ready before the server has started: whoever waits for it first, waits for ever.
    const lens = `
      import { readFileSync } from 'node:fs'
      ${wellBehaved('lens').replace('setTimeout(() => {\n    note', 'const told = setInterval(() => {\n    if (!readFileSync(process.env.NOTES, "utf8").includes("server starts")) return\n    clearInterval(told)\n    note')}`
    assert.match(lens, /clearInterval\(told\)/)
    const { stack, notes } = makeStack(t, { lens, env: { LENS_OTLP_GRPC_PORT: '14317' } })
    const ready = await stack.start()
    assert.equal(ready.server.url, 'http://server')
    assert.ok(notes().includes('server starts with http://127.0.0.1:14317'))
  })

  it('starts the server with the address of Lens once Lens has told it', async (t) => {
    const { stack, notes } = makeStack(t, { env: { LENS_OTLP_GRPC_PORT: '0' } })
    await stack.start()
    assert.deepEqual(notes(), [
      'lens starts with nothing',
      'lens is ready',
      'server starts with http://127.0.0.1:9',
      'server is ready',
    ])
  })

  it('stops Lens only after the server has ended', async (t) => {
    const { stack, notes } = makeStack(t, {})
    await stack.start()
    const stopped = await stack.stop()
    assert.deepEqual(notes().slice(-2), ['server stops', 'lens stops'])
    assert.deepEqual(stopped, [
      { service: 'server', clean: true, exit: { code: 0, signal: null } },
      { service: 'lens', clean: true, exit: { code: 0, signal: null } },
    ])
  })

  it('does not take a stop for a failure', async (t) => {
    const { stack } = makeStack(t, {})
    await stack.start()
    let failed = false
    void stack.failed.then(() => {
      failed = true
    })
    await stack.stop()
    await sleep(50)
    assert.equal(failed, false)
  })

  it('tells which one could not start, and why', async (t) => {
    const server = `console.error('rustok-server: PORT: 5150 is in use'); process.exit(1)`
    const { stack, log } = makeStack(t, { server, env: { LENS_OTLP_GRPC_PORT: '14317' } })
    void stack.start()
    const failure = await stack.failed
    assert.equal(failure.service, 'server')
    assert.deepEqual(failure.exit, { code: 1, signal: null })
    assert.equal(failure.wasReady, false)
    assert.equal(failure.saidWhy, true)
    assert.deepEqual(failure.lastLines, ['rustok-server: PORT: 5150 is in use'])
    assert.equal(log('server'), 'rustok-server: PORT: 5150 is in use\n')
    const [, lens] = await stack.stop()
    assert.equal(lens?.clean, true)
  })

  it('tells when one ends by itself later, with its last lines', async (t) => {
    const lens = `
      process.send(${lensReady})
      for (let i = 1; i <= 20; i++) console.log('line ' + i)
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), 300)`
    const { stack } = makeStack(t, { lens })
    await stack.start()
    const failure = await stack.failed
    assert.equal(failure.service, 'lens')
    assert.deepEqual(failure.exit, { code: null, signal: 'SIGKILL' })
    assert.equal(failure.wasReady, true)
    assert.equal(failure.lastLines.at(0), 'line 11')
    assert.equal(failure.lastLines.at(-1), 'line 20')
  })

  it('sees the end of a process whose child holds its output open', async (t) => {
    const lens = `
      import { spawn } from 'node:child_process'
      spawn(process.execPath, ['-e', 'setTimeout(() => {}, 5000)'], { stdio: 'inherit' })
      process.exit(1)`
    const { stack } = makeStack(t, { lens })
    void stack.start()
    const begin = performance.now()
    assert.equal((await stack.failed).service, 'lens')
    assert.ok(performance.now() - begin < 4_000)
  })

  it('starts no server after it was told to stop', async (t) => {
    const { stack, notes } = makeStack(t, { env: { LENS_OTLP_GRPC_PORT: '0' } })
    void stack.start()
    while (notes().length === 0) await sleep(20)
    const stopped = await stack.stop()
    assert.deepEqual(
      stopped.map(({ service }) => service),
      ['lens'],
    )
    await sleep(100)
    assert.equal(
      notes().some((note) => note.startsWith('server')),
      false,
    )
  })

  it('counts a process that could not listen for signals yet as cleanly stopped', async (t) => {
    const { stack } = makeStack(t, { lens: 'setInterval(() => {}, 1000)', env: { LENS_OTLP_GRPC_PORT: '0' } })
    void stack.start()
    await sleep(50)
    const [lens] = await stack.stop()
    assert.deepEqual(lens, { service: 'lens', clean: true, exit: { code: null, signal: 'SIGTERM' } })
  })

  it('does not call a bad exit clean', async (t) => {
    const server = `process.send(${serverReady}); process.on('SIGTERM', () => process.exit(1)); setInterval(() => {}, 1000)`
    const { stack } = makeStack(t, { server })
    await stack.start()
    const [stopped] = await stack.stop()
    assert.equal(stopped?.clean, false)
  })

  it('kills both and what they started', async (t) => {
    const lens = `
      import { spawn } from 'node:child_process'
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
      process.on('SIGTERM', () => {})
      setInterval(() => {}, 1000)
      process.send({ ...${lensReady}, child: child.pid })`
    const { stack } = makeStack(t, { lens })
    const ready = await stack.start()
    const { child } = ready.lens as unknown as { child: number }
    stack.kill()
    // Killing is certain but not instant.
    while (isAlive(child)) await sleep(20)
  })

  it("does not let the environment send the server's spans elsewhere", async (t) => {
    const server = `process.send({ ...${serverReady}, env: process.env })`
    const { stack } = makeStack(t, {
      server,
      env: {
        LENS_OTLP_GRPC_PORT: '14317',
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://elsewhere',
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://elsewhere',
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
        OTEL_SAMPLING_RATE: '0.5',
      },
    })
    const ready = await stack.start()
    const { env } = ready.server as unknown as { env: NodeJS.ProcessEnv }
    assert.equal(env.OTEL_EXPORTER_OTLP_ENDPOINT, 'http://127.0.0.1:14317')
    assert.equal(env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, undefined)
    assert.equal(env.OTEL_EXPORTER_OTLP_PROTOCOL, 'grpc')
    assert.equal(env.OTEL_SAMPLING_RATE, '0.5', 'the rest is left as it is')
  })
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
