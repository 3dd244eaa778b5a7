/** The SQL of users. Each takes the tenant and names it in its `where`; called by the services of this folder alone. */
import type { Kysely, Selectable, Transaction } from 'kysely'
import type { Database, Role, UserTable } from '../db/schema.ts'
import { cursorOf } from '../domain/cursor.ts'
import type { PageStart } from '../domain/page.ts'
import { isUserId } from './user-id.ts'

export interface User {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly email: string | undefined
  readonly disabledAt: Date | undefined
}

/** Users come in the order of their ids, which may be any text. */
export const userCursor = cursorOf(
  'user',
  (id: string) => id,
  (text) => (isUserId(text) ? text : undefined),
)

const COLUMNS = ['id', 'name', 'role', 'email', 'disabled_at'] as const

function toUser(row: Pick<Selectable<UserTable>, (typeof COLUMNS)[number]>): User {
  const { id, name, role, email, disabled_at: disabledAt } = row
  return { id, name, role, email: email ?? undefined, disabledAt: disabledAt ?? undefined }
}

export async function findUsers(
  db: Kysely<Database>,
  tenantId: string,
  ids: readonly string[],
): Promise<User[]> {
  const rows = await db
    .selectFrom('users')
    .select(COLUMNS)
    .where('tenant_id', '=', tenantId)
    .where('id', 'in', ids)
    .execute()
  return rows.map(toUser)
}

/** By id; `after` is the last one of the page before. */
export async function listUsers(
  db: Kysely<Database>,
  tenantId: string,
  { limit, after }: PageStart<string>,
): Promise<User[]> {
  let query = db.selectFrom('users').select(COLUMNS).where('tenant_id', '=', tenantId)
  if (after !== undefined) query = query.where('id', '>', after)
  const rows = await query.orderBy('id').limit(limit).execute()
  return rows.map(toUser)
}

export async function countUsers(db: Kysely<Database>, tenantId: string): Promise<number> {
  const { count } = await db
    .selectFrom('users')
    .select((eb) => eb.cast<number>(eb.fn.countAll(), 'integer').as('count'))
    .where('tenant_id', '=', tenantId)
    .executeTakeFirstOrThrow()
  return count
}

export async function insertUser(
  trx: Transaction<Database>,
  tenantId: string,
  user: { readonly id: string; readonly name: string; readonly email: string; readonly role: Role },
): Promise<User> {
  const row = await trx
    .insertInto('users')
    .values({ tenant_id: tenantId, ...user })
    .returning(COLUMNS)
    .executeTakeFirstOrThrow()
  return toUser(row)
}

/** With all the tenant's active admins: who takes one away must know that another stays. Locked in the order of ids. */
export async function findUserAndAdminsForUpdate(
  trx: Transaction<Database>,
  tenantId: string,
  id: string,
): Promise<{ user: User | undefined; otherAdmins: number }> {
  const rows = await trx
    .selectFrom('users')
    .select(COLUMNS)
    .where('tenant_id', '=', tenantId)
    .where((eb) =>
      eb.or([eb('id', '=', id), eb.and([eb('role', '=', 'admin'), eb('disabled_at', 'is', null)])]),
    )
    .orderBy('id')
    .forUpdate()
    .execute()
  const user = rows.find((row) => row.id === id)
  return { user: user && toUser(user), otherAdmins: rows.filter((row) => row.id !== id).length }
}

export async function updateUser(
  trx: Transaction<Database>,
  tenantId: string,
  id: string,
  change: { readonly role: Role } | { readonly disabled_at: Date | null },
): Promise<User> {
  const row = await trx
    .updateTable('users')
    .set(change)
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .returning(COLUMNS)
    .executeTakeFirstOrThrow()
  return toUser(row)
}
