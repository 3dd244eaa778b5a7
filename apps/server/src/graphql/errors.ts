/** GraphQL errors with the codes that clients switch on; everything else that is thrown is masked. */
import { GraphQLError } from 'graphql'
import type { FieldError } from '../domain/result.ts'
import { told } from '../telling/told.ts'

/** Arguments of a query that cannot be answered; mutations have typed errors in their payloads instead. */
export function badInput(errors: readonly FieldError[]): GraphQLError {
  return new GraphQLError(errors.map((error) => error.message).join('; '), {
    extensions: { code: 'BAD_USER_INPUT', fields: errors.map((error) => error.field) },
  })
}

/** A query that needs a permission; mutations have ForbiddenError in their payloads instead. */
export function forbidden(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'FORBIDDEN' } })
}

/** A document that is refused before it is executed: 400, or 200 for clients of plain JSON, as GraphQL over HTTP has it. */
export function limitExceeded(limit: string, max: number, found: number): GraphQLError {
  const shown = Number.isFinite(found) ? String(found) : 'more than can be counted'
  return new GraphQLError(told(`The document exceeds the ${limit} limit of ${max}: it has ${shown}`), {
    extensions: { code: 'LIMIT_EXCEEDED', limit, max, http: { status: 400, spec: true } },
  })
}
