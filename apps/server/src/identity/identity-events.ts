/** What identity tells the rest of the platform. No names and addresses: whoever needs those asks for them. */
import type { Role } from '../db/schema.ts'
import { defineEvent } from '../events/envelope.ts'

const SOURCE = 'rustok-server/identity'

export interface UserCreated {
  readonly userId: string
  readonly role: Role
}

export interface RoleChanged {
  readonly userId: string
  readonly from: Role
  readonly to: Role
}

export interface UserSwitched {
  readonly userId: string
}

/** Who it is for is in the request, whose address nobody else needs. */
export interface PasswordResetRequested {
  readonly requestId: string
}

export interface PasswordChanged {
  readonly userId: string
  /** By who had the old one, or by who reads the user's mail. */
  readonly by: 'change' | 'reset'
}

export const userCreated = defineEvent<UserCreated>('identity.user.created', SOURCE)
export const roleChanged = defineEvent<RoleChanged>('identity.user.role_changed', SOURCE)
export const userDisabled = defineEvent<UserSwitched>('identity.user.disabled', SOURCE)
export const userEnabled = defineEvent<UserSwitched>('identity.user.enabled', SOURCE)
export const passwordResetRequested = defineEvent<PasswordResetRequested>(
  'identity.password_reset.requested',
  SOURCE,
)
export const passwordChanged = defineEvent<PasswordChanged>('identity.user.password_changed', SOURCE)
