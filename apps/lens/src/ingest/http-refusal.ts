/** Why an HTTP request was refused: its status, and a google.rpc.Status in the sender's encoding. https://opentelemetry.io/docs/specs/otlp/#otlphttp-response */

import type { OutgoingHttpHeaders } from 'node:http'
import { encodeRpcStatus, encodeRpcStatusJson, MalformedOtlpError } from '@rustok/otlp'
import { AccessError } from '../access/access.ts'
import { HttpError } from './http-error.ts'
import { type ContentType, json } from './http-route.ts'
import { IntakeOverloadedError, IntakeUnavailableError } from './span-intake.ts'

export interface HttpRefusal {
  readonly status: number
  readonly message: string
  readonly retryAfterSeconds?: number | undefined
}

/** Undefined for an error that is ours. */
export function refusalOf(error: unknown): HttpRefusal | undefined {
  if (error instanceof HttpError || error instanceof AccessError) return error
  if (error instanceof MalformedOtlpError) return { status: 400, message: error.message }
  if (error instanceof IntakeUnavailableError) {
    const { message, retryAfterSeconds } = error
    return { status: error instanceof IntakeOverloadedError ? 429 : 503, message, retryAfterSeconds }
  }
  return undefined
}

/** google.rpc.Code, by the status that carries it. */
const rpcCodes: Readonly<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  404: 5,
  405: 12,
  408: 4,
  413: 8,
  415: 3,
  429: 8,
  500: 13,
  503: 14,
}

/** To a sender without an encoding of its own in JSON, which a person can read. */
export function refusalBody({ status, message, retryAfterSeconds }: HttpRefusal, contentType: ContentType) {
  const rpcStatus = {
    code: rpcCodes[status] ?? 2,
    message,
    retryDelayNanos: retryAfterSeconds === undefined ? undefined : BigInt(retryAfterSeconds) * 1_000_000_000n,
  }
  return contentType === json ? encodeRpcStatusJson(rpcStatus) : encodeRpcStatus(rpcStatus)
}

export function refusalHeaders({ status, retryAfterSeconds }: HttpRefusal): OutgoingHttpHeaders {
  return {
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
    ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    ...(status === 405 ? { allow: 'POST, OPTIONS' } : {}),
  }
}
