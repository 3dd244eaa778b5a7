/** One unary gRPC call on a connection: sends one message, reads status and answer, and ends by its deadline at the latest. */
import type { IncomingHttpHeaders, IncomingHttpStatusHeader, OutgoingHttpHeaders } from 'node:http2'
import { lazy } from '../lazy-builtins.ts'
import { describeError } from './describe-error.ts'
import type { GrpcConnection } from './grpc-connection.ts'
import { type GrpcStatus, grpcStatus, readStatus, statusOfHttp } from './grpc-status.ts'

/** A compression flag and the message's length. */
const prefixBytes = 5
/** Responses are read up to here (OTLP). */
const maxResponseBytes = 4 * 1024 * 1024
/** Further digits are not allowed. */
const maxTimeoutDigits = 8

export interface GrpcMessage {
  readonly bytes: Uint8Array
  readonly gzipped: boolean
}

export interface GrpcResult {
  readonly status: GrpcStatus
  /** The message as it came, with its prefix. */
  readonly response: Uint8Array
  /**
   * `peer`: the status is the peer's. `deadline`: it did not answer in time. `broken`: the call was cut off before it had a status.
   */
  readonly by: 'peer' | 'deadline' | 'broken'
  /** Whether the message was written out, so that nothing reads its bytes any more. */
  readonly written: boolean
}

/** Never rejects. `headers` are the call's own; those of the protocol are added. */
export function callUnary(
  connection: GrpcConnection,
  headers: OutgoingHttpHeaders,
  message: GrpcMessage,
  timeoutMs: number,
): Promise<GrpcResult> {
  const { promise, resolve } = Promise.withResolvers<GrpcResult>()
  const startedAt = performance.now()
  const stream = connection.request({
    ...headers,
    ...(message.gzipped && { 'grpc-encoding': 'gzip' }),
    'grpc-timeout': timeoutText(timeoutMs),
  })
  let status: GrpcStatus | undefined
  let answerHeaders: (IncomingHttpHeaders & IncomingHttpStatusHeader) | undefined
  let chunks: Uint8Array[] = []
  let received = 0
  let failure: unknown
  let concluded = false

  const conclude = (by: GrpcResult['by'], status: GrpcStatus) => {
    if (concluded) return
    concluded = true
    clearTimeout(timer)
    const response = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
    chunks = []
    resolve({ status, response, by, written: stream.writableFinished })
    if (!stream.closed) stream.close(lazy.http2.constants.NGHTTP2_CANCEL)
  }
  stream.on('response', (fields) => {
    connection.heard()
    answerHeaders = fields
    status = readStatus(fields)
  })
  stream.on('trailers', (fields) => {
    status = readStatus(fields) ?? status
  })
  stream.on('data', (chunk: Uint8Array) => {
    received += chunk.length
    if (received <= maxResponseBytes + prefixBytes) chunks.push(chunk)
    else conclude('peer', grpcStatus('RESOURCE_EXHAUSTED', 'its answer has more than 4 MiB'))
  })
  stream.on('error', (error) => {
    failure = error
  })
  // Not at the end of the answer: until the stream has closed, the request's bytes may still be read.
  stream.on('close', () => {
    status ??= answerHeaders === undefined ? undefined : statusOfHttp(answerHeaders)
    if (status !== undefined) {
      conclude('peer', status)
      return
    }
    const reason = connection.failure ?? (failure === undefined ? 'cut off' : describeError(failure))
    conclude('broken', grpcStatus('UNAVAILABLE', reason))
  })

  let probed = false
  const onTimer = () => {
    if (!probed) {
      probed = true
      connection.probe()
      timer.refresh()
      return
    }
    if (status !== undefined) {
      conclude('peer', status)
      return
    }
    // A half-open connection answers nothing for ever; one that has shown a sign of life has a slow server behind it.
    if (!connection.heardSince(startedAt)) connection.destroy()
    conclude('deadline', grpcStatus('DEADLINE_EXCEEDED', `no answer within ${timeoutMs} ms`))
  }
  const timer = setTimeout(onTimer, timeoutMs / 2)
  timer.unref()

  const prefix = Buffer.allocUnsafe(prefixBytes)
  prefix[0] = message.gzipped ? 1 : 0
  prefix.writeUInt32BE(message.bytes.length, 1)
  stream.cork()
  stream.write(prefix)
  stream.end(message.bytes)
  return promise
}

function timeoutText(ms: number): string {
  const whole = String(Math.ceil(ms))
  return whole.length <= maxTimeoutDigits ? `${whole}m` : `${Math.ceil(ms / 1000)}S`
}
