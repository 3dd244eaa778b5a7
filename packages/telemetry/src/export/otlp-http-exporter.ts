/**
 * OTLP over HTTP (specification: OTLP/HTTP), in protobuf or JSON. The pipeline's bytes are protobuf; for JSON they are decoded again, which
 * only those pay who ask for it.
 */
import type { ClientRequest, Agent as HttpAgent, IncomingMessage } from 'node:http'
import type { RequestOptions } from 'node:https'
import type { SecureContextOptions } from 'node:tls'
import {
  decodeRpcStatus,
  decodeRpcStatusJson,
  decodeTraceRequest,
  decodeTraceResponse,
  decodeTraceResponseJson,
  encodeTraceRequestJson,
} from '@rustok/otlp'
import { lazy } from '../lazy-builtins.ts'
import { gzip } from './compress.ts'
import { describeError } from './describe-error.ts'
import type { Exporter, ExportOutcome } from './exporter.ts'
import { parseRetryAfter } from './retry-after.ts'
import { userAgent } from './user-agent.ts'

export interface OtlpHttpOptions {
  readonly url: URL
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: boolean
  readonly compress?: boolean
  /** Asked now and then; throws what is wrong with its files. */
  readonly tls?: () => SecureContextOptions
}

/** Responses are read up to here (OTLP). */
const maxResponseBytes = 4 * 1024 * 1024
/** Connections: as many as requests on the wire, see ExportQueue. */
const maxSockets = 4
const keepAliveMs = 30_000
/** Certificates are renewed while a process runs. */
const rereadMs = 10_000
const retryableStatuses: ReadonlySet<number | undefined> = new Set([429, 502, 503, 504])

/** What came back over one connection. */
type Reply =
  | {
      readonly kind: 'answered'
      readonly message: IncomingMessage
      /** Undefined when it was too large or cut off; `why` then says which. */
      readonly body: Buffer | undefined
      readonly why: string
      readonly inUse: boolean
    }
  | { readonly kind: 'failed'; readonly reason: string; readonly stale: boolean; readonly inUse: boolean }

export class OtlpHttpExporter implements Exporter {
  readonly #options: OtlpHttpOptions
  readonly #headers: Readonly<Record<string, string>>
  readonly #agent: HttpAgent
  #tls: { readonly options: SecureContextOptions; readonly readAt: number } | undefined

