/** The SQL of sign-ins and sessions. Each takes the tenant and names it in its `where`; called by `SessionService` alone. */
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Database } from '../db/schema.ts'

/** A user signs in on so many devices; the next sign-in ends the session that was idle longest. */
const MAX_SESSIONS = 20

export interface Credential {
  readonly userId: string
  readonly passwordHash: string
  readonly disabled: boolean
}

export async function findCredential(
  db: Kysely<Database>,
  tenantId: string,
  email: string,
): Promise<Credential | undefined> {
  const row = await db
    .selectFrom('users')
    .innerJoin('credentials', (join) =>
      join
        .onRef('credentials.tenant_id', '=', 'users.tenant_id')
        .onRef('credentials.user_id', '=', 'users.id'),
    )
    .select(['users.id', 'users.disabled_at', 'credentials.password_hash'])
    .where('users.tenant_id', '=', tenantId)
    .where(sql<boolean>`lower(users.email) = lower(${email})`)
    .executeTakeFirst()
  return row && { userId: row.id, passwordHash: row.password_hash, disabled: row.disabled_at !== null }
}

/** Of the user's password, if they have one. */
export async function findPasswordHash(
  db: Kysely<Database>,
  tenantId: string,
  userId: string,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('credentials')
    .select('password_hash')
    .where('tenant_id', '=', tenantId)
    .where('user_id', '=', userId)
    .executeTakeFirst()
  return row?.password_hash
}

/** False when it is not `from` any more. */
export async function exchangeHash(
  trx: Transaction<Database>,
  tenantId: string,
  userId: string,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('credentials')
    .set({ password_hash: to, changed_at: sql`now()` })
    .where('tenant_id', '=', tenantId)
    .where('user_id', '=', userId)
    .where('password_hash', '=', from)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

export async function replaceHash(
  trx: Transaction<Database>,
  tenantId: string,
  userId: string,
  passwordHash: string,
): Promise<void> {
  await trx
    .insertInto('credentials')
    .values({ tenant_id: tenantId, user_id: userId, password_hash: passwordHash })
    .onConflict((conflict) =>
      conflict
        .columns(['tenant_id', 'user_id'])
        .doUpdateSet({ password_hash: passwordHash, changed_at: sql`now()` }),
    )
    .execute()
}

export interface NewSession {
  readonly id: string
  readonly userId: string
  readonly tokenHash: Uint8Array
  readonly expiresAt: Date
}

/** And clears away what is left of the user's earlier ones. */
export async function insertSession(
  trx: Transaction<Database>,
  tenantId: string,
  { id, userId, tokenHash, expiresAt }: NewSession,
): Promise<void> {
  await trx
    .deleteFrom('sessions')
    .where('tenant_id', '=', tenantId)
    .where('user_id', '=', userId)
    .where((eb) =>
      eb.or([
        eb('expires_at', '<', sql<Date>`now()`),
        eb(
          'id',
          'in',
          eb
            .selectFrom('sessions as newer')
            .select('newer.id')
            .where('newer.tenant_id', '=', tenantId)
            .where('newer.user_id', '=', userId)
            .orderBy('newer.refreshed_at', 'desc')
            .offset(MAX_SESSIONS - 1),
        ),
      ]),
    )
    .execute()
  await trx
    .insertInto('sessions')
    .values({
      tenant_id: tenantId,
      id,
      user_id: userId,
      token_hash: tokenHash,
      expires_at: expiresAt,
    })
    .execute()
}

export interface OpenSession {
  readonly userId: string
  readonly tokenHash: Uint8Array
  readonly createdAt: Date
}

/** Locked, so that of two refreshes with one token the second finds it used. Undefined when it is over, or its user disabled. */
export async function findSessionForUpdate(
  trx: Transaction<Database>,
  tenantId: string,
  id: string,
): Promise<OpenSession | undefined> {
  const row = await trx
    .selectFrom('sessions')
    .innerJoin('users', (join) =>
      join.onRef('users.tenant_id', '=', 'sessions.tenant_id').onRef('users.id', '=', 'sessions.user_id'),
    )
    .select(['sessions.user_id', 'sessions.token_hash', 'sessions.created_at'])
    .where('sessions.tenant_id', '=', tenantId)
    .where('sessions.id', '=', id)
    .where('sessions.revoked_at', 'is', null)
    .where('sessions.expires_at', '>', sql<Date>`now()`)
    .where('users.disabled_at', 'is', null)
    .forUpdate('sessions')
    .executeTakeFirst()
  return row && { userId: row.user_id, tokenHash: row.token_hash, createdAt: row.created_at }
}

export async function renewSession(
  trx: Transaction<Database>,
  tenantId: string,
  { id, tokenHash, expiresAt }: Omit<NewSession, 'userId'>,
): Promise<void> {
  await trx
    .updateTable('sessions')
    .set({ token_hash: tokenHash, expires_at: expiresAt, refreshed_at: sql`now()` })
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .execute()
}

/** With `userId`, all of that user's but `except`. What is over may be swept, by and by. */
export async function revokeSessions(
  trx: Transaction<Database>,
  tenantId: string,
  of: { readonly id: string } | { readonly userId: string; readonly except?: string | undefined },
): Promise<void> {
  const query = trx
    .updateTable('sessions')
    .set({ revoked_at: sql`now()`, expires_at: sql`least(expires_at, now())` })
    .where('tenant_id', '=', tenantId)
    .where('revoked_at', 'is', null)
  if ('id' in of) {
    await query.where('id', '=', of.id).execute()
    return
  }
  const { userId, except } = of
  const all = query.where('user_id', '=', userId)
  await (except === undefined ? all : all.where('id', '!=', except)).execute()
}
