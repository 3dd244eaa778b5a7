/** How a process ends with tracing on: what has ended is delivered, and the end is the one that it would have been. */
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { createServer, type Server } from 'node:net'
import { before, suite, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Answering, type Collector, startCollector } from './support/collector.ts'
import { until } from './support/pipeline.ts'
import { type Finished, run } from './support/run.ts'

const application = fileURLToPath(new URL('./fixtures/application.ts', import.meta.url))
interface Ended extends Finished {
  readonly ms: number
}

/** Runs the application against a collector; `during` gets it once it is ready. */
async function ending(
  wishes: readonly string[],
  during: (child: ChildProcess) => unknown = () => {},
  env: Record<string, string> = {},
): Promise<Ended> {
  let readyAt = 0
  const finished = await run([application, ...wishes], {
    env: { OTEL_LOG_LEVEL: 'warn', ...env },
    during: (child) =>
      child.stdout!.once('data', () => {
        readyAt = performance.now()
        void during(child)
      }),
  })
  return { ...finished, ms: performance.now() - readyAt }
}

async function collecting(
  t: TestContext,
  answer?: Answering,
): Promise<{ collector: Collector; env: Record<string, string> }> {
  const collector = await startCollector(answer)
  t.after(collector.stop)
  return { collector, env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint } }
}

