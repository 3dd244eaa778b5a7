/**
 * `npm run soak -- python`: the example in Python, by its own command and the official SDK from PyPI, against a Lens of its own. It is a soak because
 * `npm test` installs nothing from PyPI. `--installed` takes the packages that /tmp/rustok-python has.
 */
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { SearchResponse, TraceResponse } from 'rustok-lens/contract'

const { values } = parseArgs({ options: { installed: { type: 'boolean', default: false } } })
const folder = join(import.meta.dirname, '..')
const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
  scripts: { python: string }
}
const command = values.installed ? scripts.python.split(' && ').at(-1)! : scripts.python

const data = mkdtempSync(join(tmpdir(), 'rustok-python-'))
const ports = { LENS_PORT: '0', LENS_OTLP_GRPC_PORT: '0', LENS_OTLP_HTTP_PORT: '0' }
const lens = fork(join(folder, '../apps/lens/src/main.ts'), {
  env: { ...process.env, ...ports, RUSTOK_DATA_DIR: data },
  silent: true,
})
try {
  const [{ urls }] = (await once(lens, 'message')) as [{ urls: { ui: string; otlpHttp: string } }]
  const env = { ...process.env, OTEL_SERVICE_NAME: 'reports', OTEL_EXPORTER_OTLP_ENDPOINT: urls.otlpHttp }
  const python = spawn('sh', ['-c', command], { cwd: folder, env, stdio: 'inherit' })
  const [code] = await once(python, 'exit')
  if (code !== 0) throw new Error(`it ended with ${code}`)
  const get = async <Body>(path: string) => (await (await fetch(urls.ui + path)).json()) as Body
  const { traces } = await get<SearchResponse>('/api/lens/search?service=reports&tenant=acme')
  const { spans } = await get<TraceResponse>(`/api/lens/traces/${traces[0]?.traceId}`)
  const [report, figures] = spans
  if (spans.length !== 2 || report?.name !== 'make report' || figures?.parentSpanId !== report.spanId) {
    throw new Error(`the trace is another one: ${JSON.stringify(spans)}`)
  }
  console.log(`Lens has its trace of ${spans.length} spans, of tenant ${report.tenant}`)
} finally {
  lens.kill('SIGTERM')
  await once(lens, 'exit')
  rmSync(data, { recursive: true, force: true })
}
