/** The packages as their users get them, in a project of their own: `npm run pack`, then `npm install`. The sources cost their types as well. */
import { spawnSync } from 'node:child_process'
import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')

export interface InstalledPackages {
  /** The project's folder. */
  readonly folder: string
  remove(): void
}

export function installPublished(): InstalledPackages {
  const scratch = mkdtempSync(join(tmpdir(), 'rustok-bench-load-'))
  const folder = join(scratch, 'project')
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  run(process.execPath, [join(root, 'scripts/pack.ts'), '--to', scratch], root)
  const packages = globSync('*.tgz', { cwd: scratch }).map((file) => join(scratch, file))
  const beside = ['@opentelemetry/api', 'yaml'].map((name) => join(root, 'node_modules', name))
  const flags = [
    '--offline',
    '--install-links',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]
  run('npm', ['install', ...flags, ...packages, ...beside], folder)
  return { folder, remove: () => rmSync(scratch, { recursive: true, force: true }) }
}

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args[0]} failed:\n${stderr}`)
}
