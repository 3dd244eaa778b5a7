/** What a failure of ClickHouse means to whoever asked it: try again, ask for less, make room, or a fault of ours. */

import { ClickHouseError } from '@clickhouse/client'
import { QueryLimitError, StoreFullError, StoreUnavailableError } from './engine.ts'

/** Codes of ClickHouse's ErrorCodes.cpp. */
const limitCodes = new Set(['158', '159', '160', '191', '241', '307', '396'])
/**
 * The server or a part of its cluster is going, coming or too busy: ABORTED, TOO_MANY_SIMULTANEOUS_QUERIES, NETWORK_ERROR, SOCKET_TIMEOUT,
 * TABLE_IS_READ_ONLY (a replica without Keeper), TOO_MANY_PARTS, ALL_CONNECTION_TRIES_FAILED, TOO_FEW_LIVE_REPLICAS, UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE,
 * REPLICA_IS_NOT_IN_QUORUM, UNKNOWN_STATUS_OF_INSERT, KEEPER_EXCEPTION.
 */
const passingCodes = new Set([
  '236',
  '202',
  '210',
  '209',
  '242',
  '252',
  '279',
  '285',
  '286',
  '289',
  '319',
  '999',
])
/** MEMORY_LIMIT_EXCEEDED of the server, by what runs beside: the same statement does when that has ended. A statement's own limit says `query`. */
const crowdedWords = /\(total\) memory limit|memory limit \(total\)/i
/** NOT_ENOUGH_SPACE; a write that fails halfway says so in words alone. */
const fullCode = '243'
const fullWords = /No space left on device|ENOSPC|Disk quota exceeded/

const connectionFailures = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
])

/** One of our errors with the engine's as its cause; what has no meaning of its own comes back as it is. */
export function engineFailure(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { message } = error
  const code = 'code' in error ? String(error.code) : ''
  if (code === fullCode || fullWords.test(message)) {
    return new StoreFullError('the disk of the store is full', { cause: error })
  }
  if (error instanceof ClickHouseError) {
    if (crowdedWords.test(message)) return new StoreUnavailableError(message, { cause: error })
    if (limitCodes.has(code)) return new QueryLimitError(message, { cause: error })
    if (passingCodes.has(code)) return new StoreUnavailableError(message, { cause: error })
    return error
  }
  if (connectionFailures.has(code) || /socket hang up|Timeout error|aborted/i.test(message)) {
    return new StoreUnavailableError(`the store does not answer: ${message}`, { cause: error })
  }
  return error
}
