/**
 * The packages as they are published: packed, installed into an empty project, and used in every way that Node has to load them, on the
 * oldest Node that is supported, on the one between, and on the pinned one. A real collector receives the spans.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Collector, startCollector } from '../support/collector.ts'
import { only } from '../support/only.ts'
import { run } from '../support/run.ts'
import { installPublished, type Project } from './install.ts'
import { nodeOf } from './node-versions.ts'

const root = fileURLToPath(new URL('../../../../', import.meta.url))

/** A server that asks itself: a server span, a client span, and one of the application's own, in one trace. */
const application = `
const tracer = trace.getTracer('app')
const server = createServer((request, response) => {
  tracer.startActiveSpan('work', (span) => {
    span.end()
    response.end('done')
  })
})
server.listen(0, '127.0.0.1', async () => {
  const answer = await fetch('http://127.0.0.1:' + server.address().port)
  console.log(await answer.text(), process.versions.node)
  server.close()
  server.closeAllConnections()
})
`
const esm = "import { createServer } from 'node:http'\nimport { trace } from '@opentelemetry/api'\n"
const cjs = "const { createServer } = require('node:http')\nconst { trace } = require('@opentelemetry/api')\n"
const register = '@rustok/telemetry/register'

/** How an application comes to tracing. */
const ways = [
  {
    way: 'import',
    file: 'import.mjs',
    source: `import { initTracing } from '@rustok/telemetry'\n${esm}await initTracing()\n${application}`,
  },
  {
    way: 'require',
    file: 'require.cjs',
    source: `const { initTracing } = require('@rustok/telemetry')\n${cjs}initTracing()\n${application}`,
  },
  {
    way: 'node --import register, an ES module',
    file: 'plain.mjs',
    source: esm + application,
    args: ['--import', register],
  },
  {
    way: 'node --import register, CommonJS',
    file: 'plain.cjs',
    source: cjs + application,
    args: ['--import', register],
  },
  {
    way: 'node --require register',
    file: 'plain2.cjs',
    source: cjs + application,
    args: ['--require', register],
  },
  {
    way: 'require of register as the first line',
    file: 'first-line.cjs',
    source: `require('${register}')\n${cjs}${application}`,
  },
]

const versions = ['22.15.0', '24.21.0', process.versions.node]

let project: Project
let nodes: Readonly<Record<string, string>>
let collector: Collector
before(async () => {
  const fetched = versions.map(async (version) => {
    return [version, version === process.versions.node ? process.execPath : await nodeOf(version)] as const
  })
  ;[project, collector, nodes] = await Promise.all([
    installPublished(),
    startCollector(),
    Promise.all(fetched).then((entries) => Object.fromEntries(entries)),
  ])
  for (const { file, source } of ways) project.write(file, source)
})
after(() => {
  collector?.stop()
  project?.remove()
})

for (const version of versions) {
  suite(`on Node ${version}`, { concurrency: 2 }, () => {
    for (const { way, file, args = [] } of ways) {
      test(`${way}: the spans of one request arrive, in one trace`, async () => {
        const service = `${version} ${way}`
        const { code, stdout, stderr } = await run([...args, join(project.folder, file)], {
          execPath: nodes[version]!,
          cwd: project.folder,
          env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, OTEL_SERVICE_NAME: service },
        })
        assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: `done ${version}\n`, stderr: '' })
        const requests = collector.accepted.filter(({ resource }) => resource['service.name'] === service)
        const spans = requests.flatMap(({ spans }) => spans)
        const shown = spans.map(({ name, kind }) => `${name} ${kind}`).sort()
        assert.deepEqual(shown, ['GET 2', 'GET 3', 'work 1'])
        assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, 1)
      })
    }
  })
}

suite('what is loaded only when it is asked for', () => {
  const kit = `
const spans = await captureSpans(() => tracedSpan('root', () => tracedSpan('child', () => {})))
assertTrace(spans, 'root\\n  child')
console.log(spans.tree())
`
  const names = '{ assertTrace, captureSpans }'
  const sources = {
    'kit.mjs': `import { tracedSpan } from '@rustok/telemetry'\nimport ${names} from '@rustok/telemetry/testing'\n${kit}`,
    'kit.cjs': `const { tracedSpan } = require('@rustok/telemetry')\nconst ${names} = require('@rustok/telemetry/testing')\n;(async () => {${kit}})()`,
  }
  for (const version of versions) {
    for (const [file, source] of Object.entries(sources)) {
      test(`the test kit, ${file}, on Node ${version}`, async () => {
        const { code, stdout, stderr } = await run([project.write(file, source)], {
          execPath: nodes[version]!,
        })
        assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'root\n  child\n', stderr: '' })
      })
    }

    test(`a configuration file, on Node ${version}`, async () => {
      const service = `${version} file`
      const file = project.write(
        'otel.yaml',
        `file_format: "1.0"
resource: { attributes: [{ name: service.name, value: "\${SERVICE}" }] }
tracer_provider:
  processors:
    - simple: { exporter: { otlp_grpc: { endpoint: "\${COLLECTOR}" } } }
`,
      )
      const env = { OTEL_CONFIG_FILE: file, SERVICE: service, COLLECTOR: collector.endpoint }
      const execPath = nodes[version]!
      const { code, stderr } = await run(['--import', register, join(project.folder, 'plain.mjs')], {
        env,
        execPath,
        cwd: project.folder,
      })
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
      const requests = collector.accepted.filter(({ resource }) => resource['service.name'] === service)
      assert.equal(requests.flatMap(({ spans }) => spans).length, 3)
    })
  }
})

