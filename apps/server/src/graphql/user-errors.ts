/** What is in the `errors` of a mutation's payload: a service's refusal as a type that clients can match on. */
import type { Refusal } from '../domain/result.ts'
import { builder } from './builder.ts'

export type UserErrorShape =
  | { readonly kind: 'invalid'; readonly field: string; readonly message: string }
  | { readonly kind: 'not_found' | 'forbidden'; readonly message: string }

export const UserErrorType = builder.interfaceRef<UserErrorShape>('UserError').implement({
  description: 'Why a mutation did nothing.',
  fields: (t) => ({ message: t.exposeString('message') }),
  resolveType: (error) => {
    if (error.kind === 'invalid') return 'InvalidInputError'
    return error.kind === 'not_found' ? 'NotFoundError' : 'ForbiddenError'
  },
})

builder.objectRef<Extract<UserErrorShape, { kind: 'invalid' }>>('InvalidInputError').implement({
  interfaces: [UserErrorType],
  fields: (t) => ({ field: t.exposeString('field', { description: 'Of the input.' }) }),
})
builder.objectRef<UserErrorShape>('NotFoundError').implement({ interfaces: [UserErrorType] })
builder.objectRef<UserErrorShape>('ForbiddenError').implement({ interfaces: [UserErrorType] })

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
  }
}
