/**
 * Where the engine listens: in the data directory, under a name of this Lens's own, so that a second Lens that finds the directory
 * taken has touched nothing of the first.
 */

import { randomBytes } from 'node:crypto'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** sockaddr_un holds 108 bytes on Linux and 104 on macOS. */
const longestPath = 100

/** In a directory made for it alone, readable by its owner alone, when the data directory's path is too long. */
export async function makeSocketPath(directory: string): Promise<string> {
  const path = join(directory, `engine-${randomBytes(4).toString('hex')}.sock`)
  if (Buffer.byteLength(path) <= longestPath) return path
  return join(await mkdtemp(join(tmpdir(), 'rustok-lens-')), 'engine.sock')
}

/** Of a file in a data directory. */
export function isSocketName(name: string): boolean {
  return /^engine-[0-9a-f]{8}\.sock$/.test(name)
}
