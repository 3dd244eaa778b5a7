/** Reads the one message of a unary call, within bounds, and inflates it. */

import type { ServerHttp2Stream } from 'node:http2'
import { promisify } from 'node:util'
import { constants, gunzip, inflate, type ZstdOptions, zstdDecompress } from 'node:zlib'
import type { BodyLease } from '../body-budget.ts'
import { GrpcCode, GrpcError } from './grpc-status.ts'
import type { MessageBuffers } from './message-buffers.ts'

/** A flag for compression, and the message's length. */
const prefixLength = 5

type Inflate = (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>

const inflateZstd: (body: Buffer, options: ZstdOptions) => Promise<Buffer> = promisify(zstdDecompress)

const inflaters: Readonly<Record<string, Inflate>> = {
  gzip: promisify(gunzip) as Inflate,
  deflate: promisify(inflate) as Inflate,
  // A window of 8 MiB, as over HTTP.
  zstd: (body, options) => inflateZstd(body, { ...options, params: { [constants.ZSTD_d_windowLogMax]: 23 } }),
}

export const acceptedEncodings = ['identity', ...Object.keys(inflaters)].join(',')

/** In one of `buffers`, which wants it back. Rejects with GrpcError for a message that is too large, not whole or badly compressed, or when `lease` has no room. */
export async function readMessage(
  stream: ServerHttp2Stream,
  encoding: string,
  largest: number,
  lease: BodyLease,
  buffers: MessageBuffers,
): Promise<Buffer> {
  const body = await readBody(stream, largest, lease, buffers)
  if (body.length < prefixLength) throw new GrpcError(GrpcCode.INTERNAL, 'the call has no message')
  const length = body.readUInt32BE(1)
  if (body.length !== prefixLength + length) {
    throw new GrpcError(
      GrpcCode.INTERNAL,
      `a message of ${length} bytes came as ${body.length - prefixLength}`,
    )
  }
  const message = body.subarray(prefixLength)
  if (body[0] === 0) return message
  try {
    return await inflated(message, encoding, largest, lease)
  } finally {
    buffers.giveBack(body)
  }
}

/** The message behind its prefix. A length that is too large is refused as soon as it is there. */
function readBody(
  stream: ServerHttp2Stream,
  largest: number,
  lease: BodyLease,
  buffers: MessageBuffers,
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const chunks: Buffer[] = []
  let received = 0
  let head: Buffer | undefined
  let refused = false
  const refuse = (error: GrpcError) => {
    refused = true
    chunks.length = 0
    reject(error)
  }
  stream.on('data', (chunk: Buffer) => {
    if (refused) return
    chunks.push(chunk)
    received += chunk.length
    if (head === undefined && received >= prefixLength) {
      head = chunks.length === 1 ? chunk : Buffer.concat(chunks)
      if (head.readUInt32BE(1) > largest) return refuse(tooLarge(largest))
    }
    if (received > prefixLength + largest) refuse(tooLarge(largest))
    else if (!lease.take(chunk.length)) refuse(noRoom())
  })
  stream.on('end', () => {
    if (!refused) resolve(chunks.length === 1 ? chunks[0]! : buffers.join(chunks, received))
  })
  stream.on('close', () => {
    if (!stream.readableEnded) reject(new GrpcError(GrpcCode.INTERNAL, 'the call was cut off'))
  })
  return promise
}

async function inflated(body: Buffer, encoding: string, largest: number, lease: BodyLease): Promise<Buffer> {
  const inflater = Object.hasOwn(inflaters, encoding) ? inflaters[encoding] : undefined
  if (inflater === undefined) {
    throw new GrpcError(
      GrpcCode.UNIMPLEMENTED,
      `grpc-encoding ${JSON.stringify(encoding)} is not ${acceptedEncodings}`,
    )
  }
  try {
    const message = await inflater(body, { maxOutputLength: largest })
    if (lease.take(message.length)) return message
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE')
      throw tooLarge(largest)
    throw new GrpcError(GrpcCode.INVALID_ARGUMENT, `the message is not ${encoding}`)
  }
  throw noRoom()
}

function tooLarge(largest: number): GrpcError {
  return new GrpcError(GrpcCode.RESOURCE_EXHAUSTED, `the message is larger than ${largest} bytes`)
}

function noRoom(): GrpcError {
  return new GrpcError(GrpcCode.RESOURCE_EXHAUSTED, 'too many requests are being read', 1)
}
