/** What a body may be compressed with, each as a stream that inflates it. */

import type { Transform } from 'node:stream'
import { constants, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import { HttpError } from './http-error.ts'

const inflaters: Readonly<Record<string, () => Transform>> = {
  // All members of a concatenated gzip come out of the one stream, and count together.
  gzip: () => createGunzip(),
  'x-gzip': () => createGunzip(),
  deflate: () => createInflate(),
  // What OpenTelemetry's Collector calls the same.
  zlib: () => createInflate(),
  // RFC 9659: a window of 8 MiB is the most that HTTP may ask a receiver to keep.
  zstd: () => createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: 23 } }),
}

/** Undefined for a body as it is. Throws HttpError for an encoding that is not taken, stacked ones included: they serve bombs alone. */
export function inflaterOf(header: string | undefined): (() => Transform) | undefined {
  const encoding = (header ?? '').trim().toLowerCase()
  if (encoding === '' || encoding === 'identity') return undefined
  const inflater = Object.hasOwn(inflaters, encoding) ? inflaters[encoding] : undefined
  if (inflater !== undefined) return inflater
  const reason = encoding.includes(',')
    ? 'compresses more than once: one of gzip, deflate and zstd is taken, once'
    : 'is not gzip, deflate or zstd'
  throw new HttpError(415, `content-encoding ${JSON.stringify(encoding)} ${reason}`)
}