  constructor(options: OtlpHttpOptions) {
    this.#options = options
    const { Agent } = options.url.protocol === 'https:' ? lazy.https : lazy.http
    this.#agent = new Agent({ keepAlive: true, keepAliveMsecs: keepAliveMs, maxSockets })
    this.#headers = {
      'user-agent': userAgent,
      ...options.headers,
      'content-type': options.json === true ? 'application/json' : 'application/x-protobuf',
      // Answers are short, and are read up to a bound: none that inflates.
      'accept-encoding': 'identity',
      ...(options.compress === true && { 'content-encoding': 'gzip' }),
    }
  }

  async export(request: Uint8Array, timeoutMs: number): Promise<ExportOutcome> {
    const deadline = performance.now() + timeoutMs
    try {
      const body = await this.#bodyOf(request)
      const left = () => Math.max(1, deadline - performance.now())
      let reply = await this.#post(body, left())
      // The server closed an idle connection as the request set out: that is no failure yet.
      if (reply.kind === 'failed' && reply.stale) reply = await this.#post(body, left())
      const inUse = reply.inUse && body === request
      if (reply.kind === 'failed')
        return { kind: 'retry', reason: reply.reason, retryAfterMs: undefined, inUse }
      return { ...this.#outcomeOf(reply.message, reply.body, reply.why), inUse }
    } catch (cause) {
      return { kind: 'retry', reason: describeError(cause), retryAfterMs: undefined }
    }
  }

  /** Cancels what is on the wire. */
  close(): void {
    this.#agent.destroy()
  }

  toString(): string {
    const { url, json } = this.#options
    return `the collector at ${url.origin}${url.pathname} (OTLP/HTTP, ${json === true ? 'JSON' : 'protobuf'})`
  }

  async #bodyOf(request: Uint8Array): Promise<Uint8Array> {
    const { json, compress } = this.#options
    const body = json === true ? Buffer.from(encodeTraceRequestJson(decodeTraceRequest(request))) : request
    return compress === true ? gzip(body) : body
  }

  #post(body: Uint8Array, timeoutMs: number): Promise<Reply> {
    const { url } = this.#options
    const { promise, resolve } = Promise.withResolvers<Reply>()
    const { request: send } = url.protocol === 'https:' ? lazy.https : lazy.http
    const options: RequestOptions = {
      method: 'POST',
      ...this.#tlsOptions(),
      agent: this.#agent,
      headers: { ...this.#headers, 'content-length': body.length },
    }
    const request: ClientRequest = send(url, options)
    const fail = (reason: string, stale: boolean) => {
      // What has answered has a status, whatever becomes of the rest.
      if (answered) return
      clearTimeout(timer)
      resolve({ kind: 'failed', reason, stale, inUse: !request.writableFinished })
    }
    let answered = false
    const timer = setTimeout(() => {
      fail(`no answer within ${Math.round(timeoutMs)} ms`, false)
      // With the connection: a half-open one would answer nothing for ever.
      request.destroy()
    }, timeoutMs)
    timer.unref()
    // Whether new or used again, a connection does not keep the process alive.
    request.on('socket', (socket) => socket.unref())
    request.on('error', (error) => fail(describeError(error), request.reusedSocket))
    request.on('response', (message) => {
      answered = true
      void readBody(message).then(({ body, why }) => {
        clearTimeout(timer)
        resolve({ kind: 'answered', message, body, why, inUse: !request.writableFinished })
        if (body === undefined) request.destroy()
      })
    })
    request.end(body)
    return promise
  }

  #outcomeOf(message: IncomingMessage, body: Buffer | undefined, why: string): ExportOutcome {
    const { statusCode = 0, headers } = message
    const json = headers['content-type']?.startsWith('application/json') === true
    if (statusCode >= 200 && statusCode < 300) return readAnswer(body, json, why)
    const { location } = headers
    const redirected = statusCode >= 300 && statusCode < 400 && location !== undefined
    const said = redirected ? `a redirect to ${location}, which is not followed` : readError(body, json)
    const reason = `HTTP status ${statusCode}${said === '' ? '' : `: ${said}`}`
    if (!retryableStatuses.has(statusCode)) return { kind: 'refused', reason }
    return { kind: 'retry', reason, retryAfterMs: parseRetryAfter(headers['retry-after']) }
  }

  /** Part of what the agent knows a connection by: with a renewed certificate come new connections. */
  #tlsOptions(): SecureContextOptions {
    const { url, tls } = this.#options
    if (tls === undefined || url.protocol !== 'https:') return {}
    if (this.#tls === undefined || performance.now() - this.#tls.readAt > rereadMs) {
      this.#tls = { options: tls(), readAt: performance.now() }
    }
    return this.#tls.options
  }
}

/** Never rejects. */
function readBody(message: IncomingMessage): Promise<{ body: Buffer | undefined; why: string }> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let received = 0
    message.on('data', (chunk: Buffer) => {
      received += chunk.length
      if (received <= maxResponseBytes) chunks.push(chunk)
      else resolve({ body: undefined, why: 'its answer has more than 4 MiB' })
    })
    message.on('end', () => resolve({ body: Buffer.concat(chunks), why: '' }))
    message.on('error', () => {})
    message.on('close', () => resolve({ body: undefined, why: 'its answer was cut off' }))
  })
}

/** An answer that cannot be read was an answer all the same: its status says that the spans have arrived. */
function readAnswer(body: Buffer | undefined, json: boolean, why: string): ExportOutcome {
  if (body === undefined) return { kind: 'accepted', rejected: 0, message: why }
  if (body.length === 0) return { kind: 'accepted', rejected: 0, message: '' }
  try {
    const { partialSuccess } = json ? decodeTraceResponseJson(body) : decodeTraceResponse(body)
    const rejected = Number(partialSuccess?.rejectedSpans ?? 0)
    return { kind: 'accepted', rejected, message: partialSuccess?.errorMessage ?? '' }
  } catch (cause) {
    return { kind: 'accepted', rejected: 0, message: `its answer could not be read: ${cause}` }
  }
}

/** What a Status says; empty when the body is something else. */
function readError(body: Buffer | undefined, json: boolean): string {
  if (body === undefined || body.length === 0) return ''
  try {
    return (json ? decodeRpcStatusJson(body) : decodeRpcStatus(body)).message
  } catch {
    return ''
  }
}
