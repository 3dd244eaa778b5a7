/** Ways out that leave no time: process.exit() and what leads to it. What has ended is delivered, and the end stays the application's. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, suite, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Answering, type Collector, startCollector } from './support/collector.ts'
import type { ReceivedSpan } from './support/decode.ts'
import { only } from './support/only.ts'
import { until } from './support/pipeline.ts'
import { type Finished, type RunOptions, run } from './support/run.ts'

const application = fileURLToPath(new URL('./fixtures/ending.ts', import.meta.url))
/** A machine that does much else starts a worker late, which only a test of the bound itself should feel. */
const patient = { OTEL_LOG_LEVEL: 'warn', RUSTOK_EXIT_TIMEOUT: '30000' }
const inParallel = { concurrency: 4 }
const nobody = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }

const end = (wishes: readonly string[], options: RunOptions = {}): Promise<Finished> =>
  run([application, ...wishes], { ...options, env: { ...patient, ...options.env } })

async function collecting(
  t: TestContext,
  answer?: Answering,
): Promise<{ collector: Collector; env: Record<string, string> }> {
  const collector = await startCollector(answer)
  t.after(collector.stop)
  return { collector, env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint } }
}

/** Without those that came twice: what was on the wire when the process ended is sent again. */
const distinct = (spans: readonly ReceivedSpan[]) => [
  ...new Map(spans.map((span) => [span.spanId, span])).values(),
]
const delivered = (collector: Collector) =>
  distinct(collector.spans()).filter(({ name }) => name.startsWith('span ')).length

// Only a process that exits by itself writes the compile cache, which makes the others quick.
before(() => end(['exit'], { env: nobody }))

const ways = [
  ['process.exit()', ['exit'], 3],
  ['an uncaught exception', ['exception'], 1],
  ['an unhandled rejection', ['rejection'], 1],
  ['a rejection after an await', ['async-rejection'], 1],
  ['process.exit() with a listener that changes the code', ['exit', 'own-exit-listener'], 43],
  ['an exception with a listener that changes the code', ['exception', 'own-exit-listener'], 41],
  ['an exception that the application answers by process.exit()', ['exception', 'own-exception'], 9],
  ['an exception after which the application goes on for a while', ['exception', 'survives'], 0],
  ['a rejection that the application answers by process.exit()', ['rejection', 'own-rejection'], 8],
] as const

suite('the spans that have ended, and the exit code and output of', inParallel, () => {
  for (const [what, wishes, code] of ways) {
    test(`${what}, are what they should be`, async (t) => {
      const { collector, env } = await collecting(t)
      const [traced, untraced] = await Promise.all([
        end(wishes, { env }),
        end(wishes, { env: { OTEL_ENABLED: 'false' } }),
      ])
      assert.deepEqual([traced.code, traced.signal], [code, null], traced.stderr)
      assert.equal(traced.stderr, untraced.stderr)
      assert.equal(traced.stdout, untraced.stdout)
      assert.equal(delivered(collector), 700)
    })
  }
})

