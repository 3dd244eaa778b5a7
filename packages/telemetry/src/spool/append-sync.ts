/**
 * Writes batches at the process's exit, when nothing asynchronous runs any more: a segment in a sub-directory of its own, without an owner's
 * lock, so that the next process takes it over. It gets its name when it is complete. Used by Spool.
 */
import { randomBytes } from 'node:crypto'
import { closeSync, lstatSync, mkdirSync, openSync, renameSync, rmSync, writevSync } from 'node:fs'
import { join } from 'node:path'
import type { Batch } from '../export/batch.ts'
import { encodeSegmentHeader } from './segment-format.ts'
import { behind, recordsOf, segmentFlags, segmentMode } from './segment-writer.ts'
import { directoryMode, newOwnerName, newPrefix, newSegmentName } from './spool-directory.ts'

/** Written and read as one; a larger batch is alone in its segment. */
const segmentBytes = 8 * 1024 * 1024
/** Well below the 1,024 buffers that one system call takes. */
const maxBuffers = 512

/** Returns the spans that are safe: those of all batches that fit into `room` bytes, or none. Never throws. */
export function appendSync(
  base: string,
  batches: readonly Pick<Batch, 'request' | 'spans'>[],
  room: number,
  failed: (cause: unknown) => void,
): number {
  const fitting = fittingIn(batches, room)
  if (fitting.length === 0) return 0
  const name = newOwnerName()
  const draft = join(base, newPrefix + name)
  try {
    mkdirSync(draft, { recursive: true, mode: directoryMode })
    refuseLink(base)
    for (const group of groupsOf(fitting)) writeSegment(join(draft, newSegmentName()), group)
    renameSync(draft, join(base, name))
    return fitting.reduce((sum, { spans }) => sum + spans, 0)
  } catch (cause) {
    try {
      rmSync(draft, { recursive: true, force: true })
    } catch {}
    failed(cause)
    return 0
  }
}

function fittingIn<T extends Pick<Batch, 'request'>>(batches: readonly T[], room: number): readonly T[] {
  let bytes = 0
  return batches.filter(({ request }) => {
    if (bytes + request.length > room) return false
    bytes += request.length
    return true
  })
}

function groupsOf<T extends Pick<Batch, 'request'>>(batches: readonly T[]): readonly (readonly T[])[] {
  const groups: T[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const batch of batches) {
    if (bytes + batch.request.length > segmentBytes) {
      groups.push([])
      bytes = 0
    }
    groups.at(-1)!.push(batch)
    bytes += batch.request.length
  }
  return groups
}

function refuseLink(base: string): void {
  if (lstatSync(base).isSymbolicLink()) throw Object.assign(new Error(`${base} is a link`), { code: 'ELOOP' })
}

function writeSegment(path: string, batches: readonly Pick<Batch, 'request' | 'spans'>[]): void {
  const id = randomBytes(16)
  const file = openSync(path, segmentFlags, segmentMode)
  try {
    let rest: readonly Uint8Array[] = [encodeSegmentHeader(id), ...recordsOf(id, batches)]
    while (rest.length > 0) {
      const written = writevSync(file, rest.slice(0, maxBuffers))
      if (written === 0) throw Object.assign(new Error('nothing could be written'), { code: 'ENOSPC' })
      rest = behind(rest, written)
    }
  } finally {
    closeSync(file)
  }
}
