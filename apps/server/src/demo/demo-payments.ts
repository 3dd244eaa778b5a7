/**
 * A payment provider for the demo, as a service of its own on loopback, so that a call to it is one over the network: mostly quick, slow for
 * some orders, without an answer to the first request for a few, and it declines some. Always the same ones; it moves no money.
 */
import { createHash } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { correlate } from '@rustok/telemetry'
import Fastify from 'fastify'
import type { PaymentSettings, PaymentVerdict } from '../commerce/payment-provider.ts'

/** Of a hundred orders. */
const DECLINED = 5
const SLOW = 8
const FAILING_ONCE = 3

/** Keys whose first request had no answer; the oldest are forgotten, and then answered. */
const MAX_REMEMBERED = 10_000

export interface PaymentProvider {
  readonly settings: PaymentSettings | undefined
  close(): Promise<void>
}

/** Somebody's, which is not ours to close, or the demo's own. */
export async function paymentProvider(
  payments: PaymentSettings | 'demo' | undefined,
): Promise<PaymentProvider> {
  return payments === 'demo' ? openDemoPayments() : { settings: payments, close: async () => {} }
}

interface Asked {
  readonly merchant: string
  readonly order: string
  readonly customer?: string
}

async function openDemoPayments(): Promise<PaymentProvider> {
  const app = Fastify({ forceCloseConnections: true })
  const refused = new Set<string>()
  /** For whom it is asked: the spans of a real provider would say so in its own words. */
  const onBehalfOf = <T>({ merchant, customer }: Asked, work: () => T): T =>
    correlate({ tenantId: merchant, ...(customer !== undefined && { userId: customer }) }, work)

  app.post<{ Body: Asked }>('/authorisations', { schema: { body: ASKED } }, ({ body }, reply) =>
    onBehalfOf(body, async () => {
      const { delayMs, failsOnce, verdict } = demoVerdict(body.order)
      await setTimeout(delayMs)
      if (failsOnce && !refused.has(body.order)) {
        if (refused.size >= MAX_REMEMBERED) refused.delete([...refused.keys()][0]!)
        refused.add(body.order)
        return reply.code(503).send()
      }
      return verdict
    }),
  )
  app.post<{ Body: Asked }>('/releases', { schema: { body: ASKED } }, ({ body }, reply) =>
    onBehalfOf(body, () => reply.code(204).send()),
  )

  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  return { settings: { url: `http://127.0.0.1:${port}`, secret: undefined }, close: () => app.close() }
}

const ASKED = {
  type: 'object',
  required: ['merchant', 'order'],
  properties: { merchant: { type: 'string' }, order: { type: 'string' }, customer: { type: 'string' } },
}

export interface DemoVerdict {
  readonly delayMs: number
  readonly failsOnce: boolean
  readonly verdict: PaymentVerdict
}

/** Of the order alone, so that a request that comes again is answered as before, by whichever process. */
export function demoVerdict(order: string): DemoVerdict {
  const digest = createHash('sha256').update(`payment ${order}`).digest()
  const percentile = digest.readUInt32BE(0) % 100
  const jitter = digest.readUInt16BE(4)
  const slow = percentile >= DECLINED && percentile < DECLINED + SLOW
  return {
    delayMs: slow ? 300 + (jitter % 900) : 3 + (jitter % 15),
    failsOnce: percentile >= 100 - FAILING_ONCE,
    verdict:
      percentile < DECLINED
        ? { status: 'declined', reason: 'insufficient funds' }
        : { status: 'authorised', reference: `demo-${digest.toString('hex', 8, 16)}` },
  }
}