suite('a process that ends at once', inParallel, () => {
  for (const [what, wishes] of [
    ['that crashes', ['exception']],
    ['whose promise nobody awaits', ['async-rejection']],
    ['that exits because of an exception', ['exception', 'own-exception']],
  ] as const) {
    test(`${what} ends the span that failed, and the first of its trace, as errors`, async (t) => {
      const { collector, env } = await collecting(t)
      await end(wishes, { env })
      const spans = distinct(collector.spans())
      const [request, step] = [only(spans, 'request'), only(spans, 'step')]
      assert.equal(step.parentSpanId, request.spanId)
      for (const span of [request, step]) {
        assert.equal(span.status.code, 2)
        assert.match(span.status.message!, /^nobody/)
        assert.match(String(span.attributes['error.type']), /^(Type|Range)Error$/)
        const [event] = span.events
        assert.equal(event?.name, 'exception')
        assert.match(String(event?.attributes['exception.stacktrace']), /ending\.ts/)
      }
    })
  }

  test('leaves a span alone whose exception the application survived', async (t) => {
    const { collector, env } = await collecting(t)
    await end(['exception', 'survives'], { env })
    const step = only(distinct(collector.spans()), 'step')
    assert.deepEqual([step.status.code, step.events.length], [0, 0])
  })

  test('with a collector that is away ends soon, and says what was lost and why', async () => {
    const begin = performance.now()
    const { code, stderr } = await end(['exit'], { env: nobody })
    assert.equal(code, 3)
    assert.match(stderr, /of 700 spans, these were lost: 700 \(the collector did not answer/)
    assert.ok(performance.now() - begin < 20_000)
  })

  test('with a collector that is away still says what the exception was', async () => {
    const { code, stderr } = await end(['exception'], { env: nobody })
    assert.equal(code, 1)
    assert.match(stderr, /these were lost: 702 /)
    assert.match(stderr, /TypeError: nobody caught this/)
  })

  test('with a collector that restarts is patient for a moment', async (t) => {
    const { collector, env } = await collecting(t, (attempt) => (attempt < 3 ? { code: 14 } : {}))
    const { code, stderr } = await end(['exit'], { env })
    assert.deepEqual([code, stderr], [3, ''])
    assert.equal(delivered(collector), 700)
  })

  test('with a collector that refuses says why', async (t) => {
    const { env } = await collecting(t, () => ({ code: 7, details: 'no such tenant' }))
    const { code, stderr } = await end(['exit'], { env })
    assert.equal(code, 3)
    assert.match(stderr, /refused them: .*no such tenant/)
    assert.match(stderr, /of 700 spans, these were lost: 700 \(the collector refused them/)
  })

  test('with a collector that takes half of it counts the rest', async (t) => {
    // ExportTraceServiceResponse { partial_success { rejected_spans: 100 } }
    const response = Buffer.from([0x0a, 0x02, 0x08, 100])
    const { env } = await collecting(t, () => ({ response }))
    const { stderr } = await end(['exit'], { env })
    assert.match(stderr, /of 700 spans, these were lost: 200 \(rejected by the collector\)/)
  })

  test('exports nothing with handleExit off', async (t) => {
    const { collector, env } = await collecting(t)
    const { code, stderr } = await end(['exit', 'no-exit-handling'], { env })
    assert.deepEqual([code, stderr], [3, ''])
    assert.ok(delivered(collector) < 700)
  })

  test('starts nothing in the worker that sends for it of what NODE_OPTIONS says', async (t) => {
    const { collector, env } = await collecting(t)
    const says = "data:text/javascript,import{writeSync}from'node:fs';writeSync(1,'loaded\\n')"
    const { code, stdout } = await end(['exit'], { env: { ...env, NODE_OPTIONS: `--import ${says}` } })
    assert.deepEqual([code, stdout], [3, 'loaded\nready\n'])
    assert.equal(delivered(collector), 700)
  })

  for (const [what, where] of [
    ['a cluster worker', 'cluster'],
    ['a worker thread', 'thread'],
  ] as const) {
    test(`delivers in ${what}, too`, async (t) => {
      const { collector, env } = await collecting(t)
      const elsewhere = fileURLToPath(new URL('./fixtures/ending-elsewhere.ts', import.meta.url))
      const { code, stderr } = await run([elsewhere, where, 'exit'], { env: { ...patient, ...env } })
      assert.deepEqual([code, stderr], [3, ''])
      assert.equal(delivered(collector), 700)
    })
  }
})

suite('a process that ends at once and has a spool', inParallel, () => {
  const spool = (t: TestContext) => {
    const directory = mkdtempSync(join(tmpdir(), 'rustok-exit-'))
    t.after(() => rmSync(directory, { recursive: true, force: true }))
    return { directory, env: { RUSTOK_SPOOL_DIRECTORY: directory } }
  }
  const bytesIn = (directory: string) =>
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)

  test('leaves nothing there when the collector takes it', async (t) => {
    const { directory, env } = spool(t)
    const { collector, env: there } = await collecting(t)
    const { code, stderr } = await end(['exit'], { env: { ...env, ...there } })
    assert.deepEqual([code, stderr], [3, ''])
    assert.equal(delivered(collector), 700)
    assert.ok(bytesIn(directory) < 1000)
  })

  for (const [how, code] of [
    ['exit', 3],
    ['exception', 1],
  ] as const) {
    test(`leaves it to the next process when the collector is away (${how})`, async (t) => {
      const { directory, env } = spool(t)
      const first = await end([how], { env: { ...env, ...nobody } })
      assert.equal(first.code, code)
      assert.doesNotMatch(first.stderr, /lost/)
      assert.ok(bytesIn(directory) > 10_000)
      const { collector, env: there } = await collecting(t)
      const next = end(['waits'], {
        env: { ...env, ...there },
        during: async (child) => {
          await until(() => collector.spans().filter(({ name }) => name.startsWith('span ')).length === 1400)
          child.kill('SIGTERM')
        },
      })
      assert.equal((await next).signal, 'SIGTERM')
      const crashed = collector.spans().filter(({ name }) => name === 'request')
      assert.equal(crashed.length, how === 'exception' ? 1 : 0)
    })
  }
})

interface Timed {
  readonly code: number | null
  /** How long the exit event took, which the application writes to a descriptor of its own. */
  readonly exitMs: number
}

async function timed(
  wishes: readonly string[],
  env: Record<string, string>,
  during: (child: ChildProcess) => unknown = () => {},
): Promise<Timed> {
  const child = spawn(process.execPath, [application, ...wishes, 'timed'], {
    env: { ...process.env, NODE_OPTIONS: '', OTEL_LOG_LEVEL: 'none', ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ignore', 'pipe'],
    timeout: 60_000,
  })
  let text = ''
  child.stdio[4]!.on('data', (bytes) => {
    text += bytes
  })
  void during(child)
  child.stdout!.resume()
  const [code] = await once(child, 'close')
  assert.match(text, /^[\d.]+$/)
  return { code, exitMs: Number(text) }
}

/** An endpoint that takes connections and never says a word. */
async function silence(t: TestContext): Promise<Record<string, string>> {
  const server = createServer((socket) => socket.resume().on('error', () => {}))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(server.address() as { port: number }).port}` }
}

/** What the exit event takes when it waits for a silent collector. */
const boundMs = 2000

suite('the exit event', inParallel, () => {
  test('waits for a collector that is silent for two seconds, whatever shutdown may take', async (t) => {
    const { exitMs } = await timed(['exit', '30000'], await silence(t))
    assert.ok(exitMs >= boundMs - 1 && exitMs < 10_000, `${exitMs} ms`)
  })

  test('waits no longer than shutdown may', async (t) => {
    const { exitMs } = await timed(['exit', '300'], await silence(t))
    assert.ok(exitMs >= 299 && exitMs < boundMs, `${exitMs} ms`)
  })

  test('waits no longer for a collector that was stopped (SIGSTOP)', async (t) => {
    const support = new URL('./support/collector.ts', import.meta.url).href
    const code = `import { startCollector } from ${JSON.stringify(support)}; console.log((await startCollector()).endpoint)`
    const collector = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    t.after(() => collector.kill('SIGKILL'))
    const [endpoint] = await once(collector.stdout, 'data')
    collector.kill('SIGSTOP')
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: String(endpoint).trim() }
    const { exitMs } = await timed(['exit', '500'], env)
    assert.ok(exitMs >= 499 && exitMs < boundMs, `${exitMs} ms`)
  })

  test('starts nothing when all is delivered', async (t) => {
    const { env } = await collecting(t)
    const { exitMs } = await timed(['exit', 'flushed'], env)
    assert.ok(exitMs < 50, `${exitMs} ms; a worker takes longer to start`)
  })
})

suite('a signal', inParallel, () => {
  const terminated = (child: ChildProcess) => child.stdout!.once('data', () => child.kill('SIGTERM'))

  test('whose handler calls process.exit() keeps that code, and loses nothing', async (t) => {
    const { collector, env } = await collecting(t)
    const { code, stderr } = await end(['waits', 'own-signal'], { env, during: terminated })
    assert.deepEqual([code, stderr], [6, ''])
    assert.equal(delivered(collector), 700)
  })

  test('that the application handles leaves tracing on, for the requests that it still finishes', async (t) => {
    const { collector, env } = await collecting(t)
    const { code, stderr } = await end(['waits', 'graceful'], { env, during: terminated })
    assert.deepEqual([code, stderr], [5, ''])
    assert.equal(delivered(collector), 700)
    assert.ok(collector.spans().some(({ name }) => name === 'after the signal'))
  })

  test('a second time exits now, though the collector is silent', async (t) => {
    const twice = async (child: ChildProcess) => {
      await once(child.stdout!, 'data')
      child.kill('SIGTERM')
      await once(child.stdout!, 'data')
      await new Promise((resolve) => setTimeout(resolve, 200))
      child.kill('SIGTERM')
    }
    const { code, exitMs } = await timed(['waits', 'patient', '30000'], await silence(t), twice)
    assert.equal(code, 5)
    assert.ok(exitMs < boundMs, `${exitMs} ms`)
  })

  test('that comes while the event loop is blocked is answered as soon as it is free', async (t) => {
    const { collector, env } = await collecting(t)
    const whenBlocked = (child: ChildProcess) =>
      child.stdout!.on('data', (text) => String(text).includes('blocked') && child.kill('SIGTERM'))
    const { signal, stderr } = await end(['blocked-loop'], { env, during: whenBlocked })
    assert.deepEqual([signal, stderr], ['SIGTERM', ''])
    assert.equal(delivered(collector), 700)
  })
})
