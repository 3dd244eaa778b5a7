/**
 * One attempt of one handler at one event: its span, its time limit, its transaction. Whoever has the delivery (`delivery-runner.ts`, or the
 * consumer of a broker) decides what a failure means.
 */
import type { TenantDatabase } from '../../db/tenant-database.ts'
import { told } from '../../telling/told.ts'
import { causedBy } from '../cause.ts'
import type { EventEnvelope } from '../envelope.ts'
import type { Delivery, EventHandler, HandlerUnit } from '../event-handler.ts'
import { type MessagingSystem, traceProcess } from '../messaging-spans.ts'
import { claim, wasHandled } from './delivery-table.ts'

class HandlerTimeout extends Error {
  override readonly name = 'HandlerTimeout'

  constructor(milliseconds: number) {
    super(told(`not done within ${milliseconds} ms`))
  }
}

export interface Attempt {
  readonly event: EventEnvelope
  readonly handler: EventHandler
  /** From 1. */
  readonly number: number
  readonly system: MessagingSystem
}

export type AttemptOutcome = 'handled' | 'duplicate'

/** Rejects with what the handler threw. `settled` is called inside the span, either way. */
export function attemptDelivery(
  tenants: TenantDatabase,
  { event, handler, number, system }: Attempt,
  settled: (outcome: AttemptOutcome | 'failed', error?: unknown) => void,
): Promise<AttemptOutcome> {
  return traceProcess(event, { system, handler: handler.name, attempt: number }, async () => {
    const timeout = new AbortController()
    const timer = setTimeout(() => timeout.abort(new HandlerTimeout(handler.timeoutMs)), handler.timeoutMs)
    const expired = rejection(timeout.signal)
    let outcome: AttemptOutcome | undefined
    let begun = false
    const transact = async <T>(work: (unit: HandlerUnit) => Promise<T>): Promise<T | undefined> => {
      if (begun) throw new Error(told('a delivery has one transaction'))
      begun = true
      let claimed = false
      const result = await tenants.transact(event.tenantid, handler.name, async ({ trx, emit }) => {
        // A transaction that begins after the time is over has nobody to wait for it.
        timeout.signal.throwIfAborted()
        const unit: HandlerUnit = { trx, emit, signal: timeout.signal }
        claimed = await claim(trx, handler.name, event.id)
        if (!claimed) return undefined
        // However long the handler goes on, its transaction ends with its time.
        const done = await Promise.race([work(unit), expired])
        timeout.signal.throwIfAborted()
        return done
      })
      outcome = claimed ? 'handled' : 'duplicate'
      return result
    }
    const delivery: Delivery = { attempt: number, signal: timeout.signal, transact }
    try {
      const before =
        handler.outside &&
        (await tenants.read(event.tenantid, (db) => wasHandled(db, handler.name, event.id)))
      if (!before) await causedBy(event, () => Promise.race([handler.handle(event, delivery), expired]))
      if (!begun) await transact(async () => {})
      settled(outcome!)
      return outcome!
    } catch (error) {
      settled('failed', error)
      throw error
    } finally {
      clearTimeout(timer)
    }
  })
}

/** Never resolves, and rejects with the signal's reason. */
function rejection(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  promise.catch(() => {})
  signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  return promise
}
