/**
 * Tells who listens that a request's statement runs, as libraries do: on a diagnostics channel, so that nothing here knows of tracing, and a channel without
 * subscribers costs a branch. self-tracing.ts subscribes.
 */

import { tracingChannel } from 'node:diagnostics_channel'
import type { QueryRows } from './engine.ts'

export interface StatementMessage {
  /** With placeholders: values are bound, and not in it. */
  readonly statement: string
  /** Milliseconds for which it waited its turn. */
  readonly waitedMs: number
  /** When it is done, one of both. */
  readonly result?: Answered
  readonly error?: unknown
}

/** Rows, or of columns how many there are. */
export type Answered =
  | Pick<QueryRows<unknown>, 'rows' | 'read'>
  | { readonly rows: number; readonly read?: never }

export const statementChannel = tracingChannel<StatementMessage, StatementMessage>('rustok-lens.statement')

/** Runs `work`, which is that statement. */
export function announced<Answer extends Answered>(
  message: StatementMessage,
  work: () => Promise<Answer>,
): Promise<Answer> {
  return statementChannel.hasSubscribers ? statementChannel.tracePromise(work, message) : work()
}
