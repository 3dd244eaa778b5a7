/** What the curl on this machine can do: the command that `npm start` prints depends on it. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** `-w '%header{name}'` came with 7.84. Without curl the answer is yes: the command is then for another machine. */
export async function curlPrintsHeaders(): Promise<boolean> {
  try {
    const { stdout } = await promisify(execFile)('curl', ['--version'], { timeout: 2_000 })
    return versionPrintsHeaders(stdout)
  } catch {
    return true
  }
}

export function versionPrintsHeaders(version: string): boolean {
  const [, major, minor] = /^curl (\d+)\.(\d+)/.exec(version) ?? []
  return Number(major) > 7 || (Number(major) === 7 && Number(minor) >= 84)
}
