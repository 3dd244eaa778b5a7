/**
 * What a shop asks of its payment provider, over HTTP: to authorise the payment of an order, and to release what it holds or took for one.
 * Both may be asked again and again with the same `Idempotency-Key` and have one effect
 * (https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/). Called by the event handler in `payment-handler.ts`.
 *
 *   POST <url>/authorisations  { merchant, order, customer, amountMinor, currency }
 *     2xx { status: "authorised", reference } or { status: "declined", reason }
 *   POST <url>/releases        { merchant, order }
 *     2xx, also when there is nothing to release
 *
 * Any other answer says nothing about the payment: it is asked for again.
 */
import { request } from 'undici'
import { told } from '../telling/told.ts'

export interface PaymentSettings {
  /** Of the provider's API; `{tenant}` stands for the tenant's id. */
  readonly url: string
  /** Sent as a bearer token. */
  readonly secret: string | undefined
}

export interface Payment {
  /** The tenant whose shop it is. */
  readonly merchant: string
  readonly order: string
  readonly customer: string
  /** In the currency's smallest unit. */
  readonly amountMinor: number
  readonly currency: string
}

export type PaymentVerdict =
  | { readonly status: 'authorised'; readonly reference: string }
  | { readonly status: 'declined'; readonly reason: string }

const MAX_ANSWER_BYTES = 16 * 1024
/** Of a reference or a reason, in characters: they are stored, and shown. */
const MAX_TEXT = 200

/** Rejects when the provider gave no verdict. */
export async function authorisePayment(
  settings: PaymentSettings,
  payment: Payment,
  signal: AbortSignal,
): Promise<PaymentVerdict> {
  const key = `authorise-${payment.order}`
  const verdict = toVerdict(await ask(settings, '/authorisations', payment, key, signal))
  if (verdict === undefined) throw new Error(told("the payment provider's answer is no verdict"))
  return verdict
}

/** Resolves when the provider holds nothing for the order any more. `key` is of this wish: another one may find something new to release. */
export async function releasePayment(
  settings: PaymentSettings,
  payment: Pick<Payment, 'merchant' | 'order'>,
  key: string,
  signal: AbortSignal,
): Promise<void> {
  await ask(settings, '/releases', payment, `release-${key}`, signal)
}

async function ask(
  { url, secret }: PaymentSettings,
  path: string,
  body: { readonly merchant: string },
  idempotencyKey: string,
  signal: AbortSignal,
): Promise<string> {
  const base = url.replaceAll('{tenant}', encodeURIComponent(body.merchant)).replace(/\/+$/, '')
  const response = await request(base + path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'idempotency-key': idempotencyKey,
      ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }),
    },
    body: JSON.stringify(body),
    signal,
  })
  const { statusCode } = response
  if (statusCode < 200 || statusCode > 299) {
    await response.body.dump({ limit: MAX_ANSWER_BYTES, signal })
    throw new Error(told(`the payment provider answered with ${statusCode}`))
  }
  return readText(response.body)
}

/** Leaving the loop early destroys the stream, and with it the connection of whoever sends without end. */
async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > MAX_ANSWER_BYTES) throw new Error(told("the payment provider's answer is too long"))
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function toVerdict(text: string): PaymentVerdict | undefined {
  const { status, reference, reason } = toFields(text)
  if (status === 'authorised' && isText(reference)) return { status, reference }
  if (status === 'declined' && isText(reason)) return { status, reason }
  return undefined
}

function toFields(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

function isText(value: unknown): value is string {
  if (typeof value !== 'string' || value === '' || value.length > MAX_TEXT) return false
  return value.isWellFormed() && !value.includes('\0')
}
