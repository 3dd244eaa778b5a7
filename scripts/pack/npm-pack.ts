/** `npm pack` of a folder. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

export interface Tarball {
  readonly filename: string
  /** Bytes. */
  readonly size: number
}

export async function packFolder(folder: string, destination: string): Promise<Tarball> {
  const args = ['pack', '--json', '--loglevel=error', '--pack-destination', destination, folder]
  const { stdout } = await promisify(execFile)('npm', args, { shell: process.platform === 'win32' })
  const [tarball] = JSON.parse(stdout) as Tarball[]
  if (tarball === undefined) throw new Error(`npm packed nothing of ${folder}`)
  return tarball
}
