/** Spans of worker threads: real threads, a real collector. They arrive once, in the right trace, and both ledgers account for them. */
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Answering, type Collector, startCollector } from '../support/collector.ts'
import type { ReceivedSpan } from '../support/decode.ts'
import { run } from '../support/run.ts'

const threads = fileURLToPath(new URL('../fixtures/threads.ts', import.meta.url))
const inParallel = { concurrency: 3 }

interface Outcome {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stderr: string
  /** What it printed. */
  // biome-ignore lint/suspicious/noExplicitAny: lines of the fixture, as the tests know them.
  readonly said: Record<string, any>
  readonly spans: readonly ReceivedSpan[]
  readonly collector: Collector
  named(name: string): readonly ReceivedSpan[]
}

interface ScenarioOptions {
  readonly env?: Record<string, string>
  readonly answer?: Answering
  readonly during?: (child: ChildProcess, collector: Collector) => unknown
}

async function scenario(
  t: { after(stop: () => void): void },
  names: string | readonly string[],
  options: ScenarioOptions = {},
): Promise<Outcome> {
  const collector = await startCollector(options.answer)
  t.after(collector.stop)
  const { code, signal, stdout, stderr } = await run([threads, ...[names].flat()], {
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, OTEL_LOG_LEVEL: 'warn', ...options.env },
    ...(options.during !== undefined && {
      during: (child: ChildProcess) => options.during!(child, collector),
    }),
  })
  const said = Object.assign(
    {},
    ...stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  )
  const spans = collector.spans()
  const ids = new Set(spans.map(({ spanId }) => spanId))
  assert.equal(ids.size, spans.length, 'no span arrives twice')
  return {
    code,
    signal,
    stderr,
    said,
    spans,
    collector,
    named: (wanted) => spans.filter((span) => span.name === wanted),
  }
}

interface CountedLedger {
  readonly created: number
  readonly exported: number
  readonly rejected: number
  readonly queued: number
  readonly spooled: number
  readonly dropped: Record<string, number>
}

function balanced({ created, exported, rejected, queued, spooled, dropped }: CountedLedger): void {
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0)
  assert.equal(created, exported + rejected + queued + spooled + lost)
}

suite('spans of a worker', inParallel, () => {
  /** One process, one scenario after the other. */
  let together: Outcome
  const scenarios = ['request', 'exits', 'throws', 'nests', 'outside', 'flushes', 'shuts', 'pool', 'messages']
  before(async () => {
    together = await scenario({ after }, scenarios)
    assert.deepEqual([together.code, together.stderr], [0, ''])
  })

  test('arrive once, in the trace and with the tenant of the request that made the worker', () => {
    const { said, spans, named } = together
    const [request] = named('request')
    const family = spans.filter(({ traceId }) => traceId === said.requestTrace)
    assert.equal(family.length, 1 + 700 + 2)
    for (const span of family) {
      assert.deepEqual([span.attributes.tenant_id, span.attributes.user_id], ['acme', 'ann'])
      if (span !== request) assert.equal(span.parentSpanId, request!.spanId)
    }
    assert.equal(said.fields.tenant_id, 'acme')
  })

  test('say which thread of which process they are from', () => {
    const { accepted } = together.collector
    assert.equal(new Set(accepted.map(({ resource }) => resource['service.instance.id'])).size, 1)
    const threadOf = (name: string) =>
      accepted.find(({ spans }) => spans.some((span) => span.name === name))!.resource['thread.id']
    assert.equal(threadOf('request'), undefined)
    assert.equal(threadOf('some 1'), 1n)
    assert.notEqual(threadOf('before exit'), 1n)
  })

  test('arrive when the worker exits by process.exit, and when it throws; its code and its error stay', () => {
    const { said, named } = together
    assert.deepEqual([said.code, named('before exit').length], [3, 700])
    assert.deepEqual([said.error, named('before the error').length], ['of the worker', 10])
  })

  test('of a worker below a worker arrive, in its trace', () => {
    const { named, spans } = together
    const [creator] = named('creates a nest')
    const [outer] = named('outer')
    assert.equal(outer!.parentSpanId, creator!.spanId)
    const inner = spans.filter(({ parentSpanId }) => parentSpanId === outer!.spanId)
    assert.equal(inner.length, 700)
    for (const { traceId } of inner) assert.equal(traceId, creator!.traceId)
  })

  test('a worker that is made outside of every context begins traces of its own', () => {
    const [apart] = together.named('apart')
    assert.equal(apart!.parentSpanId, '')
    assert.notEqual(apart!.traceId, together.named('creates apart')[0]!.traceId)
  })

  test('forceFlush in a worker waits for the collector; the ledgers of both sides account for them', () => {
    const { worker, main } = together.said
    assert.equal(together.named('flushed').length, 10)
    balanced(worker)
    balanced(main)
    assert.deepEqual([worker.created, worker.exported], [10, 10])
    assert.deepEqual([main.exported, main.queued], [main.created, 0])
  })

  test('shutdown in a worker delivers and leaves the process as it is', () => {
    assert.equal(together.named('shut').length, 10)
  })

  test('messages to a pool carry the trace, tenant and user of each; none of it stays for the next', () => {
    const { said, named } = together
    assert.equal(said.first.tenant_id, 'first')
    assert.equal(said.second.tenant_id, 'second')
    assert.deepEqual([said.nobody.tenant_id, said.plain.tenant_id], [undefined, undefined])
    for (const name of ['first', 'second']) {
      const [task] = named(`task of ${name}`)
      const [request] = named(name)
      assert.deepEqual([task!.traceId, task!.parentSpanId], [request!.traceId, request!.spanId])
      assert.equal(task!.attributes.tenant_id, name)
    }
    for (const name of ['task of nobody', 'task without a carrier']) {
      assert.equal(named(name)[0]!.parentSpanId, '')
      assert.equal(named(name)[0]!.attributes.tenant_id, undefined)
    }
  })

  test('an application sees no message of ours but one of its own kind, by a telling name', () => {
    assert.deepEqual(together.said.messages, [])
    assert.deepEqual(together.said.seen, [['@rustok/telemetry/hello', 'port', 'welcome']])
  })
})

