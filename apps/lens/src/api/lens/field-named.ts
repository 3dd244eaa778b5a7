/** A parameter that is a field's name, as the query language names it. */

import { type Field, parseFieldName } from '../../query/language/parse-field.ts'
import { QuerySyntaxError } from '../../query/language/syntax-error.ts'
import { badParameter } from '../problem.ts'

/** Throws ProblemError. */
export function fieldNamed(name: string, parameter: string): Field {
  try {
    return parseFieldName(name)
  } catch (error) {
    if (!(error instanceof QuerySyntaxError)) throw error
    const { message, column, length } = error
    throw badParameter(parameter, message, { column, length })
  }
}
