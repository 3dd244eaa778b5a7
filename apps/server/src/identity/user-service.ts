/** What admins do with the users of their tenant: list, create, change the role, disable and enable. Each change is an event. */
import { randomUUIDv7 } from 'node:crypto'
import { tracedSpan } from '@rustok/telemetry'
import { ROLES, type Role } from '../db/schema.ts'
import type { TenantDatabase, UnitOfWork } from '../db/tenant-database.ts'
import { type Page, type PageRequest, startOf, toPage } from '../domain/page.ts'
import { invalid, invalidFields, type Result } from '../domain/result.ts'
import { errorCode } from '../errors.ts'
import { draftEvent } from '../events/envelope.ts'
import { roleChanged, userCreated, userDisabled, userEnabled } from './identity-events.ts'
import type { PasswordHasher } from './passwords.ts'
import { type Permission, permits } from './permissions.ts'
import type { Principal } from './principal.ts'
import { replaceHash, revokeSessions } from './session-queries.ts'
import { isUserId } from './user-id.ts'
import { type NewUser, validateNewUser } from './user-input.ts'
import {
  countUsers,
  findUserAndAdminsForUpdate,
  insertUser,
  listUsers,
  type User,
  updateUser,
  userCursor,
} from './user-queries.ts'

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const UNIQUE_VIOLATION = '23505'

interface Found {
  readonly unit: UnitOfWork
  readonly user: User
  /** Active ones besides this user. */
  readonly otherAdmins: number
}

export class UserService {
  readonly #database: TenantDatabase
  readonly #passwords: PasswordHasher

  constructor(database: TenantDatabase, passwords: PasswordHasher) {
    this.#database = database
    this.#passwords = passwords
  }

  users(principal: Principal, page: PageRequest): Promise<Result<Page<User>>> {
    return this.#permitted(principal, 'identity:read', 'identity.users', async () => {
      const checked = startOf(page, userCursor)
      if ('errors' in checked) return invalidFields(checked.errors)
      const { tenantId } = principal
      const found = await this.#database.read(tenantId, (db) => listUsers(db, tenantId, checked.start))
      return { value: toPage(found, page.first, userCursor, ({ id }) => id) }
    })
  }

  /** 0 where `users` refuses. */
  async countUsers(principal: Principal): Promise<number> {
    const { tenantId } = principal
    const { value = 0 } = await this.#permitted(
      principal,
      'identity:read',
      'identity.countUsers',
      async () => ({
        value: await this.#database.read(tenantId, (db) => countUsers(db, tenantId)),
      }),
    )
    return value
  }

  createUser(principal: Principal, input: NewUser): Promise<Result<User>> {
    return this.#permitted(principal, 'identity:manage', 'identity.createUser', async () => {
      const checked = validateNewUser(input)
      if ('errors' in checked) return { refusal: { kind: 'invalid', errors: checked.errors } }
      const { name, email, role, password } = checked.user
      const { tenantId } = principal
      const hash = await this.#passwords.hash(password)
      const id = randomUUIDv7()
      try {
        const value = await this.#database.transact(
          tenantId,
          'identity.createUser',
          async ({ trx, emit }) => {
            const user = await insertUser(trx, tenantId, { id, name, email, role })
            await replaceHash(trx, tenantId, id, hash)
            emit(draftEvent(userCreated, principal, id, { userId: id, role }))
            return user
          },
          { repeatable: true },
        )
        return { value }
      } catch (error) {
        if (errorCode(error) !== UNIQUE_VIOLATION) throw error
        return invalid('email', 'email belongs to another user of this tenant')
      }
    })
  }

  changeRole(principal: Principal, id: string, role: Role): Promise<Result<User>> {
    return this.#change(principal, id, 'identity.changeRole', async ({ unit, user, otherAdmins }) => {
      if (!ROLES.includes(role)) return invalid('role', `role must be one of ${ROLES.join(', ')}`)
      if (user.role === role) return { value: user }
      if (isLastAdmin(user, otherAdmins)) return invalid('role', 'role of the last admin cannot change')
      const value = await updateUser(unit.trx, principal.tenantId, id, { role })
      unit.emit(draftEvent(roleChanged, principal, id, { userId: id, from: user.role, to: role }))
      return { value }
    })
  }

  /** Ends the user's sessions as well; the tokens of the demo and of scripts find nobody from the next request on. */
  disableUser(principal: Principal, id: string): Promise<Result<User>> {
    return this.#change(principal, id, 'identity.disableUser', async ({ unit, user, otherAdmins }) => {
      if (user.disabledAt !== undefined) return { value: user }
      if (isLastAdmin(user, otherAdmins)) return invalid('id', 'the last admin cannot be disabled')
      const { tenantId } = principal
      const value = await updateUser(unit.trx, tenantId, id, { disabled_at: new Date() })
      await revokeSessions(unit.trx, tenantId, { userId: id })
      unit.emit(draftEvent(userDisabled, principal, id, { userId: id }))
      return { value }
    })
  }

  enableUser(principal: Principal, id: string): Promise<Result<User>> {
    return this.#change(principal, id, 'identity.enableUser', async ({ unit, user }) => {
      if (user.disabledAt === undefined) return { value: user }
      const value = await updateUser(unit.trx, principal.tenantId, id, { disabled_at: null })
      unit.emit(draftEvent(userEnabled, principal, id, { userId: id }))
      return { value }
    })
  }

  #change(
    principal: Principal,
    id: string,
    purpose: string,
    work: (found: Found) => Promise<Result<User>>,
  ): Promise<Result<User>> {
    return this.#permitted(principal, 'identity:manage', purpose, async () => {
      if (!isUserId(id)) return { refusal: { kind: 'not_found' } }
      return this.#database.transact(
        principal.tenantId,
        purpose,
        async (unit) => {
          const { user, otherAdmins } = await findUserAndAdminsForUpdate(unit.trx, principal.tenantId, id)
          if (user === undefined) return { refusal: { kind: 'not_found' } }
          return work({ unit, user, otherAdmins })
        },
        { repeatable: true },
      )
    })
  }

  #permitted<T>(
    principal: Principal,
    permission: Permission,
    span: string,
    run: () => Promise<Result<T>>,
  ): Promise<Result<T>> {
    return tracedSpan(
      span,
      {},
      async (): Promise<Result<T>> =>
        permits(principal, permission) ? run() : { refusal: { kind: 'forbidden' } },
    )
  }
}

function isLastAdmin(user: User, otherAdmins: number): boolean {
  return user.role === 'admin' && user.disabledAt === undefined && otherAdmins === 0
}