suite('types', () => {
  const use = `
import { type Span, trace } from '@opentelemetry/api'
import { correlate, initTracing, OtelConfig, OtelError, shutdown, tracedSpan, type Tracing } from '@rustok/telemetry'
import '@rustok/telemetry/register'
import { decodeTraceRequest, type Span as OtlpSpan } from '@rustok/otlp'

export async function main(): Promise<number> {
  const tracing: Tracing = await initTracing(new OtelConfig({ serviceName: 'shop' }), { without: ['graphql'] })
  const length: number = tracedSpan('s', { a: 1 }, (span: Span) => span.spanContext().traceId.length)
  const later: Promise<string> = correlate({ tenantId: 'acme' }, async () => 'x')
  // @ts-expect-error: a name is text.
  new OtelConfig({ serviceName: 1 })
  const error = new OtelError('INVALID_CONFIG')
  const spans: readonly OtlpSpan[] = decodeTraceRequest(new Uint8Array()).resourceSpans.flatMap((r) => r.scopeSpans.flatMap((s) => s.spans))
  await shutdown()
  return length + (await later).length + error.code.length + spans.length + tracing.ledger().created
}
trace.getTracer('t')
`
  for (const [what, file] of [
    ['an ES module', 'esm.mts'],
    ['CommonJS', 'cjs.cts'],
  ] as const) {
    test(`${what} is checked strictly, libraries included`, async () => {
      const config = project.write(
        `tsconfig.${file}.json`,
        JSON.stringify({
          compilerOptions: {
            module: 'nodenext',
            target: 'es2022',
            strict: true,
            skipLibCheck: false,
            noEmit: true,
            types: ['node'],
          },
          files: [file],
        }),
      )
      project.write(file, use)
      const tsc = join(root, 'node_modules/typescript/bin/tsc')
      const { code, stdout } = await run([tsc, '-p', config], { cwd: project.folder })
      assert.equal(code, 0, stdout)
    })
  }
})

suite('traced as a decorator, as tsc compiles it', () => {
  const source = `
import { initTracing, shutdown, traced } from '@rustok/telemetry'
class Shop {
  rate = 2
  @traced price(amount: number): number { return amount * this.rate }
  @traced('checkout') async pay(amount: number): Promise<number> { return this.price(amount) }
  @traced('list', { attributes: (first: number) => ({ first }) }) *items(first: number): Generator<number> { yield first }
  @traced static open(): Shop { return new Shop() }
}
await initTracing()
const shop = Shop.open()
console.log(await shop.pay(4), [...shop.items(1)].length, shop.price.name, shop.price.length)
await shutdown()
`
  for (const [kind, experimentalDecorators] of [
    ['standard', false],
    ['older', true],
  ] as const) {
    test(`of the ${kind} kind`, async () => {
      const name = `${kind}-shop`
      const compilerOptions = {
        module: 'nodenext',
        target: 'es2022',
        strict: true,
        experimentalDecorators,
        types: ['node'],
      }
      const config = project.write(
        `${name}.json`,
        JSON.stringify({ compilerOptions, files: [`${name}.mts`] }),
      )
      project.write(`${name}.mts`, source)
      const tsc = await run([join(root, 'node_modules/typescript/bin/tsc'), '-p', config], {
        cwd: project.folder,
      })
      assert.equal(tsc.code, 0, tsc.stdout)
      const { code, stdout, stderr } = await run([join(project.folder, `${name}.mjs`)], {
        execPath: nodes[versions[0]!]!,
        env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, OTEL_SERVICE_NAME: name },
      })
      assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: '8 1 price 1\n', stderr: '' })
      const requests = collector.accepted.filter(({ resource }) => resource['service.name'] === name)
      const spans = requests.flatMap(({ spans }) => spans)
      assert.deepEqual(spans.map(({ name }) => name).sort(), ['checkout', 'list', 'open', 'price'])
      assert.equal(only(spans, 'price').parentSpanId, only(spans, 'checkout').spanId)
      assert.deepEqual(only(spans, 'list').attributes, { first: 1n })
    })
  }
})

suite('contents', () => {
  const manifestOf = (name: string) =>
    JSON.parse(readFileSync(join(project.folder, 'node_modules', name, 'package.json'), 'utf8'))

  test('what comes with @rustok/telemetry is what its README gives a reason for', () => {
    const readme = readFileSync(join(project.folder, 'node_modules/@rustok/telemetry/README.md'), 'utf8')
    const section = readme.split(/^## /m).find((part) => part.startsWith('Runtime and package')) ?? ''
    const told = [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name)
    const { dependencies, peerDependencies } = manifestOf('@rustok/telemetry')
    assert.deepEqual(Object.keys({ ...dependencies, ...peerDependencies }).sort(), told.sort())
    assert.deepEqual(Object.keys(manifestOf('@rustok/otlp').dependencies ?? {}), [])
  })

  test('every package has its README, its licence and its changes', () => {
    for (const name of ['@rustok/telemetry', '@rustok/otlp']) {
      for (const page of ['README.md', 'LICENSE', 'CHANGELOG.md']) {
        const text = readFileSync(join(project.folder, 'node_modules', name, page), 'utf8')
        assert.ok(text.length > 20, `${name}/${page}`)
      }
    }
  })
})
