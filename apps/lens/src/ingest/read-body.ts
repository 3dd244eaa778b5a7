/**
 * Reads a request's body and inflates it as it arrives, within bounds of size, of memory over all requests and of time, whatever its headers
 * claim. The connection survives a refusal: the request is left as it is, for `discard` to read to its end.
 */

import type { IncomingMessage } from 'node:http'
import type { BodyLease } from './body-budget.ts'
import { inflaterOf } from './content-encoding.ts'
import { HttpError } from './http-error.ts'

export interface BodyLimits {
  /** Bytes, as sent and again as inflated. */
  readonly largest: number
  /** Milliseconds between two pieces. */
  readonly pause: number
}

/** What a body is refused for by its headers alone, before any of it is read. Throws HttpError. */
export function checkHeaders({ headers }: IncomingMessage, { largest }: BodyLimits): void {
  inflaterOf(headers['content-encoding'])
  if (Number(headers['content-length'] ?? 0) > largest) throw tooLarge(largest)
}

/** Rejects with HttpError for a body that is too large, too slow, badly compressed or cut short, and when there is no room for it. */
export function readBody(request: IncomingMessage, lease: BodyLease, limits: BodyLimits): Promise<Buffer> {
  checkHeaders(request, limits)
  const encoding = request.headers['content-encoding']
  const inflater = inflaterOf(encoding)?.()
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const chunks: Buffer[] = []
  let sent = 0
  let length = 0
  let inflated = inflater === undefined

  const pause = setTimeout(() => {
    // Not while it is us that it waits for.
    if (request.isPaused() || request.readableEnded) pause.refresh()
    else fail(new HttpError(408, `the body stood still for ${limits.pause / 1000} s`))
  }, limits.pause)

  const keep = (chunk: Buffer) => {
    length += chunk.length
    if (length > limits.largest) fail(tooLarge(limits.largest))
    else if (!lease.take(chunk.length)) fail(noRoom())
    else chunks.push(chunk)
  }
  const onData = (chunk: Buffer) => {
    pause.refresh()
    sent += chunk.length
    if (sent > limits.largest) fail(tooLarge(limits.largest))
    else if (inflater === undefined) keep(chunk)
    // What follows the end of what was compressed is nobody's.
    else if (!inflated && !inflater.write(chunk)) request.pause()
  }
  const onEnd = () => {
    if (inflated) finish()
    else inflater?.end()
  }
  const onClose = () => {
    // A request that was read to its end closes, too.
    if (!request.readableEnded) fail(new HttpError(400, 'the body was cut short'))
  }
  const stop = () => {
    clearTimeout(pause)
    request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose).pause()
    inflater?.destroy()
  }
  const finish = () => {
    stop()
    resolve(Buffer.concat(chunks, length))
  }
  const fail = (error: HttpError) => {
    stop()
    reject(error)
  }

  inflater
    ?.on('data', keep)
    .on('drain', () => {
      pause.refresh()
      request.resume()
    })
    .on('error', (error) => fail(new HttpError(400, `the body is not ${encoding}: ${error.message}`)))
    .on('end', () => {
      inflated = true
      if (request.readableEnded) finish()
      else request.resume()
    })
  request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose)
  return promise
}

/**
 * Reads on and forgets what is left of a body, so that its sender, who may look for an answer only when it has sent all, gets to see it,
 * and the connection can be used again. False when it is more than so many bytes or milliseconds.
 */
export function discard(request: IncomingMessage, bytes: number, milliseconds: number): Promise<boolean> {
  if (request.readableEnded || request.destroyed) return Promise.resolve(request.readableEnded)
  const { promise, resolve } = Promise.withResolvers<boolean>()
  let seen = 0
  const settle = (ended: boolean) => {
    clearTimeout(timer)
    request.off('data', onData).off('end', onEnd).off('close', onGone).off('error', onGone).pause()
    resolve(ended)
  }
  const onData = (chunk: Buffer) => {
    seen += chunk.length
    if (seen > bytes) settle(false)
  }
  const onEnd = () => settle(true)
  const onGone = () => settle(false)
  const timer = setTimeout(onGone, milliseconds)
  request.on('data', onData).on('end', onEnd).on('close', onGone).on('error', onGone).resume()
  return promise
}

function tooLarge(largest: number): HttpError {
  return new HttpError(413, `the body is larger than ${largest} bytes`)
}

/** Senders come again: the bodies in memory now are stored within a second or so. */
function noRoom(): HttpError {
  return new HttpError(429, 'more is being sent than can be kept in memory at once', 1)
}
