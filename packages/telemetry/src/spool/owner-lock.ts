/**
 * Tells whether the process (or worker thread) that owns a directory of the spool lives: it listens on a Unix socket inside, which the kernel
 * closes however it ends. Unlike a process id, that cannot be mistaken: ids are used again, and every container has a process 1.
 * Unlike a lease, it needs no clock: an owner that is stopped or blocked still holds it. Used by SpoolDirectory.
 */
import { constants } from 'node:fs'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'

const socketName = 'owner'
/** Socket addresses hold 107 bytes on Linux and 103 on macOS. */
const maxAddressBytes = 103
/** A kernel answers at once. */
const answerTimeoutMs = 2000

export interface OwnerLock {
  /** `directory` is where the directory stands now; it may have been renamed. */
  release(directory: string): Promise<void>
}

/** Rejects when the file system holds no sockets, and when the directory's path is too long for them. */
export async function holdLock(directory: string): Promise<OwnerLock> {
  const { address, close } = await addressIn(directory)
  const server = createServer((socket) => socket.destroy()).unref()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('listening', resolve).once('error', reject)
  // `exclusive`: in a worker of node:cluster the primary would listen in its place, and live on without it.
  server.listen({ path: address, exclusive: true })
  try {
    await promise
  } catch (cause) {
    await close()
    throw cause
  }
  server.on('error', () => {})
  return {
    release: async (now) => {
      await new Promise<void>((closed) => server.close(() => closed()))
      await unlink(join(now, socketName)).catch(() => {})
      await close()
    },
  }
}

/** In doubt it is: a directory that is left alone for longer does no harm. */
export async function isHeld(directory: string): Promise<boolean> {
  let address: string
  let close: () => Promise<void>
  try {
    ;({ address, close } = await addressIn(directory))
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code !== 'ENOENT'
  }
  try {
    return await answers(address)
  } finally {
    await close()
  }
}

function answers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address)
    const timer = setTimeout(settle, answerTimeoutMs, true).unref()
    socket.unref()
    socket.once('connect', () => settle(true))
    socket.once('error', ({ code }: NodeJS.ErrnoException) =>
      settle(code !== 'ECONNREFUSED' && code !== 'ENOENT' && code !== 'ENOTSOCK'),
    )
    function settle(held: boolean): void {
      clearTimeout(timer)
      socket.destroy()
      resolve(held)
    }
  })
}

/** Through the directory's descriptor when its path is too long for a socket's address. */
async function addressIn(directory: string): Promise<{ address: string; close: () => Promise<void> }> {
  const address = join(directory, socketName)
  if (Buffer.byteLength(address) <= maxAddressBytes || process.platform !== 'linux') {
    return { address, close: async () => {} }
  }
  const handle: FileHandle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY)
  return { address: `/proc/self/fd/${handle.fd}/${socketName}`, close: () => handle.close() }
}
