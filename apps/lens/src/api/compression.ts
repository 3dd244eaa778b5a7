/**
 * Compresses answers for clients on other machines: JSON of spans and the UI's script shrink to a tenth. A client on this one would pay for it with CPU that
 * the store has use for, and gains nothing.
 */

import { Readable, type Transform } from 'node:stream'
import { promisify } from 'node:util'
import { constants, createGzip, createZstdCompress, gzip, type ZstdOptions, zstdCompress } from 'node:zlib'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** What fits into a packet is not worth it. */
const smallest = 1400

interface Encoding {
  readonly all: (body: string | Buffer) => Promise<Buffer>
  readonly stream: () => Transform
}

// As fast as they go: what they would still save, a network of today carries in the time that it takes.
const gzipOptions = { level: 1 }
const zstdOptions: ZstdOptions = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
const gzipAll: (body: string | Buffer, options: { level: number }) => Promise<Buffer> = promisify(gzip)
const zstdAll: (body: string | Buffer, options: ZstdOptions) => Promise<Buffer> = promisify(zstdCompress)

/** In the order of preference. */
const encodings: Readonly<Record<string, Encoding>> = {
  zstd: { all: (body) => zstdAll(body, zstdOptions), stream: () => createZstdCompress(zstdOptions) },
  gzip: { all: (body) => gzipAll(body, gzipOptions), stream: () => createGzip(gzipOptions) },
}

export function addCompression(app: FastifyInstance): void {
  app.addHook('onSend', async (request: FastifyRequest, reply: FastifyReply, payload: unknown) => {
    if (!isText(reply.getHeader('content-type')) || !isWorthIt(payload, reply)) return payload
    addVary(reply, 'accept-encoding')
    const accepted = acceptedOf(request.headers['accept-encoding'])
    const name = Object.keys(encodings).find((encoding) => accepted(encoding))
    const encoding = name === undefined ? undefined : encodings[name]
    if (encoding === undefined || isNear(request) || request.headers.range !== undefined) return payload
    reply.header('content-encoding', name).removeHeader('content-length').removeHeader('accept-ranges')
    return payload instanceof Readable ? payload.compose(encoding.stream()) : encoding.all(payload)
  })
}

function isWorthIt(payload: unknown, reply: FastifyReply): payload is string | Buffer | Readable {
  if (reply.hasHeader('content-encoding')) return false
  if (payload instanceof Readable) return Number(reply.getHeader('content-length') ?? smallest) >= smallest
  return (typeof payload === 'string' || Buffer.isBuffer(payload)) && payload.length >= smallest
}

function isText(contentType: unknown): boolean {
  return /^(text\/|image\/svg|application\/(\w+\+)?(json|javascript|xml|x-protobuf|openmetrics-text))/.test(
    String(contentType ?? ''),
  )
}

/** On this machine, and no proxy that passes on what others ask. */
function isNear({ socket, headers }: FastifyRequest): boolean {
  const isProxy = ['x-forwarded-for', 'forwarded', 'via'].some((name) => headers[name] !== undefined)
  return !isProxy && /^(127\.|::1$|::ffff:127\.)/.test(socket.remoteAddress ?? '')
}

/** https://www.rfc-editor.org/rfc/rfc9110#name-accept-encoding */
function acceptedOf(header: string | string[] | undefined): (encoding: string) => boolean {
  const qualities = new Map<string, number>()
  for (const part of String(header ?? '').split(',')) {
    const [name = '', ...parameters] = part.split(';').map((word) => word.trim().toLowerCase())
    const quality = parameters.find((parameter) => parameter.startsWith('q='))
    qualities.set(name, quality === undefined ? 1 : Number(quality.slice(2)))
  }
  return (encoding) => (qualities.get(encoding) ?? qualities.get('*') ?? 0) > 0
}

function addVary(reply: FastifyReply, name: string): void {
  const vary = reply.getHeader('vary')
  reply.header('vary', vary === undefined ? name : `${String(vary)}, ${name}`)
}
