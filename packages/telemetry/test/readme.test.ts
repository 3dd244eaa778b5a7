/** The README: its code is type-checked and runs, its tables say what the code does. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { OtelConfig } from '../src/config.ts'
import { otelErrors } from '../src/errors.ts'
import * as telemetry from '../src/index.ts'
import * as kysely from '../src/instrument/kysely.ts'
import { instrumentationNames } from '../src/instrument/names.ts'
import { startCollector } from './support/collector.ts'
import { only } from './support/only.ts'
import { run } from './support/run.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const root = fileURLToPath(new URL('../../../', import.meta.url))
const blocks = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, code]) => code!)
const section = (heading: string) => readme.split(/^## /m).find((part) => part.startsWith(heading)) ?? ''
/** The names in backticks in the first column of a section's table. */
const firstColumn = (heading: string) =>
  [...section(heading).matchAll(/^\| (.+?) \|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
  )

suite('code', () => {
  let folder = ''
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'rustok-readme-'))
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    for (const [index, code] of blocks('ts').entries()) writeFileSync(join(folder, `block${index}.ts`), code)
    const app = 'await fetch(process.env.OTEL_EXPORTER_OTLP_ENDPOINT).catch(() => {})'
    writeFileSync(join(folder, 'app.js'), app)
  })
  after(() => rmSync(folder, { recursive: true }))

  test('there are blocks to check', () => assert.ok(blocks('ts').length >= 5))

  test('every block is type-checked', async () => {
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: join(root, 'tsconfig.base.json'), include: ['*.ts'] }),
    )
    const { code, stdout } = await run([
      join(root, 'node_modules/typescript/bin/tsc'),
      '-p',
      folder,
      '--noEmit',
    ])
    assert.equal(code, 0, stdout)
  })

  test('every block runs, and the first one delivers its span', async () => {
    const collector = await startCollector()
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint }
    const runs = await Promise.all(
      blocks('ts').map((_, index) => run([join(folder, `block${index}.ts`)], { env, cwd: folder })),
    )
    collector.stop()
    for (const { code, stderr } of runs) assert.equal(code, 0, stderr)
    assert.equal(runs[0]!.stdout, 'Ann\n')
    assert.equal(only(collector.spans(), 'fetch_user').attributes.tenant_id, 'acme')
  })

  test('the command line traces an application without a line of code', async () => {
    const [command] = blocks('sh')
    const [node, ...args] = command!.trim().split(' ')
    assert.equal(node, 'node')
    const collector = await startCollector()
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint }
    const { code, stderr } = await run(args, { env, cwd: folder })
    collector.stop()
    assert.equal(code, 0, stderr)
    assert.equal(only(collector.spans(), 'GET').kind, 3)
  })
})

suite('tables', () => {
  test('the API table names every export, and nothing else', () => {
    const named = firstColumn('API').flatMap((text) => /^(?:new )?(\w+)/.exec(text)?.[1] ?? [])
    const ours = new Set([...Object.keys(telemetry), ...Object.keys(kysely)])
    assert.deepEqual(new Set(named), ours)
  })

  test('the errors table is the table of errors', () => {
    const rows = [...section('Errors').matchAll(/^\| `([A-Z_]+)` \| (.+?) \|/gm)]
    assert.deepEqual(Object.fromEntries(rows.map(([, code, message]) => [code, message])), otelErrors)
  })

  test('the variables of the table are those that are read', () => {
    const read = new Set<string>()
    const spy = (env: Record<string, string>) =>
      new Proxy(env, {
        get(target, name) {
          read.add(String(name))
          return Reflect.get(target, name)
        },
      })
    // Some are read only beside another one.
    OtelConfig.fromEnv(spy({ OTEL_TRACES_SAMPLER: 'traceidratio' }))
    OtelConfig.fromEnv(spy({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' }))
    assert.deepEqual([...read].sort(), firstColumn('Variables').sort())
  })

  test('the defaults of the table are the defaults', () => {
    const { warnings: _, ...empty } = OtelConfig.fromEnv({})
    const rows = [...section('Variables').matchAll(/^\| (`[A-Z].+?) \| `([^`]+)` \|/gm)]
    assert.ok(rows.length > 10)
    for (const [, cell, value] of rows) {
      for (const [, name] of cell!.matchAll(/`([^`]+)`/g)) {
        const { warnings, ...set } = OtelConfig.fromEnv({ [name!]: value })
        assert.deepEqual(warnings, [], `${name}=${value}`)
        const normal = { ...set, endpoint: new URL(set.endpoint).href }
        assert.deepEqual(normal, { ...empty, endpoint: new URL(empty.endpoint).href }, `${name}=${value}`)
      }
    }
  })

  test('the instrumentation table names every instrumentation and no other', () => {
    const told = firstColumn('Instrumentation').filter((name) => name !== 'kyselyTracing')
    assert.deepEqual(told.sort(), [...instrumentationNames].sort())
  })
})
