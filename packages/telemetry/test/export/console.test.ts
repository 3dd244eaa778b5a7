/** Spans on the console: what a developer reads, and what happens to the ledger. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import { decodeTraceRequest } from '@rustok/otlp'
import { spanLines } from '../../src/export/span-lines.ts'
import { startCollector } from '../support/collector.ts'
import { atEnd, deliver } from '../support/delivery.ts'
import { pipelineTo } from '../support/pipeline.ts'
import { run } from '../support/run.ts'

/** The lines of what `work` makes, as they went over the wire. */
async function linesOf(work: (tracer: Tracer) => void, colours = false): Promise<readonly string[]> {
  const requests: Uint8Array[] = []
  const exporter = {
    export: async (request: Uint8Array) => {
      requests.push(Uint8Array.from(request))
      return { kind: 'accepted', rejected: 0, message: '' } as const
    },
    close() {},
  }
  const { tracer, pipeline } = pipelineTo('http://unused.invalid', {}, exporter)
  work(tracer)
  await pipeline.shutdown()
  return requests.flatMap((request) => spanLines(decodeTraceRequest(request), { colours }))
}

/** Milliseconds of Unix time, local noon: what is printed is local time. */
const noon = new Date(2026, 10, 22, 12, 0, 1, 123).getTime()

suite('a line', () => {
  test('has time, duration, kind, name, status, tenant and short ids', async () => {
    let ids = ''
    const [line] = await linesOf((tracer) => {
      const attributes = { tenant_id: 'acme', user_id: 'ann', 'http.response.status_code': 500 }
      const span = tracer.startSpan('GET /orders/:id', { kind: SpanKind.SERVER, attributes, startTime: noon })
      const { traceId, spanId } = span.spanContext()
      ids = `${traceId.slice(0, 8)}/${spanId.slice(0, 8)}`
      span.setStatus({ code: SpanStatusCode.ERROR, message: 'out of stock' }).end(noon + 12.3)
    })
    const said = 'ERROR: out of stock  tenant=acme  user=ann  http=500'
    assert.equal(line, `12:00:01.123     12.3 ms  SERVER    GET /orders/:id  ${said}  ${ids}`)
  })

  for (const [ms, text] of [
    [0, '0 µs'],
    [0.25, '250 µs'],
    [999, '999.0 ms'],
    [1500, '1.50 s'],
    [-2, '-2.0 ms'],
  ] as const) {
    test(`says ${ms} ms as ${text}`, async () => {
      const [line = ''] = await linesOf((tracer) => tracer.startSpan('s', { startTime: noon }).end(noon + ms))
      assert.ok(line.includes(` ${text}  `), line)
    })
  }

  test('does not let a name move the cursor, or fill the screen', async () => {
    const [line = ''] = await linesOf((tracer) =>
      tracer.startSpan(`a\u001b[2J\nb\u202e${'x'.repeat(5000)}`).end(),
    )
    assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u)
    assert.ok(line.length < 300, `${line.length} characters`)
  })

  test('has colours where they are wanted, and says no more with them', async () => {
    const work = (tracer: Tracer) => tracer.startSpan('s', { startTime: noon }).end(noon)
    const [coloured = ''] = await linesOf(work, true)
    const esc = String.fromCharCode(27)
    assert.ok(coloured.includes(`${esc}[`))
    const [plain = ''] = await linesOf(work)
    const cut = (line: string) => line.replace(/\S+$/, '')
    assert.equal(cut(coloured.replaceAll(new RegExp(`${esc}\\[\\d+m`, 'g'), '')), cut(plain))
  })
})

test('lines stand as a tree, children under their parent in the order of their start', async () => {
  const lines = await linesOf((tracer) => {
    const start = (name: string, at: number, parent = ROOT_CONTEXT) => {
      const span = tracer.startSpan(name, { startTime: noon + at }, parent)
      return { span, within: trace.setSpan(ROOT_CONTEXT, span) }
    }
    const root = start('root', 0)
    const second = start('second', 20, root.within)
    const first = start('first', 10, root.within)
    const inner = start('inner', 15, first.within)
    const other = start('other root', 5)
    for (const { span } of [inner, second, other, first, root]) span.end(noon + 30)
  })
  const tree = lines.map((line) => line.slice(36).replace(/ {2}\w{8}\/\w{8}$/, ''))
  assert.deepEqual(tree, ['root', '  first', '    inner', '  second', 'other root'])
})

suite('OTEL_TRACES_EXPORTER', () => {
  const fixture = new URL('../fixtures/application.ts', import.meta.url).pathname
  const program = `
    import { initTracing, tracedSpan } from '@rustok/telemetry'
    const tracing = await initTracing()
    tracedSpan('work', { tenant_id: 'acme' }, () => {})
    await tracing.forceFlush()
    const { created, exported, dropped } = tracing.ledger()
    console.error(JSON.stringify({ created, exported, unwanted: dropped.no_exporter }))
  `
  const ask = (exporter: string, endpoint = 'http://127.0.0.1:1') =>
    run(['--input-type=module', '--eval', program], {
      cwd: new URL('.', `file://${fixture}`).pathname,
      env: { OTEL_TRACES_EXPORTER: exporter, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint },
    })

  test('console prints each span on standard output and needs no collector', async () => {
    const { code, stdout, stderr } = await ask('console')
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^\d\d:\d\d:\d\d\.\d{3} +\S+ \S+ +work {2}tenant=acme {2}\w{8}\/\w{8}\n$/)
    assert.deepEqual(JSON.parse(stderr), { created: 1, exported: 1, unwanted: 0 })
  })

  test('otlp,console does both, and counts a span once', async () => {
    const collector = await startCollector()
    atEnd(collector.stop)
    const { code, stdout, stderr } = await ask('otlp,console', collector.endpoint)
    assert.equal(code, 0, stderr)
    assert.match(stdout, /work {2}tenant=acme/)
    assert.deepEqual(
      collector.spans().map(({ name }) => name),
      ['work'],
    )
    assert.deepEqual(JSON.parse(stderr), { created: 1, exported: 1, unwanted: 0 })
  })

  test('none sends nothing, counts what was let go, and does not call it a loss', async () => {
    const collector = await startCollector()
    atEnd(collector.stop)
    const { code, stdout, stderr } = await ask('none', collector.endpoint)
    assert.equal(code, 0)
    assert.equal(stdout, '')
    assert.deepEqual(JSON.parse(stderr), { created: 1, exported: 0, unwanted: 1 })
    assert.equal(collector.attempts, 0)
  })
})

test('a collector that is away does not make the console print a span again', async (t) => {
  const printed: string[] = []
  t.mock.method(process.stdout, 'write', (text: string) => {
    if (text.includes('only once')) printed.push(text)
    return true
  })
  const { emit, pipeline, ledger } = await deliver((attempt) => (attempt === 1 ? { code: 14 } : {}), {
    exporters: ['otlp', 'console'],
  })
  emit(1, 'only once')
  await pipeline.flush(20_000)
  assert.equal(ledger().exported, 1)
  assert.equal(printed.length, 1)
})
