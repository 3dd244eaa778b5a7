/** The SQL of requests for new passwords. Each takes the tenant and names it in its `where`; called by the service and the handler of this folder. */
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Database } from '../db/schema.ts'

type Db = Kysely<Database>
type Trx = Transaction<Database>

export interface ResetRequest {
  readonly id: string
  /** As it was given. */
  readonly email: string
  /** When it is too late to send a token for it. */
  readonly expiresAt: Date
}

/** The same statement whether there is such a user or not, and such a tenant. False when there is no such tenant. */
export async function insertResetRequest(
  trx: Trx,
  tenantId: string,
  { id, email, expiresAt }: ResetRequest,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('password_resets')
    .columns(['tenant_id', 'id', 'email', 'expires_at'])
    .expression((eb) =>
      eb
        .selectFrom('tenants')
        .select([
          'tenants.id',
          sql<string>`${id}::uuid`.as('request'),
          sql<string>`${email}::text`.as('email'),
          sql<Date>`${expiresAt}::timestamptz`.as('expires_at'),
        ])
        .where('tenants.id', '=', tenantId),
    )
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}

export interface Addressee {
  readonly userId: string
  readonly name: string
  readonly email: string
}

/** Whom to send a token to; undefined for nobody: no such user, a disabled one, too late, or sent already. */
export async function findAddressee(db: Db, tenantId: string, id: string): Promise<Addressee | undefined> {
  const row = await db
    .selectFrom('password_resets as r')
    .innerJoin('users as u', (join) =>
      join.onRef('u.tenant_id', '=', 'r.tenant_id').on(sql<boolean>`lower(u.email) = lower(r.email)`),
    )
    .select(['u.id', 'u.name', 'u.email'])
    .where('r.tenant_id', '=', tenantId)
    .where('r.id', '=', id)
    .where('r.expires_at', '>', sql<Date>`now()`)
    .where('u.disabled_at', 'is', null)
    .executeTakeFirst()
  return row && { userId: row.id, name: row.name, email: row.email! }
}

/** Forgets the address: from here on the request is the user's, or nobody's. */
export async function closeRequest(
  trx: Trx,
  tenantId: string,
  id: string,
  issued?: { readonly userId: string; readonly tokenHash: Uint8Array; readonly expiresAt: Date },
): Promise<void> {
  await trx
    .updateTable('password_resets')
    .set({
      email: null,
      ...(issued && {
        user_id: issued.userId,
        token_hash: issued.tokenHash,
        expires_at: issued.expiresAt,
      }),
    })
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .execute()
}

/** Whose password a token may change; undefined when it may none. */
export async function findReset(
  db: Db,
  tenantId: string,
  { id, hash }: { readonly id: string; readonly hash: Uint8Array },
): Promise<string | undefined> {
  const row = await db
    .selectFrom('password_resets as r')
    .innerJoin('users as u', (join) =>
      join.onRef('u.tenant_id', '=', 'r.tenant_id').onRef('u.id', '=', 'r.user_id'),
    )
    .select('u.id')
    .where('r.tenant_id', '=', tenantId)
    .where('r.id', '=', id)
    .where('r.token_hash', '=', hash)
    .where('r.used_at', 'is', null)
    .where('r.expires_at', '>', sql<Date>`now()`)
    .where('u.disabled_at', 'is', null)
    .executeTakeFirst()
  return row?.id
}

/** False when somebody else was faster, with this token or another one of the user's. */
export async function useReset(trx: Trx, tenantId: string, id: string): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('password_resets')
    .set({ used_at: sql`now()`, expires_at: sql`now()` })
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .where('expires_at', '>', sql<Date>`now()`)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** Whoever has the password does not need them any more. */
export async function endResets(trx: Trx, tenantId: string, userId: string): Promise<void> {
  await trx
    .updateTable('password_resets')
    .set({ expires_at: sql`now()` })
    .where('tenant_id', '=', tenantId)
    .where('user_id', '=', userId)
    .where('expires_at', '>', sql<Date>`now()`)
    .execute()
}
