/** Reads a request's body and inflates it, both within a bound, whatever its headers claim. */

import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip, inflate, zstdDecompress } from 'node:zlib'
import { HttpError } from './http-error.ts'

type Inflate = (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>

// Each stops at maxOutputLength, over all members of a concatenated gzip, too.
const inflaters: Readonly<Record<string, Inflate>> = {
  gzip: promisify(gunzip) as Inflate,
  deflate: promisify(inflate) as Inflate,
  zstd: promisify(zstdDecompress) as Inflate,
}

/** Rejects with HttpError for a body that is too large, badly compressed or cut short. */
export async function readBody(request: IncomingMessage, largest: number): Promise<Buffer> {
  const tooLarge = () => new HttpError(413, `the body is larger than ${largest} bytes`)
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  const inflater = inflaters[encoding]
  if (inflater === undefined && encoding !== 'identity') {
    throw new HttpError(415, `content-encoding ${JSON.stringify(encoding)} is not gzip, deflate or zstd`)
  }
  if (Number(request.headers['content-length'] ?? 0) > largest) throw tooLarge()

  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > largest) throw tooLarge()
    chunks.push(chunk)
  }
  const body = Buffer.concat(chunks, length)
  if (inflater === undefined) return body
  try {
    return await inflater(body, { maxOutputLength: largest })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge()
    throw new HttpError(400, `the body is not ${encoding}: ${error instanceof Error ? error.message : error}`)
  }
}
