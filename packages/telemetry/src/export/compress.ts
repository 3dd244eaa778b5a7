/** gzip on libuv's thread pool: the event loop does not wait for it. */
import { promisify } from 'node:util'
import { gzip as gzipWithCallback, type ZlibOptions } from 'node:zlib'

const gzipAsync = promisify<Uint8Array, ZlibOptions, Buffer>(gzipWithCallback)

/** Spans repeat themselves: the first level finds most of it. */
const level = 1

export function gzip(bytes: Uint8Array): Promise<Buffer> {
  return gzipAsync(bytes, { level })
}
