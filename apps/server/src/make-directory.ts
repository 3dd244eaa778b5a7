/**
 * `mkdir -p` that always ends: Node's own `recursive` tries forever where a parent can neither be found nor be made (below
 * `/proc`, say), and a server that hangs at its start says less than one that fails.
 */
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { errorCode } from './errors.ts'

/** Makes the directory and what is missing above it, for this user alone. Throws what the system says. */
export function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 })
  } catch (error) {
    const code = errorCode(error)
    if (code === 'EEXIST') return
    const parent = path.dirname(directory)
    if (code !== 'ENOENT' || parent === directory) throw error
    makeDirectory(parent)
    mkdirSync(directory, { mode: 0o700 })
  }
}
