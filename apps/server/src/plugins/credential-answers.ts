/** What routes that take passwords and tokens have in common: how little they take, and how they refuse. Used by `sign-in.ts` and `passwords.ts`. */
import type { FastifyReply } from 'fastify'
import { PasswordQueueFull } from '../identity/passwords.ts'
import { type BodyError, checkBody, type StringField } from './body-fields.ts'
import { sendProblem } from './problems.ts'

/** A JSON object of three short strings. */
export const CREDENTIALS_ROUTE = { bodyLimit: 8 * 1_024 } as const

/** The longest address that SMTP delivers to has 254 characters (RFC 5321 section 4.5.3.1.3). */
export const EMAIL = { field: 'email', max: 254 } as const

/** Longer than a password may be, so that the wrong one is refused as that. */
export function passwordField<const Name extends string>(field: Name): StringField<Name> {
  return { field, max: 1_000 }
}

/** Ours have about 150 characters. */
export function tokenField<const Name extends string>(field: Name): StringField<Name> {
  return { field, max: 1_000 }
}

const PATIENCE_S = 5

/** Answers by `answer` with the fields of the body, or says what is wrong with them. */
export async function withFields<const Name extends string>(
  reply: FastifyReply,
  body: unknown,
  fields: readonly StringField<Name>[],
  answer: (values: Readonly<Record<Name, string>>) => Promise<FastifyReply>,
): Promise<FastifyReply> {
  const checked = checkBody(body, fields)
  if ('errors' in checked) return refuseFields(reply, checked.errors)
  try {
    return await answer(checked.values)
  } catch (error) {
    if (!(error instanceof PasswordQueueFull)) throw error
    const detail = 'Too many passwords to check at once'
    return sendProblem(reply.header('retry-after', PATIENCE_S), { status: 503, detail })
  }
}

export function refuseFields(reply: FastifyReply, errors: readonly BodyError[]): FastifyReply {
  return sendProblem(reply, {
    status: 400,
    kind: 'invalid-fields',
    detail: errors.map(({ message }) => message).join('; '),
    // As RFC 9457's own example: where in the document, and what.
    errors: errors.map(({ field, message }) => ({
      pointer: field === '' ? '#' : `#/${field}`,
      field,
      detail: message,
    })),
  })
}

export function refuseAttempt(reply: FastifyReply, retryAfterMs: number): FastifyReply {
  const seconds = Math.ceil(retryAfterMs / 1_000)
  return sendProblem(reply.header('retry-after', seconds), {
    status: 429,
    detail: `Too many attempts: try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}`,
  })
}
