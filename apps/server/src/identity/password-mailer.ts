/** How a token for a new password reaches its user: somebody's webhook sends the mail; in a demo it may stand in the log. */
import { sendWebhook, type WebhookSettings } from '../events/webhook.ts'
import type { Logger } from '../log.ts'

export interface ResetMail {
  /** Of this mail. */
  readonly id: string
  readonly tenantId: string
  /** An e-mail address. */
  readonly to: string
  readonly name: string
  readonly token: string
  readonly expiresAt: Date
}

export interface PasswordMailer {
  /** Rejects when it was not taken on: it is tried again. */
  sendReset(mail: ResetMail, signal: AbortSignal): Promise<void>
}

export function webhookMailer(settings: WebhookSettings): PasswordMailer {
  return {
    sendReset({ id, tenantId, to, name, token, expiresAt }, signal) {
      const data = { tenant: tenantId, to, name, token, expiresAt: expiresAt.toISOString() }
      const body = { type: 'identity.password_reset', timestamp: new Date().toISOString(), data }
      return sendWebhook(settings, { tenantId, id, body: JSON.stringify(body) }, signal)
    },
  }
}

/** Whoever can read the log of a demo on a developer's machine can do more than this; in any other, a token would be a way in. */
export function logMailer(log: Logger, { showTokens }: { readonly showTokens: boolean }): PasswordMailer {
  return {
    async sendReset({ to, token }) {
      if (showTokens) log.info(`a new password for ${to} can be set with: ${token}`)
      else log.warn('nobody sends mail for new passwords: RUSTOK_RESET_WEBHOOK_URL is not set')
    },
  }
}
