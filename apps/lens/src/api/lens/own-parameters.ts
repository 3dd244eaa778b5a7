/** Takes a route's own parameters out of a query string; what is left are those of a search, which `searchParameters` judges. */

import { badParameter } from '../problem.ts'

export interface TakenParameters<Name extends string> {
  /** An empty value counts as absent. */
  readonly own: Partial<Record<Name, string>>
  readonly rest: Readonly<Record<string, unknown>>
}

/** Throws ProblemError for one of its own that is given twice. */
export function takeParameters<Name extends string>(
  query: unknown,
  names: readonly Name[],
): TakenParameters<Name> {
  const own: Partial<Record<Name, string>> = {}
  const rest: [string, unknown][] = []
  for (const [name, value] of Object.entries(query as Record<string, unknown>)) {
    const known = names.find((candidate) => candidate === name)
    if (known === undefined) rest.push([name, value])
    else if (typeof value !== 'string') throw badParameter(name, 'given more than once')
    else if (value !== '') own[known] = value
  }
  return { own, rest: Object.fromEntries(rest) }
}
