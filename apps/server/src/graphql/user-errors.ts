/** What is in the `errors` of a mutation's payload: a service's refusal as a type that clients can match on. */
import type { Refusal } from '../domain/result.ts'
import { builder } from './builder.ts'

/** `More`: the kinds that a domain adds, each with a type that it implements (`UserErrorType`) and registers. */
export type UserErrorShape =
  | { readonly kind: 'invalid'; readonly field: string; readonly message: string }
  | { readonly kind: 'version_conflict'; readonly currentVersion: number; readonly message: string }
  | { readonly kind: 'not_found' | 'forbidden' | 'wrong_state'; readonly message: string }
  | DomainErrorShape

/** Of a domain's own; `typeName` is that of the GraphQL type, with `UserError` among its interfaces. */
export interface DomainErrorShape {
  readonly kind: 'domain'
  readonly typeName: string
  readonly message: string
}

const TYPE_NAMES = {
  invalid: 'InvalidInputError',
  not_found: 'NotFoundError',
  forbidden: 'ForbiddenError',
  version_conflict: 'VersionConflictError',
  wrong_state: 'WrongStateError',
} as const

export const UserErrorType = builder.interfaceRef<UserErrorShape>('UserError').implement({
  description: 'Why a mutation did nothing.',
  fields: (t) => ({ message: t.exposeString('message') }),
  resolveType: (error) => (error.kind === 'domain' ? error.typeName : TYPE_NAMES[error.kind]),
})

builder.objectRef<Extract<UserErrorShape, { kind: 'invalid' }>>(TYPE_NAMES.invalid).implement({
  description: 'The input cannot be used; one for each field with a mistake.',
  interfaces: [UserErrorType],
  fields: (t) => ({
    field: t.exposeString('field', { description: 'Of the input: `title`, `variants.0.price.currency`.' }),
  }),
})
builder.objectRef<UserErrorShape>(TYPE_NAMES.not_found).implement({
  description: 'There is no such thing in this tenant, or none that the user may know of.',
  interfaces: [UserErrorType],
})
builder.objectRef<UserErrorShape>(TYPE_NAMES.forbidden).implement({
  description: 'The user has not the permission for it.',
  interfaces: [UserErrorType],
})
builder
  .objectRef<Extract<UserErrorShape, { kind: 'version_conflict' }>>(TYPE_NAMES.version_conflict)
  .implement({
    description: 'Somebody else changed it since its version was read: read again, and decide again.',
    interfaces: [UserErrorType],
    fields: (t) => ({ currentVersion: t.exposeInt('currentVersion') }),
  })
builder.objectRef<UserErrorShape>(TYPE_NAMES.wrong_state).implement({
  description: 'Right in itself, but not in the state that the thing is in now.',
  interfaces: [UserErrorType],
})

/** The words are the operation's own: what was not found, who may do it. */
export function toUserErrors(
  refusal: Refusal,
  words: { readonly notFound: string; readonly forbidden: string },
): UserErrorShape[] {
  switch (refusal.kind) {
    case 'invalid':
      return refusal.errors.map((error) => ({ kind: 'invalid', ...error }))
    case 'not_found':
      return [{ kind: 'not_found', message: words.notFound }]
    case 'forbidden':
      return [{ kind: 'forbidden', message: words.forbidden }]
    case 'version_conflict': {
      const { currentVersion } = refusal
      return [
        { kind: 'version_conflict', currentVersion, message: `It is at version ${currentVersion} by now` },
      ]
    }
    case 'wrong_state':
      return [{ kind: 'wrong_state', message: refusal.message }]
  }
}
