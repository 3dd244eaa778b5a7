/** gzip on libuv's thread pool: the event loop does not wait for it. */
import { lazy } from '../lazy-builtins.ts'

/** Spans repeat themselves: the first level finds most of it. */
const level = 1

export function gzip(bytes: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    lazy.zlib.gzip(bytes, { level }, (error, zipped) => (error === null ? resolve(zipped) : reject(error)))
  })
}
