/** OTLP over HTTP: POST /v1/traces in protobuf or JSON. https://opentelemetry.io/docs/specs/otlp/#otlphttp */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import {
  decodeTraceRequest,
  decodeTraceRequestJson,
  encodeRpcStatus,
  encodeRpcStatusJson,
  encodeTraceResponse,
  encodeTraceResponseJson,
  MalformedOtlpError,
} from '@rustok/otlp'
import type { Logger } from 'pino'
import { listen } from '../listen.ts'
import { HttpError } from './http-error.ts'
import { largestRequest } from './limits.ts'
import { readBody } from './read-body.ts'
import { IntakeUnavailableError, type SpanIntake } from './span-intake.ts'

const protobuf = 'application/x-protobuf'
const json = 'application/json'
type ContentType = typeof protobuf | typeof json

/** google.rpc.Code, by the status that carries it. */
const rpcCodes: Readonly<Record<number, number>> = {
  400: 3,
  403: 7,
  404: 5,
  405: 12,
  413: 8,
  415: 3,
  500: 13,
  503: 14,
}

export class HttpReceiver {
  readonly #intake: SpanIntake
  readonly #log: Logger
  readonly #server = createServer({ headersTimeout: 10_000, requestTimeout: 60_000 }, (request, response) => {
    void this.#answer(request, response)
  })

  constructor(intake: SpanIntake, log: Logger) {
    this.#intake = intake
    this.#log = log
  }

  /** Resolves with the port. Rejects with StartupError when it cannot be had. */
  listen(host: string, port: number): Promise<number> {
    return listen(this.#server, host, port, 'LENS_OTLP_HTTP_PORT')
  }

  /** Takes no more requests, and resolves when those in flight are answered. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeIdleConnections()
    })
  }

  /** Ends what `close` still waits for. */
  abort(): void {
    this.#server.closeAllConnections()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Errors are told in the sender's own encoding; to one without, in JSON, which a person can read.
    const contentType = contentTypeOf(request)
    try {
      checkRequest(request)
      if (contentType === undefined) throw new HttpError(415, `content-type must be ${protobuf} or ${json}`)
      const body = await readBody(request, largestRequest)
      const decoded = contentType === json ? decodeTraceRequestJson(body) : decodeTraceRequest(body)
      const { refused, message } = await this.#intake.accept(decoded)
      const partialSuccess =
        refused === 0 ? undefined : { rejectedSpans: BigInt(refused), errorMessage: message }
      const answer =
        contentType === json
          ? encodeTraceResponseJson({ partialSuccess })
          : encodeTraceResponse({ partialSuccess })
      response.writeHead(200, { 'content-type': contentType }).end(answer)
    } catch (error) {
      if (!response.destroyed) this.#refuse(response, contentType ?? json, error)
    }
  }

  #refuse(response: ServerResponse, contentType: ContentType, error: unknown): void {
    const { status, message } = this.#explain(error)
    const retryAfter = error instanceof IntakeUnavailableError ? error.retryAfterSeconds : undefined
    const rpcStatus = {
      code: rpcCodes[status] ?? 2,
      message,
      retryDelayNanos: retryAfter === undefined ? undefined : BigInt(retryAfter) * 1_000_000_000n,
    }
    response.writeHead(status, {
      'content-type': contentType,
      // The rest of a body that was not read would be taken for the next request.
      connection: 'close',
      ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
      ...(status === 405 ? { allow: 'POST' } : {}),
    })
    response.end(contentType === json ? encodeRpcStatusJson(rpcStatus) : encodeRpcStatus(rpcStatus))
  }

  #explain(error: unknown): { status: number; message: string } {
    if (error instanceof HttpError) return error
    if (error instanceof MalformedOtlpError) return { status: 400, message: error.message }
    if (error instanceof IntakeUnavailableError) return { status: 503, message: error.message }
    this.#log.error({ err: error }, 'an OTLP/HTTP request failed')
    return { status: 500, message: 'Lens failed; its log says why' }
  }
}

function checkRequest({ url = '', method, headers }: IncomingMessage): void {
  if (url.split('?', 1)[0] !== '/v1/traces') throw new HttpError(404, 'traces are taken at /v1/traces')
  if (method !== 'POST') throw new HttpError(405, 'traces are sent by POST')
  // A page of some other site must not write into this store; Lens grants no site access by CORS.
  if (headers.origin !== undefined) throw new HttpError(403, 'requests from web pages are not taken')
}

function contentTypeOf({ headers }: IncomingMessage): ContentType | undefined {
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  return type === protobuf || type === json ? type : undefined
}
