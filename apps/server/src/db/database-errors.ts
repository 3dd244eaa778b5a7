/**
 * What can be wrong with the database that is nobody's mistake, apart from what is: the request may be sent again later, and some
 * statements are, by `TenantDatabase`. The engines make these; HTTP and GraphQL answer them as 503 and UNAVAILABLE.
 */
import { errorCode, errorMessage } from '../errors.ts'
import { told } from '../telling/told.ts'

export type UnavailableReason =
  /** No connection, or it broke. */
  | 'unreachable'
  /** Every connection is in use. */
  | 'exhausted'
  /** The statement took longer than it may, or waited too long for a lock. */
  | 'timeout'
  /** A deadlock or a serialization failure: another transaction won. */
  | 'conflict'

export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable'
  readonly reason: UnavailableReason
  /** False where it is certain that nothing was written; a connection that broke during `commit` leaves it open. */
  readonly mayHaveCommitted: boolean

  constructor(reason: UnavailableReason, options: { cause: unknown; mayHaveCommitted?: boolean }) {
    super(told(`the database is ${WORDS[reason]}`), { cause: options.cause })
    this.reason = reason
    this.mayHaveCommitted = options.mayHaveCommitted ?? false
  }
}

const WORDS: Readonly<Record<UnavailableReason, string>> = {
  unreachable: 'unreachable',
  exhausted: 'busy: no connection is free',
  timeout: 'too slow',
  conflict: 'busy: another transaction was faster',
}

/** By SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const REASONS: ReadonlyMap<string, UnavailableReason> = new Map([
  ['40001', 'conflict'],
  ['40P01', 'conflict'],
  ['53300', 'exhausted'],
  ['55P03', 'timeout'],
  ['57014', 'timeout'],
  ['25P03', 'timeout'],
  ['25P04', 'timeout'],
  ['57P01', 'unreachable'],
  ['57P02', 'unreachable'],
  ['57P03', 'unreachable'],
  ['57P05', 'unreachable'],
])

/** What a client may be told of any of them: they can wait, and try again, unless they might do something twice. */
export function publicWords({ mayHaveCommitted }: DatabaseUnavailable): string {
  return mayHaveCommitted
    ? 'The service was interrupted, and it is not certain whether the change was made'
    : 'The service is temporarily unavailable, try again shortly'
}

/** Five characters, never without a digit: unlike EPIPE. */
const SQLSTATE = /^(?=.*\d)[0-9A-Z]{5}$/

/** The error itself where the statement is to blame. `phase` says what was going on when it came. */
export function explainFailure(error: unknown, phase: 'connect' | 'statement' | 'commit'): unknown {
  if (error instanceof DatabaseUnavailable) return error
  const code = errorCode(error)
  const sqlState = code !== undefined && SQLSTATE.test(code) ? code : undefined
  const reason = sqlState === undefined ? driverReason(error) : stateReason(sqlState)
  if (reason === undefined) return error
  const broke = reason === 'unreachable' || reason === 'timeout'
  return new DatabaseUnavailable(reason, { cause: error, mayHaveCommitted: phase === 'commit' && broke })
}

function stateReason(sqlState: string): UnavailableReason | undefined {
  return REASONS.get(sqlState) ?? (sqlState.startsWith('08') ? 'unreachable' : undefined)
}

/** What the socket says has a code of Node's (ECONNRESET, EPIPE, EAI_AGAIN …); what is thrown besides, a TypeError, say, is a mistake. */
function driverReason(error: unknown): UnavailableReason | undefined {
  if (/^E[A-Z_]+$/.test(errorCode(error) ?? '')) return 'unreachable'
  return DRIVER_MESSAGES.test(errorMessage(error)) ? 'unreachable' : undefined
}

/** pg and pg-pool have no codes for these; a test breaks connections in each of the ways. */
const DRIVER_MESSAGES =
  /^(Connection terminated|Connection ended unexpectedly|Client has encountered a connection error|Client was closed|timeout exceeded when trying to connect|Query read timeout|Cannot use a pool after calling end)/
