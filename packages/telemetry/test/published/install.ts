/** The packages as their users get them: packed by `npm run pack`, and installed into an empty project without a registry. */
import { execFile } from 'node:child_process'
import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../../../../', import.meta.url))
const execute = promisify(execFile)

/** What users have beside the packages; the repository's own copies stand in for the registry. */
const beside = ['@opentelemetry/api', 'yaml', '@types/node', 'undici-types']

export interface Project {
  readonly folder: string
  /** Writes a source into it and returns its path. */
  write(file: string, text: string): string
  remove(): void
}

export async function installPublished(): Promise<Project> {
  const scratch = mkdtempSync(join(tmpdir(), 'rustok-published-'))
  const folder = join(scratch, 'project')
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  await execute(process.execPath, [join(root, 'scripts/pack.ts'), '--to', scratch, '--reuse'], {
    cwd: root,
  })
  const tarballs = globSync('*.tgz', { cwd: scratch }).map((file) => join(scratch, file))
  const local = beside.map((name) => join(root, 'node_modules', name))
  const flags = [
    '--offline',
    '--install-links',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]
  await execute('npm', ['install', ...flags, ...tarballs, ...local], { cwd: folder })
  return {
    folder,
    write(file, text) {
      const path = join(folder, file)
      writeFileSync(path, text)
      return path
    },
    remove: () => rmSync(scratch, { recursive: true, force: true }),
  }
}
