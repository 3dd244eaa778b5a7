/**
 * Deno as npm publishes it: fetched once into node_modules/.cache, where `npm ci` clears it. Not a dependency, because nobody else needs its 95 MB.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const cache = join(import.meta.dirname, '../../node_modules/.cache/rustok')

/** The path of exactly this version. */
export async function denoOf(version: string): Promise<string> {
  const name = `@deno/${process.platform}-${process.arch}${process.platform === 'linux' ? '-glibc' : ''}`
  const folder = join(cache, `deno-${version}`)
  const binary = join(folder, 'node_modules', name, 'deno')
  if (existsSync(binary)) return binary
  mkdirSync(cache, { recursive: true })
  // Completed aside: a fetch that is interrupted leaves nothing that looks like a Deno.
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