/** An endpoint that takes connections and never says a word. */
async function silence(t: TestContext): Promise<Record<string, string>> {
  const server: Server = createServer((socket) => socket.resume().on('error', () => {}))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(server.address() as { port: number }).port}` }
}

/** Children mostly wait; more at once than processors cost nothing. */
const inParallel = { concurrency: 4 }
const nobody = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }
const send = (signal: NodeJS.Signals) => (child: ChildProcess) => child.kill(signal)

// Only a process that exits by itself writes the compile cache, which makes the others quick.
before(() => run([application, 'runs-empty'], { env: { OTEL_ENABLED: 'false' } }))

suite('a signal', inParallel, () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`${signal} delivers every span, then takes effect: the process dies by it`, async (t) => {
      const { collector, env } = await collecting(t)
      const ended = await ending([], send(signal), env)
      assert.equal(ended.signal, signal, ended.stderr)
      assert.equal(collector.spans().length, 700)
      assert.equal(ended.stderr, '')
    })
  }

  test('with a handler of the application, the application decides when and how it ends', async (t) => {
    const { collector, env } = await collecting(t)
    const ended = await ending(['own-handler'], send('SIGTERM'), env)
    assert.deepEqual([ended.code, ended.signal], [7, null])
    assert.ok(collector.spans().length >= 700)
  })

  test('with a handler that exits, its code is kept, and the spans are delivered meanwhile', async (t) => {
    const { collector, env } = await collecting(t)
    const exitOnceDelivered = async (child: ChildProcess) => {
      child.kill('SIGTERM')
      await until(() => collector.spans().length === 700)
      child.send('exit now')
    }
    const ended = await ending(['own-exit'], exitOnceDelivered, env)
    assert.deepEqual([ended.code, ended.signal], [3, null])
    // What the process does not know to have arrived is sent again at its exit.
    assert.equal(new Set(collector.spans().map(({ spanId }) => spanId)).size, 700)
  })

  test('a second time exits at once, though the collector is silent', async (t) => {
    const ended = await ending(
      ['30000'],
      async (child) => {
        child.kill('SIGTERM')
        await new Promise((resolve) => setTimeout(resolve, 300))
        child.kill('SIGTERM')
      },
      await silence(t),
    )
    assert.equal(ended.signal, 'SIGTERM')
    assert.ok(ended.ms < 10_000, `${ended.ms} ms`)
  })

  test('of the other kind exits at once as well', async (t) => {
    const ended = await ending(
      ['30000'],
      async (child) => {
        child.kill('SIGTERM')
        await new Promise((resolve) => setTimeout(resolve, 300))
        child.kill('SIGINT')
      },
      await silence(t),
    )
    assert.equal(ended.signal, 'SIGINT')
  })

  for (const [what, where] of [
    ['silent', silence],
    ['away', async () => nobody],
  ] as const) {
    test(`with a collector that is ${what} ends within the deadline and says what was lost`, async (t) => {
      const ended = await ending(['500'], send('SIGTERM'), await where(t))
      assert.equal(ended.signal, 'SIGTERM')
      assert.ok(ended.ms < 5000, `${ended.ms} ms`)
      assert.match(ended.stderr, /700 \(the collector did not answer before the shutdown deadline\)/)
    })
  }

  test('with handleSignals off is not handled', async (t) => {
    const { collector, env } = await collecting(t)
    const ended = await ending(['no-handling'], send('SIGTERM'), env)
    assert.equal(ended.signal, 'SIGTERM')
    assert.ok(collector.spans().length < 700, 'only the full batch may have left')
  })

  test('while a collector is slow waits for it', async (t) => {
    const { collector, env } = await collecting(t, async () => {
      await new Promise((resolve) => setTimeout(resolve, 300))
      return {}
    })
    const ended = await ending([], send('SIGTERM'), env)
    assert.equal(ended.signal, 'SIGTERM')
    assert.equal(collector.spans().length, 700)
  })
})

suite('an event loop that runs empty', inParallel, () => {
  test('is flushed, and the exit code is kept', async (t) => {
    const { collector, env } = await collecting(t)
    const ended = await ending(['runs-empty', 'exit-code'], undefined, env)
    assert.deepEqual([ended.code, ended.signal, ended.stderr], [5, null, ''])
    assert.equal(collector.spans().length, 700)
  })

  test('is flushed again when the application goes on before it exits', async (t) => {
    const { collector, env } = await collecting(t)
    const ended = await ending(['runs-empty', 'before-exit'], undefined, env)
    assert.equal(ended.code, 0, ended.stderr)
    const names = collector.spans().map(({ name }) => name)
    assert.ok(names.includes('round 1') && names.includes('round 2'))
    assert.equal(names.length, 702)
  })

  for (const [what, where] of [
    ['silent', silence],
    ['away', async () => nobody],
  ] as const) {
    test(`with a collector that is ${what} ends within the deadline`, async (t) => {
      const ended = await ending(['runs-empty', '500'], undefined, await where(t))
      assert.equal(ended.code, 0)
      assert.ok(ended.ms < 5000, `${ended.ms} ms`)
      assert.match(ended.stderr, /700 \(the collector did not answer/)
    })
  }

  test('is not kept busy by timers, connections or a collector that is away', async () => {
    const code = `
      import { initTracing, OtelConfig } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)}
      await initTracing(new OtelConfig({ ...OtelConfig.fromEnv(), shutdownTimeout: 30_000 }))
    `
    const begin = performance.now()
    const { code: exitCode } = await run(['--input-type=module', '-e', code], { env: nobody })
    assert.equal(exitCode, 0)
    assert.ok(performance.now() - begin < 15_000)
  })
})

suite('without a line of code', inParallel, () => {
  for (const [what, file, more] of [
    ['an ES module', 'plain.mjs', []],
    ['a CommonJS application', 'plain.cjs', ['in a library']],
  ] as const) {
    test(`${what} is traced by --import @rustok/telemetry/register`, async (t) => {
      const { collector, env } = await collecting(t)
      const path = fileURLToPath(new URL(`./fixtures/${file}`, import.meta.url))
      const options = { env: { ...env, OTEL_SERVICE_NAME: 'zero-code' } }
      const { code, stderr } = await run(['--import', '@rustok/telemetry/register', path], options)
      assert.deepEqual([code, stderr], [0, ''])
      const spans = collector.spans()
      assert.deepEqual(spans.map(({ name }) => name).sort(), ['GET', 'GET', ...more])
      const server = spans.find(({ kind }) => kind === 2)!
      const client = spans.find(({ kind }) => kind === 3)!
      assert.equal(server.parentSpanId, client.spanId)
      for (const name of more) {
        assert.equal(spans.find((span) => span.name === name)!.parentSpanId, server.spanId)
      }
      assert.equal(collector.accepted[0]!.resource['service.name'], 'zero-code')
    })
  }

  test('no environment stops the application: each bad value is said once, on standard error', async (t) => {
    const path = fileURLToPath(new URL('./fixtures/plain.mjs', import.meta.url))
    const { collector, env } = await collecting(t)
    const bad = {
      OTEL_SAMPLING_RATE: 'lots',
      OTEL_EXPORTER_OTLP_HEADERS: 'a b=c',
      OTEL_BSP_SCHEDULE_DELAY: '-1',
      OTEL_PROPAGATORS: 'nothing',
    }
    const { code, stderr } = await run(['--import', '@rustok/telemetry/register', path], {
      env: { ...env, ...bad },
    })
    assert.equal(code, 0, stderr)
    for (const name of Object.keys(bad)) assert.equal(stderr.split(name).length, 2, stderr)
    await until(() => collector.spans().length === 2)
  })

  test('with OTEL_ENABLED=false the application runs untraced', async (t) => {
    const path = fileURLToPath(new URL('./fixtures/plain.mjs', import.meta.url))
    const { collector, env } = await collecting(t)
    const { code } = await run(['--import', '@rustok/telemetry/register', path], {
      env: { ...env, OTEL_ENABLED: 'false' },
    })
    assert.equal(code, 0)
    assert.equal(collector.attempts, 0)
  })
})
