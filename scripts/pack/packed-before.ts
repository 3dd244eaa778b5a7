/**
 * Tarballs of an earlier `npm run pack -- --reuse` from the same sources, in .cache/packed: two files of tests need them in one run, and packing takes
 * eight seconds of CPU. A release never asks for them.
 */
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { basename, join } from 'node:path'

const sources = [
  'packages/{otlp,telemetry}/{src/**,*}',
  'scripts/pack/*',
  'scripts/pack.ts',
  'package-lock.json',
  'LICENSE',
]

/** Of all that goes into them, the tools that the lock pins included. */
function folderFor(root: string): string {
  const digest = createHash('sha256')
  for (const file of sources.flatMap((pattern) => globSync(pattern, { cwd: root })).sort()) {
    if (statSync(join(root, file)).isFile())
      digest
        .update(file)
        .update('\0')
        .update(readFileSync(join(root, file)))
  }
  return join(root, '.cache/packed', digest.digest('hex').slice(0, 16))
}

/** The tarballs there are, in `destination`; packed by `pack` if there are none. */
export async function reuse(
  root: string,
  destination: string,
  pack: (folder: string) => Promise<unknown>,
): Promise<void> {
  const folder = folderFor(root)
  if (!existsSync(folder)) {
    const cache = join(folder, '..')
    mkdirSync(cache, { recursive: true })
    // Completed aside: another test may pack at the same time, or this one be interrupted.
    const aside = mkdtempSync(join(cache, 'packing-'))
    await pack(aside)
    const older = globSync('[0-9a-f]*', { cwd: cache })
    if (existsSync(folder)) rmSync(aside, { recursive: true })
    else renameSync(aside, folder)
    for (const name of older) {
      if (join(cache, name) !== folder) rmSync(join(cache, name), { recursive: true, force: true })
    }
  }
  for (const tarball of globSync('*.tgz', { cwd: folder }))
    cpSync(join(folder, tarball), join(destination, basename(tarball)))
}
