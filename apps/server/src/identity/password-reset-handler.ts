/**
 * Sends whoever has forgotten a password a token for a new one, if there is such a user. Only the mail has it: events and spans know
 * nothing of it, and the database its hash.
 */
import { correlate } from '@rustok/telemetry'
import type { TenantDatabase } from '../db/tenant-database.ts'
import { createHandler, type EventHandler, onDelivery } from '../events/event-handler.ts'
import { passwordResetRequested } from './identity-events.ts'
import { resetTokens } from './opaque-token.ts'
import type { PasswordMailer } from './password-mailer.ts'
import { closeRequest, findAddressee } from './password-reset-queries.ts'

/** From when it is sent: long enough for a slow mail server. */
const TOKEN_MS = 30 * 60_000

export function passwordResetHandler(tenants: TenantDatabase, mailer: PasswordMailer): EventHandler {
  const send = onDelivery(passwordResetRequested, async (event, { attempt, signal, transact }) => {
    const { tenantid: tenantId, data } = event
    const { requestId } = data
    const addressee = await tenants.read(tenantId, (db) => findAddressee(db, tenantId, requestId))
    if (addressee === undefined) {
      await transact(({ trx }) => closeRequest(trx, tenantId, requestId))
      return
    }
    const { userId, name, email } = addressee
    await correlate({ tenantId, userId }, async () => {
      // Each attempt has a token of its own, so it is another mail to whoever recognises repetitions; the last one that was sent holds.
      const { text: token, hash: tokenHash } = resetTokens.create(tenantId, requestId)
      const expiresAt = new Date(Date.now() + TOKEN_MS)
      const id = `${event.id}-${attempt}`
      await mailer.sendReset({ id, tenantId, to: email, name, token, expiresAt }, signal)
      await transact(({ trx }) => closeRequest(trx, tenantId, requestId, { userId, tokenHash, expiresAt }))
    })
  })
  return createHandler('password-reset', [send], { concurrency: 4 })
}
