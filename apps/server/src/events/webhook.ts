/**
 * Calls somebody's HTTP endpoint about an event, signed as Standard Webhooks has it, so that receivers have libraries to verify it with:
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
import { createHmac } from 'node:crypto'
import { request } from 'undici'
import { told } from '../telling/told.ts'

export interface WebhookSettings {
  /** `{tenant}` stands for the tenant's id. */
  readonly url: string
  readonly secret: string
}

export interface Webhook {
  readonly tenantId: string
  /** The same each time the same thing is told; receivers recognise repetitions by it. */
  readonly id: string
  readonly body: string
}

/** An answer tells success by its status alone; as much of it is read as keeps the connection usable. */
const MAX_ANSWER_BYTES = 16 * 1024

/** Each tenant's receiver has a key of its own, so that none can sign for another. */
export function webhookKey(secret: string, tenantId: string): Buffer {
  return createHmac('sha256', secret).update(`rustok webhook ${tenantId}`).digest()
}

export function signWebhook(key: Buffer, id: string, timestamp: number, body: string): string {
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
}

/** Rejects unless the receiver answers with a status of success. Redirects are none. */
export async function sendWebhook(
  settings: WebhookSettings,
  hook: Webhook,
  signal: AbortSignal,
): Promise<void> {
  const { tenantId, id, body } = hook
  const timestamp = Math.floor(Date.now() / 1_000)
  const response = await request(settings.url.replaceAll('{tenant}', encodeURIComponent(tenantId)), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signWebhook(webhookKey(settings.secret, tenantId), id, timestamp, body),
    },
    body,
    signal,
  })
  await response.body.dump({ limit: MAX_ANSWER_BYTES, signal })
  if (response.statusCode < 200 || response.statusCode > 299) {
    throw new Error(told(`the webhook's receiver answered with ${response.statusCode}`))
  }
}
