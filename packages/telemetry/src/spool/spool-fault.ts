/** What to say about a file system that does not do what the spool needs: the fault, and what its user can do about it. */
import { diag } from '../own-diag.ts'

const advice: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free some space, or lower RUSTOK_SPOOL_MAX_BYTES',
  EDQUOT: 'the quota is used up: free some space, or lower RUSTOK_SPOOL_MAX_BYTES',
  EFBIG: 'the process may not write files of that size: raise `ulimit -f`',
  EROFS: 'the file system is read-only: set RUSTOK_SPOOL_DIRECTORY to one that can be written to',
  EACCES: 'permission is denied: let the user of this process write to RUSTOK_SPOOL_DIRECTORY',
  EPERM:
    'that is not permitted: let the user of this process write to RUSTOK_SPOOL_DIRECTORY, on a local file system that can hold sockets',
  EMFILE: 'the process has too many files open: raise `ulimit -n`',
  ENFILE: 'the machine has too many files open: raise fs.file-max',
  EIO: 'the disk fails: look at the kernel log, or set RUSTOK_SPOOL_DIRECTORY to another disk',
  ELOOP: 'it is a symbolic link, which is refused: set RUSTOK_SPOOL_DIRECTORY to the directory itself',
  ENOTDIR: 'it is not a directory: set RUSTOK_SPOOL_DIRECTORY to one',
  EEXIST: 'it is not a directory: set RUSTOK_SPOOL_DIRECTORY to one',
  ENOENT: 'it was removed while in use: leave RUSTOK_SPOOL_DIRECTORY to this package',
  ENAMETOOLONG: 'its path is too long: set RUSTOK_SPOOL_DIRECTORY to a shorter one',
}

export function codeOf(cause: unknown): string {
  return (cause as NodeJS.ErrnoException | undefined)?.code ?? 'UNKNOWN'
}

/** A sentence for the log. */
function describeFault(directory: string, cause: unknown): string {
  const code = codeOf(cause)
  return `spans cannot be spooled to ${directory} and wait in memory, for now: ${advice[code] ?? `it fails with ${code}`}`
}

const firstRetryMs = 5000
const maxRetryMs = 60_000

/** Whether the disk is worth trying: after a fault it is left alone for a while, which doubles with each; each fault is said once. */
export class SpoolFault {
  readonly #directory: string
  #said: string | undefined
  #retryMs = 0
  #retryAt = 0

  constructor(directory: string) {
    this.#directory = directory
  }

  /** True while the disk is not to be tried. */
  get pausing(): boolean {
    return this.#retryMs > 0 && performance.now() < this.#retryAt
  }

  failed(cause: unknown): void {
    this.#retryMs = Math.min(maxRetryMs, this.#retryMs === 0 ? firstRetryMs : this.#retryMs * 2)
    this.#retryAt = performance.now() + this.#retryMs
    const code = codeOf(cause)
    if (this.#said === code) return
    this.#said = code
    diag.warn(describeFault(this.#directory, cause))
  }

  worked(): void {
    if (this.#retryMs === 0) return
    this.#retryMs = 0
    this.#said = undefined
    diag.info(`spans are spooled to ${this.#directory} again`)
  }
}
