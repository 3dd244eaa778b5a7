/**
 * Tells a tenant's own system of each order, by a webhook (RUSTOK_WEBHOOK_URL): where a shop sends its confirmation e-mails from. The
 * receiver gets the event itself, and its id to recognise one that it has seen before.
 */
import { createHandler, type EventHandler, onDelivery } from '../events/event-handler.ts'
import { sendWebhook, type WebhookSettings } from '../events/webhook.ts'
import { orderPlaced } from './commerce-events.ts'

export function orderConfirmationHandler(settings: WebhookSettings): EventHandler {
  const confirm = onDelivery(orderPlaced, async (event, { signal }) => {
    // The trace goes along in headers of its own.
    const { traceparent: _parent, tracestate: _state, ...told } = event
    const hook = { tenantId: event.tenantid, id: event.id, body: JSON.stringify(told) }
    await sendWebhook(settings, hook, signal)
  })
  return createHandler('order-confirmation', [confirm], { concurrency: 4 })
}
