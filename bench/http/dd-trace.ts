/**
 * Datadog's tracer as a mode. It brings 100 MB of native packages, so it is no dependency of the repository: the first run that measures it
 * installs it, pinned, into a directory that git ignores.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Mode } from './modes.ts'

const version = '6.21.0'
const directory = join(import.meta.dirname, '..', '..', '.cache', 'bench', `dd-trace-${version}`)
const initialize = join(directory, 'node_modules', 'dd-trace', 'initialize.mjs')

export const ddTrace: Mode = {
  label: `dd-trace ${version}`,
  register: pathToFileURL(initialize).href,
  lossless: false,
  protocol: 'datadog',
  prepare() {
    if (existsSync(initialize)) return
    console.log(`Installing dd-trace ${version} (once)…`)
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, 'package.json'), '{"private":true}\n')
    const npm = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--save-exact']
    const { status } = spawnSync('npm', [...npm, `dd-trace@${version}`], { cwd: directory, stdio: 'inherit' })
    if (status !== 0) throw new Error(`npm could not install dd-trace ${version}: see its message above`)
  },
  /** Traces alone, all of them, and no call to anything but the receiver. */
  environment: (sinkPort) => ({
    NODE_ENV: 'production',
    DD_SERVICE: 'bench',
    DD_TRACE_AGENT_URL: `http://127.0.0.1:${sinkPort}`,
    DD_TRACE_SAMPLE_RATE: '1',
    DD_TRACE_RATE_LIMIT: '-1',
    DD_TRACE_STARTUP_LOGS: 'false',
    DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
    DD_REMOTE_CONFIGURATION_ENABLED: 'false',
    DD_RUNTIME_METRICS_ENABLED: 'false',
    DD_CRASHTRACKING_ENABLED: 'false',
  }),
}
