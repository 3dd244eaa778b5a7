/** What a user may be called, and the messages for what not; pure. */
import { ROLES, type Role } from '../db/schema.ts'
import type { FieldError } from '../domain/result.ts'
import { MAX_PASSWORD, MIN_PASSWORD } from './passwords.ts'

export const MAX_NAME = 100
/** The longest address that SMTP delivers to (RFC 5321 section 4.5.3.1.3). */
export const MAX_EMAIL = 254

export interface NewUser {
  readonly name: string
  readonly email: string
  readonly role: Role
  readonly password: string
}

/** Whether an address exists is known to its mail server alone; this keeps out what is none. */
const EMAIL = /^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u

/** The input as it will be stored (names and addresses are trimmed), or everything that is wrong with it. */
export function validateNewUser(input: NewUser): { user: NewUser } | { errors: readonly FieldError[] } {
  const user = { ...input, name: input.name.trim(), email: input.email.trim() }
  const errors: FieldError[] = []
  const wrong = (field: string, message: string) => errors.push({ field, message: `${field} ${message}` })

  for (const field of ['name', 'email'] as const) {
    if (user[field].includes('\0') || !user[field].isWellFormed()) wrong(field, 'must be well-formed text')
  }
  const length = [...user.name].length
  if (length === 0) wrong('name', 'must not be empty')
  if (length > MAX_NAME) wrong('name', `must have at most ${MAX_NAME} characters, it has ${length}`)
  if (user.email.length > MAX_EMAIL) wrong('email', `must have at most ${MAX_EMAIL} characters`)
  else if (!EMAIL.test(user.email)) wrong('email', 'must be an e-mail address')
  if (!ROLES.includes(user.role)) wrong('role', `must be one of ${ROLES.join(', ')}`)
  errors.push(...checkPassword('password', user.password))
  return errors.length > 0 ? { errors } : { user }
}

/** Length is what counts (NIST SP 800-63B section 3.1.1.2). */
export function checkPassword(field: string, password: string): FieldError[] {
  const wrong = (message: string) => ({ field, message: `${field} ${message}` })
  const characters = [...password].length
  if (password.includes('\0') || !password.isWellFormed()) return [wrong('must be well-formed text')]
  if (characters < MIN_PASSWORD) return [wrong(`must have at least ${MIN_PASSWORD} characters`)]
  if (characters > MAX_PASSWORD) return [wrong(`must have at most ${MAX_PASSWORD} characters`)]
  return []
}
