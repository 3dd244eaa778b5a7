/** What a query's failure means to whoever asked, for each API to put in its own words. */

import { QueryLimitError, StoreUnavailableError } from '../store/engine.ts'
import { QueryQueueError } from '../store/query-gate.ts'

export interface QueryFailure {
  readonly status: number
  readonly title: string
  readonly detail: string
  /** The same question may be answered after this. */
  readonly retryAfterSeconds?: number
}

/** Also of a request that Fastify itself refuses, by its own status. */
export function queryFailure(error: unknown): QueryFailure {
  if (error instanceof QueryLimitError) {
    const detail = 'The search takes more time or memory than one may: narrow its time range or its fields.'
    return { status: 422, title: 'Unprocessable Content', detail }
  }
  if (error instanceof StoreUnavailableError) {
    const detail = 'The store is not available at the moment; try again.'
    return { status: 503, title: 'Service Unavailable', detail, retryAfterSeconds: 1 }
  }
  if (error instanceof QueryQueueError) {
    return error.whose === 'client'
      ? {
          status: 429,
          title: 'Too Many Requests',
          detail: 'Too many of your queries wait for their turn; try again in a moment.',
          retryAfterSeconds: 2,
        }
      : {
          status: 503,
          title: 'Service Unavailable',
          detail: 'Too many queries wait for their turn; try again in a moment.',
          retryAfterSeconds: 5,
        }
  }
  if (error instanceof Error && error.name === 'AbortError') {
    return { status: 499, title: 'Client Closed Request', detail: 'The client has gone.' }
  }
  if (error instanceof Error && 'statusCode' in error && 'code' in error && isClientError(error.statusCode)) {
    const detail = wordsOf[String(error.code)] ?? error.message
    return { status: error.statusCode, title: titleOf(error.statusCode), detail }
  }
  return { status: 500, title: 'Internal Server Error', detail: 'Lens failed; its log says why.' }
}

/** Where Fastify's say too little. */
const wordsOf: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'the body must be JSON, and its content-type application/json',
}

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
}

function titleOf(status: number): string {
  return titles[status] ?? 'Bad Request'
}

function isClientError(status: unknown): status is number {
  return typeof status === 'number' && status >= 400 && status < 500
}