suite('a worker', inParallel, () => {
  test('whose main thread cannot answer for all of its life loses nothing', async (t) => {
    // It delivers by itself, by a thread that takes long to start on a loaded machine.
    const { spans } = await scenario(t, 'blocked', { env: { RUSTOK_EXIT_TIMEOUT: '30000' } })
    assert.equal(spans.length, 700)
  })

  test('that is terminated loses what it has not handed over, and nothing else', async (t) => {
    const { named, code } = await scenario(t, 'terminated', { env: { OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '30' } })
    assert.equal(code, 0)
    assert.equal(named('after it').length, 1)
    assert.equal(
      named('before it is busy').length,
      90,
      'the full batches, though its event loop never turned',
    )
  })

  test('of many loses nothing to a collector that is away at first', async (t) => {
    const { spans } = await scenario(t, 'many', { answer: (attempt) => ({ code: attempt < 3 ? 14 : 0 }) })
    assert.equal(spans.length, 6 * 700)
    assert.equal(new Set(spans.map(({ name }) => name)).size, 6)
  })
})

suite('the main thread', inParallel, () => {
  test('gathers from its workers when it shuts down; they go on by themselves', async (t) => {
    const { named, said } = await scenario(t, 'main shuts down', {
      env: { OTEL_BSP_SCHEDULE_DELAY: '60000' },
    })
    assert.equal(said.main, 'shut down')
    assert.ok(named('tick').length >= 10)
  })

  test('does not wait for a worker that computes, and dies by its signal in time', async (t) => {
    const begin = { at: 0 }
    const { signal, named } = await scenario(t, 'signal while busy', {
      env: { OTEL_BSP_SCHEDULE_DELAY: '60000' },
      during: (child) => {
        child.stdout!.once('data', () => {
          begin.at = performance.now()
          child.kill('SIGTERM')
        })
      },
    })
    assert.equal(signal, 'SIGTERM')
    assert.ok(performance.now() - begin.at < 10_000)
    assert.ok(named('tick').length >= 20, 'both that tick were gathered')
  })

  test('takes what was handed over when it exits by process.exit', async (t) => {
    const { code, named } = await scenario(t, 'main exits')
    assert.equal(code, 4)
    assert.equal(named('flushed').length, 10)
  })

  test('is not kept by its workers’ ports, nor are they', async (t) => {
    assert.equal((await scenario(t, 'does not keep the process')).code, 0)
  })

  test('a worker without tracing is left alone', async (t) => {
    const { said, spans } = await scenario(t, 'no tracing in the worker')
    assert.deepEqual([said.code, spans.length], [0, 0])
  })

  test('that does not trace leaves it to the worker, which exports for those below it', async (t) => {
    const { said, named, spans } = await scenario(t, 'only the worker traces')
    assert.deepEqual([said.code, said.nested], [0, 0])
    assert.equal(named('alone').length, 10)
    assert.equal(spans.length, 710)
  })
})

test('without a line of code: a worker and a forked process each deliver once, the worker in its request', async (t) => {
  const collector = await startCollector()
  t.after(collector.stop)
  const plain = fileURLToPath(new URL('../fixtures/plain-worker.mjs', import.meta.url))
  const { code, stderr } = await run(['--import', '@rustok/telemetry/register', plain], {
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint },
  })
  assert.deepEqual([code, stderr], [0, ''])
  const spans = collector.spans()
  assert.deepEqual(spans.map(({ name }) => name).sort(), ['GET', 'GET', 'in a forked process', 'in a worker'])
  const inWorker = spans.find(({ name }) => name === 'in a worker')!
  assert.equal(inWorker.parentSpanId, spans.find(({ kind }) => kind === 2)!.spanId)
  const processes = new Set(collector.accepted.map(({ resource }) => resource['service.instance.id']))
  assert.equal(processes.size, 2)
})
