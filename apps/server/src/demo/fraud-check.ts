/**
 * A service that a real platform would call for each order, as seen from its callers: slow for some, out of order for a few, always the
 * same ones. In the demo there is therefore something slow, something failing and a dead letter to be found.
 */
import { createHash } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { orderPlaced } from '../commerce/commerce-events.ts'
import { createHandler, type EventHandler, onDelivery } from '../events/event-handler.ts'
import { told } from '../telling/told.ts'

/** Of a hundred orders, so many are looked at for long, and so many end in an error each time. */
const SLOW = 12
const FAILING = 8

export type FraudVerdict = { readonly delayMs: number; readonly fails: boolean }

export function fraudVerdict(orderId: string): FraudVerdict {
  const digest = createHash('sha256').update(orderId).digest()
  const percentile = digest.readUInt32BE(0) % 100
  const delayMs =
    percentile < SLOW ? 600 + (digest.readUInt16BE(4) % 1_400) : 5 + (digest.readUInt16BE(4) % 20)
  return { delayMs, fails: percentile >= 100 - FAILING }
}

export function fraudCheckHandler(): EventHandler {
  const check = onDelivery(orderPlaced, async ({ subject }, { signal }) => {
    const { delayMs, fails } = fraudVerdict(subject)
    await setTimeout(delayMs, undefined, { signal })
    if (fails) throw new Error(told('the fraud check has no answer: upstream returned 503'))
  })
  return createHandler('fraud-check', [check], { concurrency: 4, maxAttempts: 4 })
}
