/**
 * The place of one spool on disk: a sub-directory of the configured one that no other process, and no other worker thread, writes to or reads
 * from while its owner lives. What dead owners have left is taken over file by file, by rename, so that each has one new owner.
 *
 *   RUSTOK_SPOOL_DIRECTORY/
 *     4711-9f86d081884c/                   0700, of a process
 *       owner                              its lock, see owner-lock.ts
 *       1795357533123-000001-….spool       0600, a segment, see segment-format.ts
 *     bad/….bad                            what could not be read
 *     .new-4711-…                          a sub-directory in the making
 */
import { randomBytes } from 'node:crypto'
import { constants, type Dirent } from 'node:fs'
import { lstat, mkdir, open, readdir, rename, rm, rmdir, unlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { diag } from '../own-diag.ts'
import { holdLock, isHeld, type OwnerLock } from './owner-lock.ts'

export const directoryMode = 0o700
const ownerPattern = /^\d+-[0-9a-f]{12}$/
export const newPrefix = '.new-'
const segmentSuffix = '.spool'
const badDirectory = 'bad'
/** A sub-directory in the making is finished within milliseconds; one that is older was left by a process that died. */
const staleAfterMs = 60_000
/** Kept to look at; beyond these the oldest goes. */
const maxBadFiles = 64
const maxBadBytes = 64 * 1024 * 1024

export function newOwnerName(): string {
  return `${process.pid}-${randomBytes(6).toString('hex')}`
}

let counter = 0
/** Sorts by time, and is the same for no two segments of a machine. */
export function newSegmentName(): string {
  counter++
  const time = String(Date.now()).padStart(13, '0')
  return `${time}-${String(counter).padStart(6, '0')}-${randomBytes(6).toString('hex')}${segmentSuffix}`
}

/** @throws as `lstat` does; ELOOP for a symbolic link and ENOTDIR for anything else that is no directory. */
async function refuseUnlessDirectory(path: string): Promise<void> {
  const stats = await lstat(path)
  if (stats.isDirectory()) return
  const code = stats.isSymbolicLink() ? 'ELOOP' : 'ENOTDIR'
  throw Object.assign(new Error(`${path} is ${code === 'ELOOP' ? 'a symbolic link' : 'not a directory'}`), {
    code,
  })
}

export class SpoolDirectory {
  readonly #base: string
  readonly #lock: OwnerLock
  readonly path: string

  private constructor(base: string, path: string, lock: OwnerLock) {
    this.#base = base
    this.path = path
    this.#lock = lock
  }

  /** Makes a sub-directory of `base` and holds it. Rejects as the file system does. */
  static async open(base: string): Promise<SpoolDirectory> {
    await mkdir(base, { recursive: true, mode: directoryMode })
    await refuseUnlessDirectory(base)
    const name = newOwnerName()
    const draft = join(base, newPrefix + name)
    await mkdir(draft, { mode: directoryMode })
    try {
      // Under its name it has a lock from the first moment: without one it would pass for a dead owner's.
      const lock = await holdLock(draft)
      const path = join(base, name)
      try {
        await rename(draft, path)
        return new SpoolDirectory(base, path, lock)
      } catch (cause) {
        await lock.release(draft)
        throw cause
      }
    } catch (cause) {
      await rmdir(draft).catch(() => {})
      throw cause
    }
  }

  /** Takes over the segments of owners that are dead; `taken` is told of each, oldest first within an owner. Never rejects. */
  async adopt(taken: (path: string) => void): Promise<void> {
    for (const entry of await entriesOf(this.#base)) {
      const directory = join(this.#base, entry.name)
      if (directory === this.path || !(await isAbandoned(directory, entry))) continue
      await this.#takeSegments(directory, taken)
      await unlink(join(directory, 'owner')).catch(() => {})
      // Others may be at it as well, or there is something in it that is no segment.
      await rmdir(directory).catch(() => {})
    }
  }

  async #takeSegments(directory: string, taken: (path: string) => void): Promise<void> {
    const names = (await entriesOf(directory)).map(({ name }) => name)
    for (const name of names.filter((name) => name.endsWith(segmentSuffix)).sort()) {
      try {
        const to = await this.#freeName(name)
        await rename(join(directory, name), join(this.path, to))
        taken(join(this.path, to))
      } catch (cause) {
        // ENOENT: another process was quicker.
        if ((cause as NodeJS.ErrnoException).code === 'ENOENT') continue
        diag.warn(`the spool's ${join(directory, name)} cannot be taken over`, cause)
        return
      }
    }
  }

  /** A copy of a segment has its name: it must not replace it. */
  async #freeName(name: string): Promise<string> {
    const isFree = await lstat(join(this.path, name)).then(
      () => false,
      () => true,
    )
    return isFree ? name : name.replace(segmentSuffix, `-${randomBytes(4).toString('hex')}${segmentSuffix}`)
  }

  /** Moves a segment out of the way for people to look at. Never rejects; what cannot be moved stays. */
  async setAside(path: string, because: string): Promise<void> {
    const folder = join(this.#base, badDirectory)
    try {
      await mkdir(folder, { mode: directoryMode }).catch(() => {})
      await refuseUnlessDirectory(folder)
      const to = join(folder, `${basename(path)}.bad`)
      await rename(path, to)
      diag.warn(`a segment of the spool ${because}: what could be read of it is used, it is kept as ${to}`)
      await boundBadFiles(folder)
    } catch (cause) {
      diag.warn(`a segment of the spool ${because}, and cannot be set aside: ${path}`, cause)
    }
  }

  /** So that the name of a new segment survives a power failure. */
  async sync(): Promise<void> {
    const handle = await open(this.path, constants.O_RDONLY | constants.O_DIRECTORY)
    await handle.sync().finally(() => handle.close())
  }

  /** Leaves what is in it to whoever comes next. Never rejects. */
  async close(): Promise<void> {
    await this.#lock.release(this.path).catch(() => {})
    await rmdir(this.path).catch(() => {})
  }
}

/** Whether its owner is dead, and it is ours to take: of the same user, and no link. */
async function isAbandoned(directory: string, entry: Dirent): Promise<boolean> {
  const draft = entry.name.startsWith(newPrefix)
  const name = draft ? entry.name.slice(newPrefix.length) : entry.name
  if (!entry.isDirectory() || !ownerPattern.test(name)) return false
  try {
    const { uid, mtimeMs } = await lstat(directory)
    if (process.geteuid !== undefined && uid !== process.geteuid()) return false
    if (draft && Date.now() - mtimeMs < staleAfterMs) return false
  } catch {
    return false
  }
  return !(await isHeld(directory))
}

async function boundBadFiles(folder: string): Promise<void> {
  const files: { path: string; size: number; ctimeMs: number }[] = []
  for (const { name } of await entriesOf(folder)) {
    const path = join(folder, name)
    const stats = await lstat(path).catch(() => undefined)
    if (stats !== undefined) files.push({ path, size: stats.size, ctimeMs: stats.ctimeMs })
  }
  // The time of the renaming, not of the last record.
  files.sort((a, b) => b.ctimeMs - a.ctimeMs)
  let bytes = 0
  for (const [index, { path, size }] of files.entries()) {
    bytes += size
    if (index === 0 || (index < maxBadFiles && bytes <= maxBadBytes)) continue
    diag.warn(`the spool's ${path} is removed: there are too many damaged segments to keep them all`)
    await rm(path, { force: true }).catch(() => {})
  }
}

async function entriesOf(directory: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(directory, { withFileTypes: true })
  } catch {
    return []
  }
}
