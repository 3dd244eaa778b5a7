/** The part of the composition that servers and workers share: the event handlers of all domains, retention, and where their fate is told. */

import { orderConfirmationHandler } from './commerce/order-confirmation.ts'
import { paymentHandler } from './commerce/payment-handler.ts'
import type { PaymentSettings } from './commerce/payment-provider.ts'
import type { Config } from './config.ts'
import { contentStatsHandler } from './content/content-stats.ts'
import { contentSearchHandler } from './content/search-index.ts'
import type { OpenDatabase } from './db/open-database.ts'
import type { TenantDatabase } from './db/tenant-database.ts'
import { readTotals } from './db/totals.ts'
import { fraudCheckHandler } from './demo/fraud-check.ts'
import type { EventHandler } from './events/event-handler.ts'
import { Events, type EventsObserver } from './events/events.ts'
import { logMailer, webhookMailer } from './identity/password-mailer.ts'
import { passwordResetHandler } from './identity/password-reset-handler.ts'
import type { Logger } from './log.ts'
import type { ServerMetrics } from './metrics.ts'
import { Retention } from './retention.ts'

export interface EventsConfig
  extends Pick<Config, 'production' | 'demo' | 'nats' | 'webhook' | 'passwordReset'> {
  /** Without it, orders wait until somebody marks them as paid. */
  readonly payments: PaymentSettings | undefined
}

/** Nothing moves before `start()`. Throws a StartupError for settings that cannot be used. */
export function assembleEvents(
  config: EventsConfig,
  log: Logger,
  metrics: ServerMetrics,
  database: OpenDatabase,
  tenants: TenantDatabase,
): Events {
  const events = new Events({
    engine: database.access,
    tenants,
    nats: config.nats,
    observer: eventsObserver(log, metrics),
  })
  for (const handler of eventHandlers(config, log, metrics, tenants)) events.subscribe(handler)
  metrics.watchBacklog(() => events.backlog())
  metrics.watchPool(() => database.access.pool())
  metrics.watchTotals(readTotals(tenants))
  return events
}

/** The same list in every process: the relay publishes for all of them. */
function eventHandlers(
  { production, demo, webhook, payments, passwordReset }: EventsConfig,
  log: Logger,
  metrics: ServerMetrics,
  tenants: TenantDatabase,
): readonly EventHandler[] {
  const mailer =
    passwordReset === undefined
      ? logMailer(log, { showTokens: demo && !production })
      : webhookMailer(passwordReset)
  return [
    contentStatsHandler(),
    contentSearchHandler(),
    passwordResetHandler(tenants, mailer),
    ...(webhook === undefined ? [] : [orderConfirmationHandler(webhook)]),
    ...(payments === undefined ? [] : [paymentHandler(payments, metrics)]),
    ...(demo ? [fraudCheckHandler()] : []),
  ]
}

function eventsObserver(log: Logger, metrics: ServerMetrics): EventsObserver {
  return {
    delivered(event, handler, outcome, error) {
      metrics.eventDelivered(event.type, handler, outcome)
      const fields = { handler, event_type: event.type, event_id: event.id }
      if (outcome === 'failed') {
        log.warn({ ...fields, err: error }, 'event handler failed, and will be tried again')
      }
      if (outcome === 'dead') {
        log.error({ ...fields, err: error }, 'event handler failed for good: the event is a dead letter')
      }
    },
    stalled: (part, error) => log.error({ part, err: error }, 'events do not move on, and are kept'),
    resumed: (part) => log.info({ part }, 'events move on again'),
    refused: (handler, reason) =>
      log.error({ handler, reason }, 'a message at the broker is no event, and is put aside'),
  }
}

/** What is over goes where events are handled. */
export function assembleRetention(log: Logger, metrics: ServerMetrics, tenants: TenantDatabase): Retention {
  return new Retention(tenants, {
    swept(table, rows) {
      metrics.rowsSwept(table, rows)
      log.info({ table, rows }, 'rows were removed whose time was over')
    },
    failed: (error) => log.error({ err: error }, 'what is over cannot be removed, and is tried again'),
    recovered: () => log.info('what is over is removed again'),
  })
}
