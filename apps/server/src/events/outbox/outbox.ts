/**
 * Where events wait for the bus, written in the transaction of what happened: both are there, or neither. `TenantDatabase` appends what a
 * transaction emitted, just before it commits.
 */
import type { Transaction } from 'kysely'
import type { Database } from '../../db/schema.ts'
import { told } from '../../telling/told.ts'
import { type EventDraft, orderKey } from '../envelope.ts'
import { traceCreation } from '../messaging-spans.ts'

/** NATS refuses messages above 1 MiB by default. An event says what happened; documents are read where they are stored. */
const MAX_ENVELOPE_BYTES = 256 * 1024

export interface Outbox {
  /** Rejects, and so rolls back, what is too large for the bus or belongs to another tenant than the transaction. */
  append(trx: Transaction<Database>, events: readonly EventDraft[]): Promise<void>
}

export const outbox: Outbox = {
  async append(trx, events) {
    const rows = events.map((event) => {
      const envelope = JSON.stringify(traceCreation(event))
      const bytes = Buffer.byteLength(envelope)
      if (bytes > MAX_ENVELOPE_BYTES) {
        throw new RangeError(
          told(`${event.type} has ${bytes} bytes, an event has at most ${MAX_ENVELOPE_BYTES}`),
        )
      }
      return { id: event.id, tenant_id: event.tenantid, key: orderKey(event), type: event.type, envelope }
    })
    if (rows.length > 0) await trx.insertInto('outbox').values(rows).execute()
  },
}
