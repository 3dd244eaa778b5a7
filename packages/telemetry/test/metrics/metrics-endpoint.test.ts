/** `GET /metrics`, asked by Node's own HTTP client, and by clients that behave badly. */
import assert from 'node:assert/strict'
import { connect, createServer } from 'node:net'
import { afterEach, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api'
import { serveMetrics } from '../../src/metrics/metrics-endpoint.ts'
import { openMetricsType } from '../../src/metrics/open-metrics.ts'
import { startCollector } from '../support/collector.ts'
import { readOpenMetrics } from '../support/open-metrics.ts'
import { until } from '../support/pipeline.ts'
import { run } from '../support/run.ts'

const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
  diag.disable()
})

/** The address that it says it listens at, or its complaint. */
async function serve(port = 0): Promise<string> {
  let said = ''
  const note = (message: string) => {
    said = message
  }
  const logger: DiagLogger = { error: note, info: note, warn: note, debug() {}, verbose() {} }
  diag.setLogger(logger, DiagLogLevel.INFO)
  stops.push(serveMetrics({ host: '127.0.0.1', port }, () => 'text\n# EOF\n'))
  await until(() => said !== '')
  return /http:\S+/.exec(said)?.[0] ?? said
}

suite('the metrics endpoint', () => {
  test('answers GET and HEAD of /metrics, and nothing else', async () => {
    const url = await serve()
    const answer = await fetch(url)
    assert.equal(answer.headers.get('content-type'), openMetricsType)
    assert.equal(await answer.text(), 'text\n# EOF\n')
    assert.equal((await fetch(`${url}?module=x`)).status, 200)
    const head = await fetch(url, { method: 'HEAD' })
    assert.deepEqual([head.status, head.headers.get('content-length')], [200, '11'])
    assert.equal((await fetch(url, { method: 'POST', body: 'x' })).status, 405)
    assert.equal((await fetch(new URL('/', url))).status, 404)
  })

  test('lives on after clients that send nonsense, too much, or half of it', async () => {
    const url = await serve()
    const port = Number(new URL(url).port)
    for (const bytes of ['\0\r\n\r\n', 'GET', `GET /${'x'.repeat(100_000)}`, '\r\n\r\n\r\n\r\n']) {
      await new Promise<void>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => {
          socket.write(bytes)
          setTimeout(() => socket.resetAndDestroy(), 20)
        })
        socket.on('error', () => {}).on('close', () => resolve())
      })
    }
    assert.equal((await fetch(url)).status, 200)
  })

  test('gives up on a port that is taken, and says which variable to change', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await until(() => other.listening)
    stops.push(() => other.close())
    const complaint = await serve((other.address() as { port: number }).port)
    assert.match(complaint, /EADDRINUSE.*OTEL_EXPORTER_PROMETHEUS_PORT/)
  })

  test('is there by environment alone, is not traced, and keeps no process alive', async () => {
    const collector = await startCollector()
    stops.push(collector.stop)
    const index = new URL('../../src/index.ts', import.meta.url)
    const code = `
      import { initTracing, OtelConfig, shutdown } from ${JSON.stringify(index.href)}
      const tracing = await initTracing()
      const port = await new Promise((resolve) => process.once('message', resolve))
      process.disconnect()
      console.log(await (await fetch('http://127.0.0.1:' + port + '/metrics')).text())
    `
    let port = ''
    const { code: exitCode, stdout } = await run(['--input-type=module', '-e', code], {
      cwd: fileURLToPath(new URL('.', index)),
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
        OTEL_METRICS_EXPORTER: 'prometheus',
        OTEL_EXPORTER_PROMETHEUS_HOST: '127.0.0.1',
        OTEL_EXPORTER_PROMETHEUS_PORT: '0',
      },
      during: (child) =>
        child.stderr!.on('data', (text) => {
          const found = /:(\d+)\/metrics/.exec(String(text))?.[1]
          if (found === undefined || port !== '') return
          port = found
          child.send(port)
        }),
    })
    assert.equal(exitCode, 0)
    const metrics = await readOpenMetrics(stdout.trimEnd().concat('\n'))
    assert.equal(metrics.value('rustok_spans_created_total'), 0)
    assert.deepEqual(
      collector.spans().map(({ kind }) => kind),
      [3],
      'the client of the page is traced, its server is not',
    )
  })
})
